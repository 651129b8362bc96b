"""The line of the source that an engine was in when it ended."""

from debug.protocol.values import Place
from debug.results.last_words import last_place

FILES = ["/home/me/port.py", "/home/me/parts.py"]
TRACE = """\
Fatal Python error: Segmentation fault

Current thread 0x00007f20 (most recent call first):
  File "/usr/lib/python3.11/ctypes/__init__.py", line 519 in string_at
  File "/home/me/parts.py", line 14 in __call__
  File "/home/me/port.py", line 30 in port
"""


def test_the_innermost_line_of_the_source_is_where_it_ended():
    assert last_place(TRACE.splitlines(), FILES) == Place("/home/me/parts.py", 14)
    assert last_place(TRACE.splitlines(), FILES[:1]) == Place("/home/me/port.py", 30)


def test_the_last_of_several_is_the_end():
    again = TRACE.replace("Current thread", "Thread").replace("line 14", "line 15")
    assert last_place((TRACE + again).splitlines(), FILES) == Place("/home/me/parts.py", 15)


def test_what_a_source_prints_is_no_place():
    assert last_place(["hello", 'File "/home/me/port.py"', ""], FILES) is None
    assert last_place(TRACE.splitlines(), ["/elsewhere.py"]) is None
