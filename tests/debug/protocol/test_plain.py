"""Text without what a terminal would obey."""

import pytest

from debug.protocol.plain import plain, plain_line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x9b2Jgone", "gone"),
        ("\x1b]0;a title\x07x", "x"),
        ("\x1b]8;;http://a\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bc\x07\x00", "␇␀"),
        ("a\tb\nc", "a\tb\nc"),
        ("\u202eabc", "\ufffdabc"),
        ("caf\udce9.py", "caf\ufffd.py"),
        ("[/x] [b=2, k=3] ✓ ü", "[/x] [b=2, k=3] ✓ ü"),
    ],
)
def test_a_terminal_has_nothing_to_obey(text: str, shown: str):
    assert plain(text) == shown


def test_a_line_of_json_stays_as_it_is_unless_a_text_in_it_is_not_plain():
    line = '{"a":"ü \\\\u001b","b":[1.5,null]}'.encode()
    assert plain_line(line) == line
    assert plain_line(b'{"a":"\\u001b[2J\\\\u001b","b":["\\udce9",NaN]}') == (
        '{"a":"\\\\u001b","b":["\ufffd",null]}'.encode()
    )
