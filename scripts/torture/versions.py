"""Odd versions of a port's whole file: what editors write, and what Python allows."""

from collections.abc import Iterator

from scripts.torture.lines import OK
from scripts.torture.port import PORT

LAYER = "class Linear(nn.Module):\n"
FORWARD = "        return x @ self.weight.T + self.bias\n"
CALL = (
    "    def __call__(self, x: TensorValue) -> TensorValue:\n        # here in the call\n"
)
RETURN = "    return Port(\n"
LAST = '    return {f"{names[a]}.{b}": state[f"{a}.{b}"] for a, b in parts}\n'


def _edited(old: str, new: str) -> bytes:
    assert old in PORT, old
    return PORT.replace(old, new).encode()


def _with(method: str) -> bytes:
    """One more method in the layer."""
    body = "\n".join(f"    {line}" for line in method.splitlines())
    return _edited(CALL, f"{body}\n\n{CALL}")


def written() -> Iterator[tuple[str, bytes, str]]:
    """The same port in other bytes: a name, the file, and what the screen says."""
    text = PORT.encode()
    yield "a byte order mark", b"\xef\xbb\xbf" + text, OK
    yield "CRLF", text.replace(b"\n", b"\r\n"), OK
    yield "CR", text.replace(b"\n", b"\r"), OK
    yield "tabs", text.replace(b"    ", b"\t"), OK
    yield "form feeds", text.replace(b"\n\n\n", b"\n\x0c\n\n"), OK
    yield "no end of the last line", text.rstrip(), OK
    yield "Latin-1, declared", b"# coding: latin-1\n# \xe9\n" + text, OK
    yield "a long name", text + b"x" * 100_000 + b" = 1\n", OK
    yield "a name in other letters", text + "𝐱 = 1; ñ = 2; 变 = 3\n".encode(), OK
    yield "line separators", text + "s = 'a\u2028b\x85c'\n".encode(), OK
    yield "right to left", text + "# \u202e\u2066 backwards\n".encode(), OK
    yield "a space without width", text + "x\u200b = 1\n".encode(), "U+200B"
    yield "smart quotes", text + "x = “a”\n".encode(), "U+201C"
    yield "a lookalike", text + "print(ѕum)\n".encode(), "ѕum"
    yield "a vertical tab", text + b"\x0bx = 1\n", "syntax error"


def meant() -> Iterator[tuple[str, bytes, str]]:
    """Layers and ports that Python takes, and MAX or the debugger may not."""
    boom = "raise ValueError('odd')"
    yield "a repr that fails", _with(f"def __repr__(self):\n    {boom}"), OK
    yield "an eq that fails", _with(f"def __eq__(self, o):\n    {boom}"), OK
    yield "no hash", _with("__hash__ = None"), OK
    yield "no truth", _with(f"def __bool__(self):\n    {boom}"), OK
    yield "a length", _with("def __len__(self):\n    return 0"), OK
    yield "a property that fails", _with(f"@property\ndef odd(self):\n    {boom}"), OK
    yield "any attribute", _with(f"def __getattr__(self, name):\n    {boom}"), "odd"
    yield (
        "a metaclass",
        _edited(
            LAYER,
            "class M(type): pass\n\n\n" + LAYER.replace("Module)", "Module, metaclass=M)"),
        ),
        "metaclass conflict",
    )
    yield "named like a builtin", PORT.replace("Linear", "str").encode(), OK
    yield "a generator", _edited(FORWARD, FORWARD.replace("return", "yield")), "a generator"
    yield "a coroutine", _edited(CALL, CALL.replace("def", "async def")), "a coroutine"
    yield "nothing returned", _edited(FORWARD, "        pass\n"), "lacks a return"
    yield (
        "a part of itself",
        _edited("self.second = L", "self.me = self\n        self.second = L"),
        OK,
    )
    yield (
        "a name with a dot",
        _edited("self.second = L", "setattr(self, 'a.b', 3)\n        self.second = L"),
        OK,
    )
    yield "no port", PORT.replace("def port()", "def nothing()").encode(), "port()"
    yield "a port that is none", _edited(RETURN, "    return dict(\n"), "returned a dict"
    yield "a port that is a number", text_end("port = 3"), "port()"
    yield "no weights", _edited(LAST, "    return {}\n"), "weight"
    yield "weights that are none", _edited(LAST, "    return 7\n"), "weights"
    # What the network is given stays what it was when it was opened.
    for name, given in {
        "inputs that are none": "'text'",
        "inputs of nothing": "torch.randn(1, 0, WIDTH)",
        "no numbers": "torch.full((1, 6, WIDTH), float('nan'))",
    }.items():
        yield name, _edited("torch.randn(1, 6, WIDTH)", given), OK
    yield "it writes to itself", text_end("open(__file__, 'a').write('# again\\n')"), OK
    yield "another name of its own", text_end("__name__ = __file__ = None"), OK


def handed_on() -> Iterator[tuple[str, bytes, str]]:
    """What a layer returns, and only the file that is given it can't use."""
    for name, returned in {"a number": "3", "a list": "[x @ self.weight.T]"}.items():
        data = _edited(FORWARD, f"        return {returned}\n")
        yield f"{name} returned", data, "do not support"


def text_end(line: str) -> bytes:
    return f"{PORT}{line}\n".encode()
