"""Batches for training micro: windows of speech as a microphone might have heard it.

A window says its first sentence only, and when the next begins. openai's `transcribe` takes
such an answer for a window whose last sentence was cut off, and goes on from the end of the
first. So a small model learns to listen to the start of a window and not to count to 30 s.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import IterableDataset
from whisper.audio import HOP_LENGTH, N_FFT, SAMPLE_RATE, log_mel_spectrogram, pad_or_trim
from whisper.tokenizer import Tokenizer, get_tokenizer

from scripts.micro_speech import Clip

IGNORED = -100
"""A label that no loss is taken of."""
SECONDS_A_TOKEN = 0.02
SILENT_SHARE = 0.06
SHORT_PROMPT = 4
"""A file begins with these; each length puts the answer at other positions."""
LONGEST_PROMPT = 16
"""Sentences of earlier windows, some 180 tokens."""
PROMPT_TOKENS = 223
"""openai gives no more of what was said before: the end of it."""
NOISY_SHARE = 0.5
ENDING_SHARE = 0.6
"""Windows in which the file ends. openai fills the rest of the spectrogram with zeros."""
RESIDUE_SHARE = 0.3
"""Windows that begin with the last tenths of the sentence before."""
LATE_SHARE = 0.15
"""Windows that begin with a long silence, if they have room for it."""
LONG_PAUSE_SHARE = 0.15
SPEEDS = (0.9, 1.1)
"""A clip is played slower or faster, which makes other voices of the same."""
LETTERS = "abcdefghijklmnopqrstuvwxyz '"


@dataclass(frozen=True)
class Shape:
    seconds: float
    """How long a window is."""
    size: int
    """How many windows."""
    prompted: float = 0.4
    """How often what was said before is given, as in every window but a file's first."""
    sentences: tuple[int, ...] = (1, 2, 99)
    """At most so many in a window, as far as they fit; drawn evenly."""

    @property
    def length(self) -> int:
        """That of a window in samples."""
        return int(self.seconds * SAMPLE_RATE)


@dataclass(frozen=True)
class Batch:
    mel: Tensor
    """(batch, 80, frames)"""
    tokens: Tensor
    """The decoder's input: (batch, n)."""
    labels: Tensor
    """What it should say next: (batch, n)."""
    spelling: Tensor
    """The letters of what it should say, from 1, filled with 0: (batch, m)."""
    heard: Tensor
    """The encoder's position at which it has been said: (batch,)."""


@dataclass(frozen=True)
class Window:
    samples: np.ndarray
    """float32, up to the file's end or the window's."""
    sentence: str
    """The first; "" in silence."""
    start: float
    """In seconds, as the other times."""
    end: float
    next: float | None
    """When the second sentence begins, if it does."""


class Batches(IterableDataset):
    """A batch depends on its number alone."""

    def __init__(
        self, clips: Sequence[Clip], shape: Callable[[int], Shape], numbers: range
    ) -> None:
        """
        Args:
            clips: what there is to say.
            shape: that of a batch, by its number.
            numbers: of the batches.
        """
        self._clips = clips
        self._shape = shape
        self._numbers = numbers

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        return get_tokenizer(multilingual=False)

    def __iter__(self) -> Iterator[Batch]:
        for number in self._numbers:
            yield self._batch(self._shape(number), random.Random(f"batch/{number}"))

    def _batch(self, shape: Shape, random_: random.Random) -> Batch:
        # Whole batches are prompted or not: a row's prompt makes every row as long.
        prompted = random_.random() < shape.prompted
        windows = [self.window(shape, random_) for _ in range(shape.size)]
        longest = (SHORT_PROMPT, LONGEST_PROMPT) if prompted else (0,)
        tokens, labels = self.answers(windows, longest, random_)
        spelled = [spelling(window.sentence) for window in windows]
        return Batch(
            torch.stack([mel(window.samples, shape.length) for window in windows]),
            tokens,
            labels,
            _filled(spelled, 0),
            torch.tensor([_position(window.end) for window in windows]),
        )

    # -- Sound -----------------------------------------------------------------------

    def window(self, shape: Shape, random_: random.Random) -> Window:
        """One of such a shape."""
        length = shape.length
        samples = np.zeros(length, np.float32)
        if random_.random() < RESIDUE_SHARE:
            _put(samples, self._speech(random_)[1][-random_.randint(320, 3200) :], 0)
        silent = random_.random() < SILENT_SHARE
        sentence, starts, ends = "", [], []
        if not silent:
            sentence, starts, ends = self._speak(samples, shape.sentences, random_)
        level = 10 ** (random_.uniform(-18, 0) / 20)
        samples *= level
        if random_.random() < NOISY_SHARE:
            samples += _noise(length, level, random_)
        if random_.random() < ENDING_SHARE:
            last = ends[-1] if ends else random_.randint(SAMPLE_RATE // 2, length)
            samples = samples[: last + int(random_.uniform(0, 1.5) * SAMPLE_RATE)]
        if silent:
            return Window(samples, "", 0.0, 0.0, None)
        second = starts[1] / SAMPLE_RATE if len(starts) > 1 else None
        return Window(
            samples, sentence, starts[0] / SAMPLE_RATE, ends[0] / SAMPLE_RATE, second
        )

    def _speak(
        self, samples: np.ndarray, counts: tuple[int, ...], random_: random.Random
    ) -> tuple[str, list[int], list[int]]:
        """Puts clips one after the other; only a later one may be cut off at the end.

        Returns:
            The first sentence, and where each begins and ends.
        """
        sentence, sound = self._speech(random_)
        while len(sound) > len(samples):
            sentence, sound = self._speech(random_)
        room = (len(samples) - len(sound)) / SAMPLE_RATE
        late = room > 4 and random_.random() < LATE_SHARE
        position = int(random_.uniform(0, min(room, 20.0 if late else 2.0)) * SAMPLE_RATE)
        starts, ends = [], []
        most = random_.choice(counts)
        while len(starts) < most and position < len(samples) - SAMPLE_RATE // 4:
            _put(samples, sound, position)
            starts.append(position)
            ends.append(min(position + len(sound), len(samples)))
            position = ends[-1] + int(_pause(random_) * SAMPLE_RATE)
            sound = self._speech(random_)[1]
        return sentence, starts, ends

    def _speech(self, random_: random.Random) -> tuple[str, np.ndarray]:
        """A sentence and its samples: float32 at 16 kHz."""
        clip = random_.choice(self._clips)
        heard = np.arange(0, len(clip.samples) - 1, random_.uniform(*SPEEDS))
        sound = np.interp(heard, np.arange(len(clip.samples)), clip.samples)
        return clip.text, (sound / 32768).astype(np.float32)

    # -- Tokens ----------------------------------------------------------------------

    def answers(
        self, windows: Sequence[Window], longest: Sequence[int], random_: random.Random
    ) -> tuple[Tensor, Tensor]:
        """The decoder's input and what it should say next: (window, n) each.

        Args:
            windows: what it hears.
            longest: how many sentences a prompt has at most; drawn evenly, 0 for none.
            random_: chooses what was said before.
        """
        rows = [self._row(window, random_.choice(longest), random_) for window in windows]
        tokens = _filled([tokens for tokens, _ in rows], self._tokenizer.eot)
        return tokens, _filled([labels for _, labels in rows], IGNORED)

    def _row(
        self, window: Window, longest: int, random_: random.Random
    ) -> tuple[list[int], list[int]]:
        """What goes in and what should come out, as openai's decoder writes it.

        In silence the first answer is <|nospeech|>, and after any timestamp the end.
        """
        tokenizer = self._tokenizer
        given = [*(self._prompt(longest, random_) if longest else []), tokenizer.sot]
        said = self._transcript(window.sentence, window.start, window.end)
        if window.next is not None:
            said.append(self._timestamp(window.next))
        tokens, labels = [*given, *said], [*said, tokenizer.eot]
        if not window.sentence:
            tokens = [*given, self._timestamp(random_.uniform(0, 2))]
            labels = [tokenizer.no_speech, tokenizer.eot]
        return tokens, [IGNORED] * (len(tokens) - len(labels)) + labels

    def _prompt(self, longest: int, random_: random.Random) -> list[int]:
        """What was said in the windows before, with its timestamps."""
        tokens: list[int] = []
        for _ in range(random_.randint(1, longest)):
            clip = random_.choice(self._clips)
            start = random_.uniform(0, 2)
            tokens += self._transcript(clip.text, start, start + random_.uniform(1, 3.5))
        return [self._tokenizer.sot_prev, *tokens[-PROMPT_TOKENS:]]

    def _transcript(self, text: str, start: float, end: float) -> list[int]:
        written = self._tokenizer.encode(" " + text)
        return [self._timestamp(start), *written, self._timestamp(end)]

    def _timestamp(self, seconds: float) -> int:
        return self._tokenizer.timestamp_begin + min(_position(seconds), 1500)


def spelling(text: str) -> list[int]:
    """The places of its letters in LETTERS, from 1."""
    return [LETTERS.index(letter) + 1 for letter in text.lower() if letter in LETTERS]


def used_tokens(texts: Sequence[str]) -> list[int]:
    """Every token that may be in a transcript of such texts, and openai's special ones."""
    tokenizer = get_tokenizer(multilingual=False)
    written = {token for text in texts for token in tokenizer.encode(" " + text)}
    special = set(range(tokenizer.eot, tokenizer.timestamp_begin + 1501))
    return sorted(written | special)


def mel(samples: np.ndarray, length: int) -> Tensor:
    """As openai cuts a window of so many samples from a file: (80, frames)."""
    heard = log_mel_spectrogram(torch.from_numpy(samples), padding=N_FFT)
    heard = heard[:, : len(samples) // HOP_LENGTH]
    return torch.as_tensor(pad_or_trim(heard, length // HOP_LENGTH))


def _pause(random_: random.Random) -> float:
    """Seconds between two sentences."""
    longest = 8.0 if random_.random() < LONG_PAUSE_SHARE else 1.5
    return random_.uniform(0.15, longest)


def _position(seconds: float) -> int:
    return round(seconds / SECONDS_A_TOKEN)


def _put(samples: np.ndarray, sound: np.ndarray, position: int) -> None:
    part = sound[: len(samples) - position]
    samples[position : position + len(part)] = part


def _noise(length: int, level: float, random_: random.Random) -> np.ndarray:
    """White, 20 to 45 dB below a loud voice."""
    generator = np.random.default_rng(random_.getrandbits(64))
    loudness = 0.2 * level * 10 ** (-random_.uniform(20, 45) / 20)
    return generator.normal(0, loudness, length).astype(np.float32)


def _filled(rows: list[list[int]], filling: int) -> Tensor:
    longest = max(len(row) for row in rows)
    return torch.tensor([row + [filling] * (longest - len(row)) for row in rows])
