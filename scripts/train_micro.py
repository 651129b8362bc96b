"""Trains micro, the bundled Whisper: python -m scripts.train_micro

Needs the program espeak-ng. A short context first, then also openai's full 30 s. It can be
stopped at any time and goes on where its last checkpoint was. The result is a file as
openai publishes them, in float16.
"""

import argparse
import csv
import math
import random
import time
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from rich.console import Console
from torch import Tensor, nn
from torch.utils.data import DataLoader
from whisper.audio import FRAMES_PER_SECOND
from whisper.model import Whisper

from core.model.checkpoint import MICRO
from core.model.dims import dimensions
from scripts.loss_curve import draw
from scripts.micro_batches import IGNORED, LETTERS, Batch, Batches, Shape, used_tokens
from scripts.micro_speech import FOLDER, VOICES, clips

NOTE = "synthetic speech"
N_CLIPS = 20_000
SEED = 1
PEAK_RATE, WARM_UP, STABLE_SHARE, FINISH_RATE = 1.5e-3, 100, 0.6, 1e-3
SPELLING_WEIGHT, SPELLING_MARGIN = 0.5, 5
SAVE_EVERY = 50
HAS_BFLOAT16 = bool(torch.cpu.get_capabilities().get("avx512_bf16"))
"""Twice as fast where the CPU has it, four times as slow where it has not."""
LOSS_COLUMNS = ("step", "window", "loss", "of spelling", "seconds")


@dataclass(frozen=True)
class Stage:
    steps: int
    shapes: tuple[Shape, ...]
    """Drawn evenly."""


SHORT, MIDDLE, LONG = Shape(4.0, 32), Shape(10.0, 12), Shape(30.0, 6)
FULL = Shape(30.0, 6, prompted=0.7, sentences=(1, 2, 99, 99, 99, 99, 99))
LATER = Shape(10.0, 12, prompted=0.8)
STAGES = [
    Stage(2500, (SHORT,)),
    Stage(3000, (SHORT, SHORT, MIDDLE, LONG)),
    Stage(5500, (SHORT, MIDDLE, MIDDLE, LONG)),
]
"""What to say is learned from short windows, and what of a long one to leave out later."""
FINISH = Stage(2250, (LATER, FULL))
"""At last long files, window by window: what comes next must not be missed."""


class Learner(nn.Module):
    """A Whisper whose unused tokens share one embedding.

    Of 51,864 tokens the grammar needs some 2,000. The rest have one row between them, which
    counts as often as they are many: the loss is exactly that of the whole vocabulary.

    The encoder also learns to spell (connectionist temporal classification, Graves et al.
    2006): attention finds its way through what is nearly written already. That head is left
    out of the checkpoint.
    """

    place: Tensor
    """The row of every token of the vocabulary."""
    mass: Tensor
    """The logarithm of how many tokens a row stands for."""

    def __init__(self, used: list[int]) -> None:
        super().__init__()
        dims = dimensions("micro")
        assert dims is not None
        self.whisper = Whisper(dims)
        self.whisper.decoder.token_embedding.weight.requires_grad_(False)
        self.rows = nn.Parameter(torch.randn(len(used) + 1, dims.n_text_state) * 0.02)
        self.spell = nn.Linear(dims.n_audio_state, len(LETTERS) + 1)
        nn.init.normal_(self.whisper.decoder.positional_embedding, std=0.02)
        place = torch.full((dims.n_vocab,), len(used))
        place[torch.tensor(used)] = torch.arange(len(used))
        self.register_buffer("place", place)
        unused = dims.n_vocab - len(used)
        self.register_buffer("mass", torch.zeros(len(used) + 1))
        self.mass[-1] = math.log(unused)
        mask = self.whisper.decoder.mask
        assert isinstance(mask, Tensor)
        self._mask = mask

    def encode(self, mel: Tensor) -> Tensor:
        """openai's encoder over a window of any length."""
        encoder = self.whisper.encoder
        x = F.gelu(encoder.conv1(mel))
        x = F.gelu(encoder.conv2(x)).permute(0, 2, 1)
        positions = encoder.positional_embedding
        assert isinstance(positions, Tensor)
        x = x + positions[: x.shape[1]]
        for block in encoder.blocks:
            x = block(x)
        return encoder.ln_post(x)

    def forward(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """The losses of the decoder's answers and of the encoder's spelling."""
        features = self.encode(batch.mel)
        return self.answer_loss(features, batch), self.spelling_loss(features, batch)

    def answer_loss(self, features: Tensor, batch: Batch) -> Tensor:
        """The cross entropy of the next token."""
        logits, wanted = self.logits(features, batch.tokens), self.wanted(batch.labels)
        return F.cross_entropy(logits.flatten(0, 1), wanted.flatten(), ignore_index=IGNORED)

    def logits(self, features: Tensor, tokens: Tensor) -> Tensor:
        """Of the next token's row, a shared one counting as often as it is shared:
        (batch, n, rows)."""
        decoder = self.whisper.decoder
        x = self.rows[self.place[tokens]]
        x = x + decoder.positional_embedding[: x.shape[1]]
        for block in decoder.blocks:
            x = block(x, features, mask=self._mask)
        return decoder.ln(x) @ self.rows.T + self.mass

    def wanted(self, labels: Tensor) -> Tensor:
        """The labels' rows."""
        return torch.where(labels == IGNORED, IGNORED, self.place[labels.clamp(min=0)])

    def spelling_loss(self, features: Tensor, batch: Batch) -> Tensor:
        """That of the first sentence's letters, up to where it ends."""
        scores = self.spell(features).log_softmax(-1).transpose(0, 1)
        heard = (batch.heard + SPELLING_MARGIN).clamp(max=len(scores))
        lengths = (batch.spelling > 0).sum(1)
        return F.ctc_loss(scores, batch.spelling, heard, lengths, zero_infinity=True)

    def take(self, state: Mapping[str, Tensor]) -> None:
        """Goes on from what `state` once gave."""
        self.whisper.load_state_dict(dict(state))
        embedding = state["decoder.token_embedding.weight"]
        with torch.no_grad():
            self.rows[self.place] = embedding.float()

    def state(self) -> dict[str, Tensor]:
        """openai's state dict, in float16."""
        state = self.whisper.state_dict()
        state["decoder.token_embedding.weight"] = self.rows[self.place]
        return {name: tensor.detach().half() for name, tensor in state.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--result", type=Path, default=MICRO)
    arguments = parser.parse_args()
    console = Console()
    console.print("reading sentences aloud (minutes, the first time)")
    speech = clips("train", N_CLIPS, SEED, VOICES)
    learner = Learner(used_tokens([clip.text for clip in speech]))
    training = Training(learner, console, FOLDER)
    training.run(speech)
    save(learner, arguments.result)
    draw(training.losses, arguments.result.with_name("loss.svg"))
    console.print(f"saved {arguments.result}")


class Training:
    """Learns step by step, and goes on where a folder says that it stopped."""

    def __init__(self, learner: Learner, console: Console, folder: Path) -> None:
        self._learner = learner
        self._console = console
        trained = [p for p in learner.parameters() if p.requires_grad]
        self._optimizer = torch.optim.AdamW(
            trained, PEAK_RATE, (0.9, 0.98), weight_decay=0.01
        )
        self._step = 0
        self._losses: list[tuple[int, float, float, float, float]] = []
        self._file = folder / "state.pt"
        self.losses = folder / "loss.csv"

    def run(self, speech: list) -> None:
        self._resume()
        batches = Batches(speech, shape, range(self._step, total_steps()))
        for batch in DataLoader(batches, batch_size=None, num_workers=1):
            self._learn(batch)
        self._save()

    def _learn(self, batch: Batch) -> None:
        started = time.perf_counter()
        for group in self._optimizer.param_groups:
            group["lr"] = rate(self._step)
        with torch.autocast("cpu", torch.bfloat16, enabled=HAS_BFLOAT16):
            answer, spelling = self._learner(batch)
        self._optimizer.zero_grad()
        (answer + SPELLING_WEIGHT * spelling).backward()
        nn.utils.clip_grad_norm_(self._learner.parameters(), 1.0)
        self._optimizer.step()
        self._step += 1
        seconds = batch.mel.shape[-1] / FRAMES_PER_SECOND
        took = time.perf_counter() - started
        self._losses.append((self._step, seconds, answer.item(), spelling.item(), took))
        if self._step % 10 == 0:
            text = f"step {self._step} of {total_steps()}, {seconds:g} s windows"
            losses = f"loss {answer.item():.3f}, of spelling {spelling.item():.3f}"
            self._console.print(f"{text}: {losses}, {took:.2f} s")
        if self._step % SAVE_EVERY == 0:
            self._save()

    def _save(self) -> None:
        contents = {
            "learner": self._learner.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "step": self._step,
            "losses": self._losses,
        }
        partial = self._file.with_suffix(".partial")
        torch.save(contents, partial)
        partial.replace(self._file)
        with self.losses.open("w", newline="") as file:
            csv.writer(file).writerows([LOSS_COLUMNS, *self._losses])

    def _resume(self) -> None:
        if not self._file.exists():
            torch.manual_seed(SEED)
            return
        contents = torch.load(self._file, weights_only=True)
        self._learner.load_state_dict(contents["learner"])
        self._optimizer.load_state_dict(contents["optimizer"])
        self._step, self._losses = contents["step"], contents["losses"]
        self._console.print(f"going on after step {self._step}")


def main_steps() -> int:
    return sum(stage.steps for stage in STAGES)


def total_steps() -> int:
    return main_steps() + FINISH.steps


def shape(step: int) -> Shape:
    """The windows that a step learns from."""
    first = 0
    for stage in [*STAGES, FINISH]:
        first += stage.steps
        if step < first:
            return random.Random(f"shape/{step}").choice(stage.shapes)
    raise ValueError(f"there is no step {step}")


def rate(step: int) -> float:
    """A short warm-up, then constant, then in a line down to nothing; the finish once more
    in a line from a smaller one."""
    left = 1 - step / main_steps()
    if left > 0:
        return PEAK_RATE * min((step + 1) / WARM_UP, left / (1 - STABLE_SHARE), 1.0)
    return FINISH_RATE * (total_steps() - step) / FINISH.steps


def save(learner: Learner, path: Path) -> None:
    """A checkpoint as openai publishes them. Packed, for its unused rows are all alike."""
    dims = asdict(learner.whisper.dims)
    contents = {"dims": dims, "model_state_dict": learner.state(), "note": NOTE}
    loose = path.with_suffix(".partial")
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(contents, loose)
    packed = path.with_suffix(".packed")
    with (
        zipfile.ZipFile(loose) as source,
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as target,
    ):
        for entry in source.infolist():
            target.writestr(entry.filename, source.read(entry))
    loose.unlink()
    packed.replace(path)


if __name__ == "__main__":
    main()
