"""Word error rates of micro on sentences that it was not trained on:
python -m scripts.evaluate_micro

Needs the program espeak-ng, which reads the test sentences aloud from fixed seeds. They are
transcribed as `maxwhisper transcribe` does it, by openai's own code.
"""

import argparse
from dataclasses import dataclass

import numpy as np
from rapidfuzz.distance import Levenshtein
from rich.console import Console
from rich.progress import track
from whisper.normalizers import BasicTextNormalizer

from core.backends import open_backend
from core.machine import DeviceMemory
from core.messages import BACKENDS, BackendOptions, Decoding
from core.transcription import Transcriber
from scripts.micro_speech import UNSEEN_VOICE, VOICES, Clip, clips

N_SENTENCES = 250
SILENCE = np.zeros(8_000, np.float32)
"""Half a second, before and after each sentence."""
SHOWN_ERRORS = 5


@dataclass
class Score:
    words: int = 0
    errors: int = 0

    @property
    def rate(self) -> float:
        return self.errors / self.words


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backend", choices=BACKENDS, default="cpu")
    parser.add_argument("--model", default="micro")
    arguments = parser.parse_args()
    options = BackendOptions(name=arguments.backend, model=arguments.model)
    backend = open_backend(options, lambda what: None)
    transcriber = Transcriber(backend, Decoding(), DeviceMemory())
    console = Console()
    known = clips("test-known", N_SENTENCES, 2, VOICES, test=True)
    unseen = clips("test-unseen", N_SENTENCES, 3, [UNSEEN_VOICE], test=True)
    for name, speech in {"known voices": known, "the unseen voice": unseen}.items():
        score = evaluate(transcriber, speech, name, console)
        counts = f"{score.errors} of {score.words} words in {len(speech)} sentences"
        console.print(f"{name}: word error rate {score.rate:.1%} ({counts})")


def evaluate(
    transcriber: Transcriber, speech: list[Clip], name: str, console: Console
) -> Score:
    normalize, score, shown = BasicTextNormalizer(), Score(), 0
    for clip in track(speech, f"{name} ...", console=console, transient=True):
        sound = clip.samples.astype(np.float32) / 32768
        samples = np.concatenate([SILENCE, sound, SILENCE])
        heard = transcriber.transcribe(samples, name, lambda done, total: None).text
        said, understood = normalize(clip.text).split(), normalize(heard).split()
        errors = Levenshtein.distance(said, understood)
        score.words += len(said)
        score.errors += errors
        if errors and shown < SHOWN_ERRORS:
            shown += 1
            console.print(f"  said   {clip.text}\n  heard  {heard}", style="dim")
    return score


if __name__ == "__main__":
    main()
