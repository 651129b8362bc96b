"""The child process behind the commands: one request on stdin, its answers on stdout.

Started as ``python -m core.worker``. Every backend that is timed has a process of its own,
so that its memory is its own, too. It ends when its stdin does.

All is said once the request is answered, so the process ends there and then: what torch and
MAX do on their way out takes a second and more on a busy machine, and whoever waits would
take a worker that says nothing for one that hangs.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from core.messages import (
    INPUT_KINDS,
    Bench,
    Compare,
    Examine,
    ListMutants,
    Mutants,
    Plant,
    Reproduce,
    Request,
    Timed,
    Transcribe,
    Unavailable,
    decode_request,
)
from debug.protocol.child_end import end_with, private_stdout
from debug.protocol.diagnostic import Problem, from_exception
from debug.protocol.messages import Failed, Message, Progress, encode

if TYPE_CHECKING:
    from core.backends.backend import Backend
    from core.backends.transcription import Transcriber
    from core.messages import BackendOptions, Transcript
    from core.model.sound import Sound

Emit = Callable[[Message], None]


class Worker:
    """Answers one request. torch and MAX are loaded when it needs them."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit

    def answer(self, request: Request) -> None:
        """
        Raises:
            Problem: what was asked for can't be had.
        """
        match request:
            case Examine():
                self._examine()
            case Transcribe():
                sound = self._audio(request)
                transcriber = self._transcriber(request)
                self._emit(self._transcribe(transcriber, sound))
            case Bench():
                self._bench(request)
            case Compare():
                self._compare(request)
            case Reproduce():
                self._reproduce(request)
            case ListMutants():
                self._list_mutants(request)
            case Plant():
                self._plant(request)

    def _examine(self) -> None:
        from core.worker.doctor import examine

        for finding in examine(self._say):
            self._emit(finding)

    def _bench(self, request: Bench) -> None:
        from core.machine import describe_machine
        from debug.candidate.devices import gpu_number

        sound = self._audio(request)
        self._emit(describe_machine(gpu_number(request.backend.device)))
        transcriber = self._transcriber(request)
        transcript = self._transcribe(transcriber, sound, "warming up")
        runs = []
        for number in range(request.runs):
            what = f"run {number + 1} of {request.runs}"
            transcript = self._transcribe(transcriber, sound, what)
            runs.append(transcript.seconds)
        self._emit(transcript)
        self._emit(Timed(runs))

    def _compare(self, request: Compare) -> None:
        from core.backends.features import compare_features

        sound = self._audio(request)
        backends = []
        for options in request.backends:
            try:
                transcriber, backend = self._open(options, request)
            except Problem as problem:
                if problem.diagnostic.kind in INPUT_KINDS:
                    raise
                self._emit(Unavailable(options.name, str(problem.diagnostic)))
                continue
            backends.append(backend)
            what = f"transcribing on {options.name}"
            self._emit(self._transcribe(transcriber, sound, what))
        if backends:
            self._say("comparing the features")
            for features in compare_features(backends, sound.samples):
                self._emit(features)

    def _reproduce(self, request: Reproduce) -> None:
        if request.of_port:
            from core.repro.port_layer import write_reproduction
        else:
            from core.repro.encoder_layer import write_reproduction

        self._say("writing the layer's files")
        folder = Path(request.folder)
        self._emit(write_reproduction(request.options, request.layer, folder))

    def _list_mutants(self, request: ListMutants) -> None:
        from core.practice.planting import breakable

        self._say("reading the port")
        self._emit(Mutants(breakable(request.options).listed()))

    def _plant(self, request: Plant) -> None:
        from core.practice.planting import plant

        self._say("reading the port")
        folder = Path(request.folder)
        self._emit(plant(request.options, request.number, folder, self._emit))

    def _transcriber(self, request: Transcribe | Bench) -> "Transcriber":
        return self._open(request.backend, request)[0]

    def _open(
        self, options: "BackendOptions", request: Transcribe | Bench | Compare
    ) -> "tuple[Transcriber, Backend]":
        from core.backends.backend import open_backend
        from core.backends.transcription import Transcriber
        from core.machine import DeviceMemory
        from debug.candidate.devices import gpu_number

        memory = DeviceMemory(gpu_number(options.device))
        backend = open_backend(options, self._say)
        self._emit(backend.ready)
        return Transcriber(backend, request.decoding, memory), backend

    def _audio(self, request: Transcribe | Bench | Compare) -> "Sound":
        self._say("loading the audio")
        from core.model.audio import BUNDLED_CLIP, load_audio

        file = Path(request.audio) if request.audio else BUNDLED_CLIP
        part = request.listening

        def report(done: float, total: float | None) -> None:
            self._emit(Progress("loading the audio", done, total))

        return load_audio(file, part.track, part.max_seconds, report)

    def _transcribe(
        self,
        transcriber: "Transcriber",
        sound: "Sound",
        what: str = "transcribing",
    ) -> "Transcript":
        def report(done: float, total: float) -> None:
            self._emit(Progress(what, done, total))

        return transcriber.transcribe(sound, report)

    def _say(self, what: str) -> None:
        self._emit(Progress(what))


def main() -> NoReturn:
    answers = private_stdout()
    request = decode_request(sys.stdin.buffer.readline())
    end_with(sys.stdin.fileno())

    def emit(message: Message) -> None:
        answers.write(encode(message))

    try:
        Worker(emit).answer(request)
    except BaseException as error:  # no Ctrl-C comes here: a port raises what it likes
        emit(Failed(from_exception("internal", error), fatal=True))
    sys.stderr.flush()
    os._exit(0)
