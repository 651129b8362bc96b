"""The options that say what transcribes, and how; shared by all commands that do."""

from argparse import ArgumentParser, ArgumentTypeError, Namespace

from core.messages import BACKENDS, MAX_SECONDS, BackendOptions, Decoding, Listening
from tui.settings import add_model_options


def add_transcribing_options(parser: ArgumentParser) -> None:
    add_model_options(parser)
    parser.add_argument(
        "--dtype",
        default="auto",
        help="auto (float16 on a GPU, float32 on the CPU), float32, float16, bfloat16",
    )
    parser.add_argument("--language", help="a code or a name (default: detected)")
    parser.add_argument(
        "--task",
        default="transcribe",
        choices=("transcribe", "translate"),
        help="translate: into English",
    )
    parser.add_argument(
        "--word-timestamps", action="store_true", help="the times of every word, too"
    )
    parser.add_argument(
        "--temperature",
        type=temperature,
        help="decode at this temperature only (default: openai's fallback from 0 to 1)",
    )


def add_backend_choice(parser: ArgumentParser) -> None:
    """For the commands that use several."""
    parser.add_argument(
        "--backend",
        action="append",
        choices=BACKENDS,
        help="one of those to use; may be given several times (default: all)",
    )


def temperature(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise ArgumentTypeError(f"{text!r} is not a temperature from 0 to 1")
    return value


def backend_options(arguments: Namespace, name: str) -> BackendOptions:
    return BackendOptions(
        name=name,
        model=arguments.model,
        device=arguments.device,
        dtype=arguments.dtype,
        graph=arguments.graph,
    )


def listening_of(arguments: Namespace) -> Listening:
    longest = arguments.max_seconds or MAX_SECONDS
    return Listening(track=arguments.track, max_seconds=longest)


def decoding_of(arguments: Namespace) -> Decoding:
    return Decoding(
        language=arguments.language,
        task=arguments.task,
        word_timestamps=arguments.word_timestamps,
        temperature=arguments.temperature,
    )


def chosen_backends(arguments: Namespace) -> list[str]:
    """In the order of `BACKENDS`, each once."""
    wanted = arguments.backend or BACKENDS
    return [name for name in BACKENDS if name in wanted]
