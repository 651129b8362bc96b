"""Teaches micro's decoder to follow long files: python -m scripts.refine_micro

Deep in a file the prompt is as long as openai allows, and a sentence is rarely the last.
The encoder has learned all it will, so that every window is heard once, and answered again
and again with other sentences before it. Needs what `scripts.train_micro` needs.
"""

import argparse
import random
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import track
from torch import Tensor, nn

from core.checkpoint import MICRO, load_checkpoint
from scripts.micro_batches import Batches, Shape, Window, mel, used_tokens
from scripts.micro_speech import VOICES, clips
from scripts.train_micro import N_CLIPS, SEED, Learner, save

WINDOWS = Shape(30.0, 1, sentences=(1, *[99] * 19))
N_WINDOWS = 2400
STEPS, A_STEP, PEAK_RATE, WARM_UP = 1500, 8, 5e-4, 50
PROMPTED = 0.9
LONGEST_PROMPT = 30
"""In sentences: more than openai's 223 tokens."""


def hear(
    learner: Learner, batches: Batches, console: Console
) -> tuple[list[Window], Tensor]:
    """What the encoder makes of each window: (window, 1500, width) in float16."""
    windows, features = [], []
    for number in track(range(N_WINDOWS), "hearing ...", console=console):
        window = batches.window(WINDOWS, random.Random(f"heard/{number}"))
        with torch.inference_mode():
            heard = learner.encode(mel(window.samples, WINDOWS.length)[None])
        windows.append(window)
        features.append(heard.half())
    return windows, torch.cat(features)


def refine(
    learner: Learner,
    batches: Batches,
    windows: list[Window],
    features: Tensor,
    console: Console,
) -> None:
    """Trains the decoder and its embeddings."""
    trained = [*learner.whisper.decoder.parameters(), learner.rows]
    trained = [parameter for parameter in trained if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, PEAK_RATE, (0.9, 0.98), weight_decay=0.01)
    losses = []
    for step in range(STEPS):
        random_ = random.Random(f"refine/{step}")
        for group in optimizer.param_groups:
            group["lr"] = rate(step)
        chosen = random_.sample(range(len(windows)), A_STEP)
        longest_prompt = LONGEST_PROMPT if random_.random() < PROMPTED else 0
        tokens, labels = batches.answers(
            [windows[index] for index in chosen], longest_prompt, random_
        )
        loss = learner.answer_loss(features[chosen].float(), tokens, labels)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        losses.append(loss.item())
        if (step + 1) % 25 == 0:
            mean = sum(losses[-25:]) / 25
            console.print(f"step {step + 1} of {STEPS}: loss {mean:.3f}")


def rate(step: int) -> float:
    """A short warm-up, then in a line down to nothing."""
    return PEAK_RATE * min((step + 1) / WARM_UP, 1 - step / STEPS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="micro", help="what to begin from")
    parser.add_argument("--result", type=Path, default=MICRO)
    arguments = parser.parse_args()
    console = Console()
    speech = clips("train", N_CLIPS, SEED, VOICES)
    learner = Learner(used_tokens([clip.text for clip in speech]))
    learner.take(load_checkpoint(arguments.model).state)
    learner.whisper.decoder.token_embedding.weight.requires_grad_(False)
    batches = Batches(speech, lambda number: WINDOWS, range(0))
    torch.manual_seed(SEED)
    windows, features = hear(learner, batches, console)
    refine(learner, batches, windows, features, console)
    save(learner, arguments.result)
    console.print(f"saved {arguments.result}")


if __name__ == "__main__":
    main()
