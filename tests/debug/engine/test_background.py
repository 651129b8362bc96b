"""The list of idle jobs, with jobs that do nothing but count."""

from debug.engine.background import Background, Generation
from debug.engine.jobs import FindCauses
from debug.pause import Interrupted, go_on
from debug.protocol.messages import Message, NotPossible, Working


class Pieces:
    """A job of as many pieces as the layers up to a position, or fewer."""

    def __init__(self, name: str, count: int, error: Exception | None = None) -> None:
        self.name, self.count, self.error = name, count, error
        self.generations: list[int] = []
        self.done = 0

    def begin(self, generation: Generation) -> None:
        self.generations.append(generation.number)
        self.done = 0

    def left(self, position: int) -> int:
        return max(min(position + 1, self.count) - self.done, 0)

    def do_one(self) -> None:
        if isinstance(self.error, Interrupted):
            raise self.error
        self.done += 1
        if self.error is not None:
            raise self.error


def background(*jobs: Pieces) -> tuple[Background, list[Message]]:
    events: list[Message] = []
    return Background(jobs, events.append), events


def test_the_first_job_with_something_left_goes_on():
    first, second = Pieces("first", 1), Pieces("second", 2)
    work, _ = background(first, second)
    counts = []
    for _ in range(3):
        work.go_on(5)
        counts.append((first.done, second.done))
    assert counts == [(1, 0), (1, 1), (1, 2)]


def test_an_earlier_job_that_has_something_again_comes_before_a_later_one():
    first, second = Pieces("first", 2), Pieces("second", 2)
    work, events = background(first, second)
    for position in (0, 0, 1):
        work.go_on(position)
    named = [event.job for event in events if isinstance(event, Working)]
    assert named == ["first", "second", "first"]


def test_each_piece_is_named_before_it_is_done_with_what_there_is_of_it():
    work, events = background(Pieces("counting", 3))
    for _ in range(3):
        work.go_on(5)
    assert events == [Working("counting", n, 3) for n in (1, 2, 3)]


def test_what_was_interrupted_is_left_and_nothing_is_said_of_it():
    job = Pieces("slow", 2, Interrupted())
    work, events = background(job, Pieces("later", 1))
    work.go_on(5)
    assert not work.settled(5)
    job.error = None
    work.go_on(5)
    assert job.done == 1
    assert events == [Working("slow", 1, 2)] * 2


def test_what_fails_is_said_and_the_work_goes_on():
    bad, good = Pieces("bad", 1, ValueError("no such axis")), Pieces("good", 1)
    work, events = background(bad, good)
    work.go_on(5)
    work.go_on(5)
    assert good.done == 1
    (said,) = (event for event in events if isinstance(event, NotPossible))
    assert said.diagnostic.kind == "explain"
    assert said.diagnostic.message == "bad failed: ValueError: no such axis"


def test_the_search_for_a_cause_that_fails_names_the_layer():
    def broken(*_: object) -> None:
        raise TypeError("no such thing")

    events: list[Message] = []
    truths = {"grow": None, "shrink": None}
    job = FindCauses(truths, broken, go_on, events.append)  # pyright: ignore[reportArgumentType]
    work = Background([job], events.append)
    work.begin(Generation(1, code=object()))  # pyright: ignore[reportArgumentType]
    job.add(1)
    work.go_on(1)
    assert work.settled(1)
    said = events[-1]
    assert isinstance(said, NotPossible)
    assert str(said.diagnostic) == (
        "the search for the cause of shrink failed: TypeError: no such thing"
    )


def test_another_generation_drops_what_was_begun():
    one, other = Pieces("one", 2), Pieces("other", 1)
    work, events = background(one, other)
    work.go_on(5)
    work.begin(Generation(7))
    assert (one.generations, other.generations) == ([7], [7])
    work.go_on(5)
    assert events == [Working("one", 1, 2)] * 2


def test_it_is_settled_where_no_job_has_anything_left_of_the_layers_so_far():
    work, events = background(Pieces("one", 2), Pieces("other", 1))
    assert work.settled(-1)
    assert not work.settled(0)
    work.go_on(0)
    work.go_on(0)
    assert work.settled(0)
    assert not work.settled(1)
    events.clear()
    work.go_on(0)
    assert events == []
