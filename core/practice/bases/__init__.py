"""Right ports of Whisper's encoder, each written in another style, to plant bugs in.

`core/encoder.py` is the first of them. Those beside this file compute the same with other
names and other code, as ports by other people would, so that what the debugger finds does
not hang on the text of one file. Like that one, each is a file that ``--graph`` opens.
"""

from pathlib import Path

_HERE = Path(__file__).parent
BASES = {
    "encoder": _HERE.parents[1] / "encoder.py",
    **{
        name: _HERE / f"{name}.py"
        for name in ("hugging_face", "written_out", "fused_qkv", "functional")
    },
}
"""By name, the files."""
