"""Teaches micro's decoder to follow long files: python -m scripts.refine_micro

Deep in a file the prompt is as long as openai allows, and a sentence is rarely the last of
its window: to miss the next one costs all that is left of the window. The encoder has
learned all it will. So every window is heard once, and answered again and again with other
sentences before it. Needs what `scripts.train_micro` needs, and its result.
"""

import argparse
import random
from collections.abc import Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from rich.console import Console
from rich.progress import track
from torch import Tensor, nn
from whisper.tokenizer import get_tokenizer

from core.model.checkpoint import MICRO, load_checkpoint
from scripts.micro_batches import IGNORED, Batches, Shape, Window, mel, used_tokens
from scripts.micro_speech import VOICES, clips
from scripts.train_micro import N_CLIPS, SEED, Learner, save

WINDOW = Shape(30.0, 1, sentences=(1, 2, 3, *[99] * 17))
N_WINDOWS = 6500
ROUNDS, STEPS, A_STEP, PEAK_RATE, WARM_UP = 3, 1000, 12, 4e-4, 50
KEPT_SHARE = 0.4
"""Of the weights from before a round, in the mean with those after it: as good at what was
heard, better at what was not (model soups, Wortsman et al. 2022)."""
PROMPTED = 0.9
LONGEST_PROMPT = 30
"""In sentences: more than openai takes of them."""
DOUBTED_SHARE = 0.3
"""Windows that are drawn for how unsure the decoder was of what follows."""
DECISION_WEIGHT = 5.0
"""Whether a sentence follows is one token of some ten."""
MARGIN = 3.0
"""To miss the next sentence is worse than to expect one in vain: the end's logit is so much
higher in training, as class imbalance is met by adjusting logits (Menon et al. 2021)."""


class Refinement:
    """Trains the decoder and its embeddings on windows that were heard before."""

    def __init__(
        self,
        learner: Learner,
        batches: Batches,
        windows: Sequence[Window],
        features: Tensor,
        console: Console,
    ) -> None:
        """
        Args:
            learner: its encoder stays as it is.
            batches: words the answers.
            windows: what there is to hear.
            features: what the encoder made of each: (window, 1500, width) in float16.
            console: is told how it gets on.
        """
        self._learner, self._batches, self._console = learner, batches, console
        self._windows, self._features = windows, features
        decoder = learner.whisper.decoder.parameters()
        self._trained = [*(p for p in decoder if p.requires_grad), learner.rows]
        self._optimizer = torch.optim.AdamW(
            self._trained, PEAK_RATE, (0.9, 0.98), weight_decay=0.01
        )
        self._doubt = [1.0] * len(windows)
        self._end = int(learner.place[get_tokenizer(multilingual=False).eot])
        self.losses: list[float] = []

    def run(self, steps: int) -> None:
        """A round: so many steps, then some way back."""
        before = [parameter.detach().clone() for parameter in self._trained]
        for step in range(steps):
            for group in self._optimizer.param_groups:
                group["lr"] = rate(step, steps)
            self._learn(random.Random(f"refine/{len(self.losses)}"))
            if (step + 1) % 25 == 0:
                mean = sum(self.losses[-25:]) / 25
                self._console.print(f"step {step + 1} of {steps}: loss {mean:.3f}")
        with torch.no_grad():
            for parameter, kept in zip(self._trained, before, strict=True):
                parameter.lerp_(kept, KEPT_SHARE)

    def _learn(self, random_: random.Random) -> None:
        chosen = [self._draw(random_) for _ in range(A_STEP)]
        windows = [self._windows[index] for index in chosen]
        longest = LONGEST_PROMPT if random_.random() < PROMPTED else 0
        tokens, labels = self._batches.answers(windows, (longest,), random_)
        loss = self._loss(chosen, tokens, labels)
        self._optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self._trained, 1.0)
        self._optimizer.step()
        self.losses.append(loss.item())

    def _draw(self, random_: random.Random) -> int:
        """The number of a window."""
        if random_.random() < DOUBTED_SHARE:
            return random_.choices(range(len(self._windows)), self._doubt)[0]
        return random_.randrange(len(self._windows))

    def _loss(self, chosen: list[int], tokens: Tensor, labels: Tensor) -> Tensor:
        """The cross entropy, by weight of what hangs on a token."""
        logits = self._learner.logits(self._features[chosen].float(), tokens)
        weights = (labels != IGNORED).float()
        places = [
            decision(self._windows[i], row) for i, row in zip(chosen, labels, strict=True)
        ]
        for row, place in enumerate(places):
            if place is not None:
                weights[row, place] = DECISION_WEIGHT
                logits[row, place, self._end] += MARGIN
        wanted = self._learner.wanted(labels)
        losses = F.cross_entropy(
            logits.transpose(1, 2), wanted, ignore_index=IGNORED, reduction="none"
        )
        for row, (index, place) in enumerate(zip(chosen, places, strict=True)):
            if place is not None:
                self._doubt[index] = (self._doubt[index] + losses[row, place].item()) / 2
        return (losses * weights).sum() / weights.sum()


def decision(window: Window, labels: Tensor) -> int | None:
    """Where the answer says whether another sentence follows: with its start or the end."""
    if not window.sentence:
        return None
    last = int((labels != IGNORED).nonzero()[-1])
    return last if window.next is None else last - 1


def hear(
    learner: Learner, batches: Batches, count: int, console: Console
) -> tuple[list[Window], Tensor]:
    """What the encoder makes of so many windows: (window, 1500, width) in float16."""
    windows, features = [], []
    for number in track(range(count), "hearing ...", console=console):
        window = batches.window(WINDOW, random.Random(f"heard/{number}"))
        with torch.inference_mode():
            heard = learner.encode(mel(window.samples, WINDOW.length)[None])
        windows.append(window)
        features.append(heard.half())
    return windows, torch.cat(features)


def rate(step: int, steps: int) -> float:
    """A short warm-up, then in a line down to nothing."""
    return PEAK_RATE * min((step + 1) / WARM_UP, 1 - step / steps)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="micro", help="what to begin from")
    parser.add_argument("--result", type=Path, default=MICRO)
    arguments = parser.parse_args()
    console = Console()
    speech = clips("train", N_CLIPS, SEED, VOICES)
    torch.manual_seed(SEED)
    learner = Learner(used_tokens([clip.text for clip in speech]))
    learner.take(load_checkpoint(arguments.model).state)
    batches = Batches(speech, lambda number: WINDOW, range(0))
    windows, features = hear(learner, batches, N_WINDOWS, console)
    refinement = Refinement(learner, batches, windows, features, console)
    for _ in range(ROUNDS):
        refinement.run(STEPS)
    save(learner, arguments.result)
    console.print(f"saved {arguments.result}")


if __name__ == "__main__":
    main()
