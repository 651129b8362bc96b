"""The name under which a reference is kept changes with all that it follows from."""

from pathlib import Path

import pytest

from core.whisper import WhisperSubject, open_subject
from debug.measure.archive import Archive
from debug.measure.products import EXACT, Operands, Products
from debug.reference.archived import key_of, reference_of
from debug.reference.both_runs import run_reference
from debug.subject import KnowsReference, Options
from examples.two_layers.subject import open_subject as open_two_layers


def whisper(**options: object) -> WhisperSubject:
    return open_subject(Options({"seconds": 1.0, **options}))


def key(subject: WhisperSubject, dtype: str = "float32", products: Products = EXACT) -> str:
    found = key_of(subject, dtype, products)
    assert found is not None
    return found


def test_the_same_subject_has_the_same_key_in_every_session():
    assert key(whisper()) == key(whisper())


@pytest.mark.parametrize(
    "options", [{"start": 1.0}, {"seconds": 2.0}, {"model": "random:micro"}], ids=str
)
def test_another_sound_window_or_model_has_another(options: dict[str, object]):
    assert key(whisper()) != key(whisper(**options))


def test_one_weight_that_is_another_number_has_another():
    before, subject = key(whisper()), whisper()
    name = "blocks.3.mlp.2.bias"
    subject._state[name] = subject._state[name].clone()
    subject._state[name][5] += 1e-7
    assert key(subject) != before


def test_another_precision_or_way_to_multiply_has_another():
    subject = whisper()
    tf32 = Products(matrices=Operands.ROUNDED)
    assert len({key(subject), key(subject, "float16"), key(subject, products=tf32)}) == 3


def test_a_reference_of_anybodys_code_has_none():
    subject = open_two_layers(Options())
    assert not isinstance(subject, KnowsReference)
    assert key_of(subject, "float32", EXACT) is None


def test_what_was_kept_is_what_would_be_computed(tmp_path: Path):
    computed = run_reference(whisper(), "float32")
    reference_of(whisper(), "float32", archive=Archive(tmp_path))
    kept = reference_of(whisper(), "float32", archive=Archive(tmp_path))
    assert list(kept) == list(computed)
    for name, truth in kept.items():
        assert truth.exact.equal(computed[name].exact)
        assert truth.floor == computed[name].floor
        assert truth.place == computed[name].place
