"""Whisper's front end step by step, and what people do instead."""

import pytest
import torch

from core.model.audio import log_mel_float64
from core.model.spectrogram import FrontEnd, wrong_front_ends

SAMPLES = torch.randn(32_000, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("n_mels", [80, 128])
def test_step_by_step_it_is_openais(n_mels: int):
    made, right = FrontEnd().log_mel(SAMPLES, n_mels), log_mel_float64(SAMPLES, n_mels)
    assert made.shape == right.shape
    assert (made - right).norm() / right.norm() < 1e-6


def test_every_other_way_has_the_same_shape_and_other_numbers():
    right = FrontEnd().log_mel(SAMPLES, 80)
    texts = []
    for text, front_end in wrong_front_ends():
        made = front_end.log_mel(SAMPLES, 80)
        assert made.shape == right.shape, text
        texts.append(text)
    assert len(set(texts)) == len(texts) > 25


def test_two_choices_can_be_wrong_together_but_not_two_windows():
    first = "a Hamming window instead of Hann's"
    both = dict(wrong_front_ends(first))
    assert f"{first}; and the natural logarithm instead of base 10" in both
    assert not [text for text in both if "Blackman" in text]
