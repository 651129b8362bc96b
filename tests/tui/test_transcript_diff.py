import pytest

from tui.transcript_diff import aligned, word_differences, words_by_segment


@pytest.mark.parametrize(
    ("other", "count"),
    [
        ("one two three", 0),
        ("one too three", 1),
        ("one three", 1),
        ("one two and three", 1),
        ("", 3),
        ("three two one", 2),
    ],
)
def test_words_are_counted_by_the_fewest_edits(other, count):
    assert word_differences("one two three", other) == count


def marked(reference: str, other: str) -> list[str]:
    """Each place as text, what differs in brackets."""
    places = aligned(reference.split(), other.split())
    return [
        " ".join(f"[{word.text}]" if word.differs else word.text for word in place)
        for place in places
    ]


def test_equal_words_stand_beside_each_other():
    assert marked("a b c", "a b c") == ["a", "b", "c"]


def test_a_replaced_word_stands_in_the_place_of_the_other():
    assert marked("a b c", "a x c") == ["a", "[x]", "c"]


def test_a_word_that_is_missing_leaves_an_empty_place():
    assert marked("a b c", "a c") == ["a", "[]", "c"]


def test_an_inserted_word_stands_with_the_one_before_it():
    assert marked("a b", "a x b") == ["a [x]", "b"]
    assert marked("a b", "x a b") == ["[x] a", "b"]


def test_words_against_silence_are_all_inserted():
    assert marked("", "a b") == ["[a] [b]"]
    assert marked("a b", "") == ["[]", "[]"]


def test_a_word_belongs_to_the_segment_that_it_begins_in():
    assert words_by_segment([" one two", " three fo", "ur five"]) == [
        ["one", "two"],
        ["three", "four"],
        ["five"],
    ]


def test_a_transcript_without_segments_is_one_empty_line():
    assert words_by_segment([]) == [[]]
    assert words_by_segment(["", " a"]) == [[], ["a"]]
