"""What was put last is there, and no more than there is room for."""

from debug.measure.recent import Recent


def test_the_oldest_are_forgotten():
    recent = Recent[int, str](most=3)
    for number in range(5):
        recent[number] = str(number)
    assert dict(recent) == {2: "2", 3: "3", 4: "4"}


def test_a_result_that_is_put_again_takes_no_more_room():
    recent = Recent[int, str](most=2)
    for number in (1, 2, 2, 2):
        recent[number] = str(number)
    assert list(recent) == [1, 2]
