"""Asks the worker, a process that owns torch and MAX, for one thing, and waits for it."""

import asyncio
from collections.abc import Callable

import msgspec

from core.messages import Answer, Request, Transcript, decode_answer
from debug.protocol.diagnostic import Diagnostic, Problem
from debug.protocol.messages import Failed, Progress
from debug.protocol.parent_end import Child, Exited, Noise
from tui.commands.shared.gone import Gone
from tui.commands.shared.progress import Reporter

Hear = Callable[[Answer], None]
TOO_LONG_TO_LOG = ("segments",)


def ask(request: Request, hear: Hear, reporter: Reporter, row: str = "") -> None:
    """Has a request answered, and gives each answer to ``hear`` as it comes.

    Args:
        request: for the worker.
        hear: is given all but the progress.
        reporter: shows the progress and logs the answers.
        row: in which the progress is shown.

    Raises:
        Problem: the worker could not do it, or is gone.
    """

    def report(answer: Answer) -> None:
        if isinstance(answer, Progress):
            reporter.progress(answer, row)
            return
        fields = msgspec.structs.asdict(answer)
        kept = {name: v for name, v in fields.items() if name not in TOO_LONG_TO_LOG}
        reporter.log.write(str(answer.__struct_config__.tag).lower(), **kept)
        for warning in answer.warnings if isinstance(answer, Transcript) else ():
            reporter.warn(warning)
        hear(answer)

    asyncio.run(_ask(request, report))


async def _ask(request: Request, hear: Hear) -> None:
    noise: list[str] = []
    answered = False
    worker = Child("core.worker", decode=decode_answer)
    await worker.start()
    worker.send(request)
    try:
        async for news in worker.events():
            match news:
                case Noise(text):
                    noise.append(text)
                case Failed(diagnostic):
                    raise problem_of(diagnostic)
                case Exited(code):
                    if code != 0 or not answered:
                        raise Gone("worker", news, noise)
                case _:
                    answered = answered or not isinstance(news, Progress)
                    hear(news)
    finally:
        worker.kill()
        await worker.stop()


def problem_of(diagnostic: Diagnostic) -> Problem:
    place = diagnostic.path, diagnostic.line, diagnostic.detail
    return Problem(diagnostic.kind, diagnostic.message, *place)
