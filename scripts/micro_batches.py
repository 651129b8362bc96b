"""Batches for training micro: windows of speech as a microphone might have heard it."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import IterableDataset
from whisper.audio import SAMPLE_RATE, log_mel_spectrogram
from whisper.tokenizer import Tokenizer, get_tokenizer

from scripts.micro_speech import Clip

IGNORED = -100
"""A label that no loss is taken of."""
SECONDS_A_TOKEN = 0.02
N_POSITIONS = 1500
SILENT_SHARE = 0.06
PROMPTED_SHARE = 0.4
NOISY_SHARE = 0.5


@dataclass(frozen=True)
class Batch:
    mel: Tensor
    """(batch, 80, frames)"""
    position: int
    """Where the window begins among the encoder's 1500 positions."""
    tokens: Tensor
    """What the decoder is fed: (batch, n)."""
    labels: Tensor
    """What it should say next: (batch, n)."""


@dataclass(frozen=True)
class Spoken:
    """A sentence in a window, with its times in seconds; no end if it is cut off."""

    text: str
    start: float
    end: float | None


class Batches(IterableDataset):
    """Windows of one length. A batch depends on its number alone.

    A window shorter than 30 s stands anywhere in them: its timestamps and the encoder's
    positions are those of that place, and what was said before it is given. Every timestamp
    is learned that way, for a fraction of the work on whole windows.
    """

    def __init__(
        self,
        clips: Sequence[Clip],
        seconds: float,
        size: int,
        numbers: range,
        seed: int = 0,
    ) -> None:
        self._clips = clips
        self._seconds = seconds
        self._size = size
        self._numbers = numbers

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        return get_tokenizer(multilingual=False)

    def __iter__(self) -> Iterator[Batch]:
        for number in self._numbers:
            yield self._batch(random.Random(f"{self._seconds}/{number}"))

    def _batch(self, random_: random.Random) -> Batch:
        room = N_POSITIONS - round(self._seconds / SECONDS_A_TOKEN)
        position = random_.choice([0, random_.randint(0, room)])
        windows = [self._window(random_) for _ in range(self._size)]
        rows = [self._tokens(spoken, position, random_) for _, spoken in windows]
        longest = max(len(tokens) for tokens, _ in rows)
        eot = self._tokenizer.eot
        tokens = [tokens + [eot] * (longest - len(tokens)) for tokens, _ in rows]
        labels = [labels + [IGNORED] * (longest - len(labels)) for _, labels in rows]
        samples = torch.from_numpy(np.stack([samples for samples, _ in windows]))
        return Batch(
            torch.stack([log_mel_spectrogram(row) for row in samples]),
            position,
            torch.tensor(tokens),
            torch.tensor(labels),
        )

    # -- Sound -----------------------------------------------------------------------

    def _window(self, random_: random.Random) -> tuple[np.ndarray, list[Spoken]]:
        length = int(self._seconds * SAMPLE_RATE)
        samples = np.zeros(length, np.float32)
        spoken: list[Spoken] = []
        if random_.random() >= SILENT_SHARE:
            spoken = self._speak(samples, random_)
        level = 10 ** (random_.uniform(-18, 0) / 20)
        samples *= level
        if random_.random() < NOISY_SHARE:
            samples += self._noise(length, level, random_)
        return samples, spoken

    def _speak(self, samples: np.ndarray, random_: random.Random) -> list[Spoken]:
        """Puts clips one after the other; the last may be cut off by the window's end."""
        spoken: list[Spoken] = []
        most = 1 if self._seconds < 8 else random_.choice([1, 2, 4, 99, 99, 99])
        position = int(random_.uniform(0, 0.6) * SAMPLE_RATE)
        while len(spoken) < most:
            clip = random_.choice(self._clips)
            end = position + len(clip.samples)
            fits = end <= len(samples)
            if not fits and (not spoken or len(samples) - position < SAMPLE_RATE // 4):
                break
            part = clip.samples[: len(samples) - position]
            samples[position : position + len(part)] = part.astype(np.float32) / 32768
            seconds = position / SAMPLE_RATE
            spoken.append(Spoken(clip.text, seconds, end / SAMPLE_RATE if fits else None))
            position = end + int(random_.uniform(0.15, 1.5) * SAMPLE_RATE)
            if position >= len(samples) - SAMPLE_RATE // 4:
                break
        return spoken

    def _noise(self, length: int, level: float, random_: random.Random) -> np.ndarray:
        """White, 20 to 45 dB below a loud voice."""
        generator = np.random.default_rng(random_.getrandbits(64))
        loudness = 0.2 * level * 10 ** (-random_.uniform(20, 45) / 20)
        return generator.normal(0, loudness, length).astype(np.float32)

    # -- Tokens ----------------------------------------------------------------------

    def _tokens(
        self, spoken: list[Spoken], position: int, random_: random.Random
    ) -> tuple[list[int], list[int]]:
        """What goes in and what should come out, as openai's decoder writes it.

        In silence the first answer is <|nospeech|>, and after any timestamp the end.
        """
        tokenizer = self._tokenizer
        given = self._prompt(random_) if random_.random() < PROMPTED_SHARE else []
        given.append(tokenizer.sot)
        start = position * SECONDS_A_TOKEN
        before = self._talk(random_, start)
        given += transcript(tokenizer, before)
        said = transcript(tokenizer, spoken, start)
        tokens, labels = [*given, *said], [*given[1:], *said, tokenizer.eot]
        if not spoken:
            first = tokenizer.timestamp_begin + random_.randint(0, 50)
            tokens = [*given, first]
            labels = [*given[1:], tokenizer.no_speech, tokenizer.eot]
            if before:  # the end of what there was to hear
                tokens, labels = given, [*given[1:], tokenizer.eot]
        ignored = len(given) - 1
        return tokens, [IGNORED] * ignored + labels[ignored:]

    def _prompt(self, random_: random.Random) -> list[int]:
        """What was said in the window before, with its timestamps."""
        talk = self._talk(random_, random_.uniform(3, 20))
        return [self._tokenizer.sot_prev, *transcript(self._tokenizer, talk)]

    def _talk(self, random_: random.Random, until: float) -> list[Spoken]:
        """Sentences that nothing is heard of, up to a time in seconds."""
        time, spoken = random_.uniform(0, 2), []
        while (end := time + random_.uniform(1, 3.5)) < until:
            spoken.append(Spoken(random_.choice(self._clips).text, time, end))
            time = end + random_.uniform(0.2, 1.5)
        return spoken


def transcript(tokenizer: Tokenizer, spoken: list[Spoken], start: float = 0.0) -> list[int]:
    """Text between timestamps; of a sentence that is cut off only its start is known.

    Args:
        tokenizer: openai's.
        spoken: with times from the beginning of the sound.
        start: the time at which the sound begins, in seconds.
    """
    tokens: list[int] = []
    for sentence in spoken:
        tokens.append(timestamp(tokenizer, start + sentence.start))
        if sentence.end is not None:
            tokens += tokenizer.encode(" " + sentence.text)
            tokens.append(timestamp(tokenizer, start + sentence.end))
    return tokens


def timestamp(tokenizer: Tokenizer, seconds: float) -> int:
    return tokenizer.timestamp_begin + min(round(seconds / SECONDS_A_TOKEN), 1500)


def used_tokens(texts: Sequence[str]) -> list[int]:
    """Every token that may be in a transcript of such texts, and openai's special ones."""
    tokenizer = get_tokenizer(multilingual=False)
    written = {token for text in texts for token in tokenizer.encode(" " + text)}
    special = set(range(tokenizer.eot, tokenizer.timestamp_begin + 1501))
    return sorted(written | special)
