"""The two tables of an alignment, for the command and for the dashboard."""

from debug.protocol.values import PairedLayer, UnpairedModule
from tui import words
from tui.columns import Column

PAIRS = [
    Column[PairedLayer]("PyTorch", lambda pair: pair.layer, is_name=True),
    Column[PairedLayer]("MAX", lambda pair: pair.candidate, is_name=True),
    Column[PairedLayer]("by", lambda pair: pair.how, dispensable=1),
]
UNPAIRED = [  # of what is no error: the doubts say the rest
    Column[UnpairedModule]("only in", words.side),
    Column[UnpairedModule]("module", lambda each: each.name, is_name=True),
    Column[UnpairedModule]("", lambda each: each.reason, wraps=True),
]
