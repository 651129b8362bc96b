"""The two tables of an alignment, for the command and for the dashboard."""

from debug.protocol.values import PairedLayer, UnpairedModule
from tui import words
from tui.columns import Column

PAIRS = [
    Column[PairedLayer]("PyTorch", lambda pair: pair.layer),
    Column[PairedLayer]("MAX", lambda pair: pair.candidate),
    Column[PairedLayer]("by", lambda pair: pair.how),
]
UNPAIRED = [
    Column[UnpairedModule]("", lambda each: "✗" if each.is_error else ""),
    Column[UnpairedModule]("only in", words.side),
    Column[UnpairedModule]("module", lambda each: each.name),
    Column[UnpairedModule]("", lambda each: each.reason),
]
