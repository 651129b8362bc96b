"""What openai's decoder makes of features that are right, and of features that are not."""

import pytest
import torch
from torch import Tensor
from whisper.audio import log_mel_spectrogram
from whisper.model import Whisper

from core.model import checkpoint
from core.model.audio import BUNDLED_CLIP, load_audio, window
from core.model.checkpoint import load_checkpoint
from core.model.outcome import outcome


@pytest.fixture(scope="module")
def model() -> Whisper:
    return load_checkpoint("micro").build()


@pytest.fixture(scope="module")
def features(model: Whisper) -> Tensor:
    with torch.inference_mode():
        mel = log_mel_spectrogram(window(load_audio(BUNDLED_CLIP).samples, 0.0))
        return model.encoder(mel[None])


def nobody_waits() -> None: ...


def test_the_same_features_say_the_same(model, features):
    found = outcome(model, features, features.clone(), nobody_waits)
    assert found.reference == found.candidate == "It is one five now."
    assert found.kl == 0
    assert found.top1 == 1


def test_words_change_with_what_is_wrong(model, features):
    found = outcome(model, features, features.roll(64, -1), nobody_waits)
    assert found.candidate != found.reference
    assert found.kl is not None
    assert found.kl > 0.1
    assert found.top1 < 1


def test_probabilities_change_before_words_do(model, features):
    found = outcome(model, features, features * 1.001, nobody_waits)
    assert found.candidate == found.reference
    assert found.kl is not None
    assert 1e-9 < found.kl < 1e-3


def test_a_large_decoder_in_half_precision_hears_the_same(model, features, monkeypatch):
    monkeypatch.setattr(checkpoint, "LARGE", 0)
    narrow = load_checkpoint("micro").build_decoder()
    weights = narrow.decoder.state_dict()
    assert weights["blocks.0.mlp.0.weight"].dtype == torch.float16
    wrong = features.roll(64, -1)
    one, other = (outcome(each, features, wrong, nobody_waits) for each in (narrow, model))
    assert (one.reference, one.candidate) == (other.reference, other.candidate)
    assert one.kl == pytest.approx(other.kl)


def test_who_waits_is_not_kept_waiting(model, features):
    class Waiting(Exception): ...

    def somebody_waits() -> None:
        raise Waiting

    with pytest.raises(Waiting):
        outcome(model, features, features, somebody_waits)
    # Nothing of the decoding that was given up is left in the model.
    assert outcome(model, features, features, nobody_waits).kl == 0
