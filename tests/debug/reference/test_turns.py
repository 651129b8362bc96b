"""A function that calls back is asked for one call at a time."""

import threading
from collections.abc import Callable

import pytest

from debug.reference.turns import turns


def test_the_function_goes_on_only_when_the_next_is_asked_for():
    done = []

    def work(hand_over: Callable[[int], None]) -> None:
        for number in range(3):
            done.append(number)
            hand_over(number)

    run = turns(work)
    assert done == []
    assert next(run) == 0
    assert done == [0]
    assert list(run) == [1, 2]


def test_what_it_raises_is_raised_where_it_is_asked():
    def work(hand_over: Callable[[int], None]) -> None:
        hand_over(1)
        raise ValueError("no more")

    run = turns(work)
    assert next(run) == 1
    with pytest.raises(ValueError, match="no more"):
        next(run)


def test_closing_it_ends_the_function_from_within_and_its_thread():
    ended = []

    def work(hand_over: Callable[[int], None]) -> None:
        try:
            for number in range(9):
                hand_over(number)
        finally:
            ended.append(True)

    before = threading.active_count()
    run = turns(work)
    next(run)
    run.close()
    assert ended == [True]
    assert threading.active_count() == before


def test_two_take_turns():
    def counting(hand_over: Callable[[int], None]) -> None:
        for number in range(4):
            hand_over(number)

    assert list(zip(turns(counting), turns(counting), strict=True)) == [
        (n, n) for n in range(4)
    ]
