"""Reads what an engine wrote when it ended: in which line of a source that was.

Current thread 0x00007f20 (most recent call first):
  File "/home/me/port.py", line 14 in __call__
  File "/home/me/port.py", line 30 in port
"""

import re
from collections.abc import Collection, Iterable

from debug.protocol.values import Place

FRAME = re.compile(r'^\s*File "(?P<path>.+)", line (?P<line>\d+) in ')
BEGIN = re.compile(r"(?:Current t|T)hread 0x|Stack \(most recent call first\)")


def last_place(lines: Iterable[str], files: Collection[str]) -> Place | None:
    """The innermost line of one of these files that was being executed at the end."""
    found: Place | None = None
    for line in lines:
        if BEGIN.search(line):
            found = None  # the last of several is the end
        frame = FRAME.match(line)
        if frame and found is None and frame["path"] in files:
            found = Place(frame["path"], int(frame["line"]))
    return found
