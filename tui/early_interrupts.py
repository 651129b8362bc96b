"""Ctrl-C while a program is still being loaded: the system ends it, without a word.

Python raises `KeyboardInterrupt` in whatever line is being executed. Within an import that
is a traceback, another error by the time it comes out, or a crash of native code. Nothing
has been begun then that must be put in order, so nobody need hear of it.

Imports nothing: each import is time in which Ctrl-C is still a traceback.
"""

import _signal  # pyright: ignore[reportMissingImports]  # signal would load enum first


def end_at_once() -> None:
    """Has Ctrl-C end the process. A program that was started to ignore it goes on to."""
    if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
        _signal.signal(_signal.SIGINT, _signal.SIG_DFL)


def raise_again() -> None:
    """Has it raise once more: from here on there may be something to put in order."""
    if _signal.getsignal(_signal.SIGINT) == _signal.SIG_DFL:
        _signal.signal(_signal.SIGINT, _signal.default_int_handler)
