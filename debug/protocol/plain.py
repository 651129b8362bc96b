"""Text that a terminal shows and never obeys.

What a port prints and raises, and what files are called, is anybody's: an escape sequence
in it would colour, move or clear the screen, and a lone surrogate, as which Python holds a
byte of a file name that is no UTF-8, can't be written at all. So text is made plain where
it comes in: colours go, every other control code becomes its picture ::

    "\\x1b[31mred\\x1b[0m\\x07"    becomes    "red␇"
"""

import json
import re
from typing import Any

import msgspec

_SEQUENCE = re.compile(
    "(?:\x1b\\[|\x9b)[0-?]*[ -/]*[@-~]"  # colours, cursor, modes
    "|(?:\x1b[\\]PX^_]|[\x9d\x90\x98\x9e\x9f])"  # titles, links
    "[^\x07\x1b\x9c]*(?:\x07|\x1b\\\\|\x9c)"
    "|\x1b[ -/]*[0-~]"
)
_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_SUSPECT = re.compile(rb"\\u|\xc2[\x80-\x9f]|\x7f|\xe2(?:\x80[\xaa-\xae]|\x81[\xa6-\xa9])")
"""What a line of JSON has if one of its texts has such a code."""
_PICTURES = 0x2400
"""Of control codes, in Unicode: U+241B is the escape's."""
UNKNOWN = "\ufffd"


def plain(text: str) -> str:
    """A text without escape sequences and control codes; tabs and line ends stay."""
    return _CONTROL.sub(_picture, _SEQUENCE.sub("", text))


def _picture(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code < 0x20:
        return chr(_PICTURES + code)
    return "\u2421" if code == 0x7F else UNKNOWN


def plain_line(line: bytes) -> bytes:
    """A line of JSON whose texts are plain.

    Raises:
        ValueError: it is none.
    """
    if not _SUSPECT.search(line):
        return line
    return msgspec.json.encode(_plain_in(json.loads(line)))


def _plain_in(value: Any) -> Any:
    match value:
        case str():
            return plain(value)
        case list():
            return [_plain_in(each) for each in value]
        case dict():
            return {plain(key): _plain_in(each) for key, each in value.items()}
    return value
