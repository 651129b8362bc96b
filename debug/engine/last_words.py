"""Where the engine is when something ends it: in which line of the source.

A process that is killed by SIGSEGV or SIGABRT says nothing itself. Python's faulthandler
does so for it: it writes the lines that were being executed, without the interpreter's
help. It does the same for a process that hangs, in native code that never lets go of the
interpreter, too, when the screen asks it to before it kills it (`WHERE`). What it writes is
read by `debug.results.last_words`. It goes among the messages, where nothing that a source
prints is in its way.
"""

import faulthandler

from debug.protocol.child_end import WHERE


class LastWords:
    """Has this process say where it is, in lines of text to a descriptor."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.renew()

    def renew(self) -> None:
        """The compiler in MAX takes the same signals for itself when it is first used."""
        faulthandler.unregister(WHERE)
        faulthandler.register(WHERE, self._descriptor, all_threads=False)
        faulthandler.disable()
        faulthandler.enable(self._descriptor, all_threads=False)
