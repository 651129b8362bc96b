"""Every word on the screen, and what it means: the help page is searched for them."""

from debug.protocol.verdict import CHANNEL, FRAME, HEAD, LAYER, Verdict
from tui import words

VERDICTS = {
    Verdict.OK: f"only rounding: R up to {LAYER.ok_up_to:g}",
    Verdict.UNSEEN: "no value of its own in the graph: what is around it is compared",
    Verdict.WATCH: f"more than rounding: R up to {LAYER.watch_up_to:g}",
    Verdict.DIVERGED: f"wrong: R above {LAYER.watch_up_to:g}",
    Verdict.INVALID: "another shape or dtype, or NaN or Inf",
    Verdict.MISSING: "nowhere in the MAX graph, and what is around it is wrong",
}

MEASURES = {
    "R": "the layer's error ÷ PyTorch's own rounding error there, both from PyTorch in "
    f"float64: 1 is as accurate as PyTorch; {words.limits(LAYER)}. A single frame or token "
    f"is ok up to {FRAME.ok_up_to:g}, a head up to {HEAD.ok_up_to:g}, a channel up to "
    f"{CHANNEL.ok_up_to:g}",
    "isolated": "R of the layer on PyTorch's input, so that errors before it don't count: "
    "bad in the run and ok here, its input is wrong, not the layer",
    "rel. L2, relative L2": "the norm of the difference ÷ the norm of PyTorch's value",
    "PyTorch's rounding": "how far its float32 is from its float64 here; ─ in the chart",
    "amplified": "the relative L2 in the run ÷ that in isolation",
    "max abs": "the largest difference of an element, and where it is",
    "1 - cosine, 1 - cos": "1 minus the cosine of both sides: 0 if they point one way",
    "worst channel, frame, head": "where R is largest; one bad slice hides in the whole",
    "fp16 headroom": "how much larger the values could get before float16 overflows; "
    "squared: their squares, as a layer norm takes them",
    "mean, std, min, max": "of both sides, for orientation: they decide nothing",
    "outside": "elements off by more than atol + rtol × |PyTorch's|, your own from the "
    "config file; it decides nothing",
    "error": "the relative L2 as a bar, from 1e-8 to 1",
    "over frames, over channels": "the error along that axis, from 1e-8 to 1",
    "computed": "how long the layer took; unchanged, not rerun: its result is known",
    "time": "how long the layer took; nothing where it was not run again",
}

FOUND = {
    "root cause": "one guilty line, the mistake there, and the layers that it makes wrong",
    "explains 97 %": "how much of the error goes if the mistake is made in PyTorch, too",
    "54 % of the final error by itself": "the error of the model's result if nothing but "
    "this mistake were wrong ÷ the one that it has; told where there are several",
    "first difference": "the first layer that differs, while it is not known who is guilty",
    "first wrong": "the layer whose own code makes the first wrong value",
    "why": "the mistakes that explain the error, the likeliest first",
    "↳ inherited": "right in isolation: only its input is wrong",
    "probes": "values that your source names with probe(), beside PyTorch's variables",
    "outcome": "what the result is used for, on both sides: two transcripts",
    "save": "what the last save did to the layer: ↑ better, ↓ worse, = the same",
    "earlier": "the number is from before the last save",
    "waiting": "not run yet",
}

MARKS = {
    "▶": "the layer that was computed last, where others are left",
    "●": "a breakpoint",
    "⇐": "this layer's value is replaced by PyTorch's",
    "▸": "a folded block: {fold} unfolds it",
    "❱": "the line of the source, or the operation, that is meant",
    "■": "the engine waits",
    "✗ STALE": "the last save is broken: the numbers are from before it; {error} says more",
}

ENGINES = {
    "engine": "the process with PyTorch and MAX; if it dies, the numbers stay and "
    "{restart} starts it anew",
    "interpret": "MAX's graph runs operation by operation, at once",
    "compile, compiled": "the whole graph is compiled first, as production does (minutes)",
    "generation": "one load of your source: a save makes the next",
    "emulated": "computed in float32, and rounded after each operation",
    "float64": "the same graph in float64: what is still wrong there is no rounding",
    "without taps": "the compiled graph with its result as the only output",
    "running layers in isolation": "each layer alone, on PyTorch's input",
    "looking for the cause": "known mistakes are tried until one explains the error",
}

HANDS = {
    "enter, click": "run to the layer, if it has not been computed",
    "click on a line's number": "a breakpoint at the layers that are called there",
    "drag a line between panes": "make them larger or smaller",
    "shift+drag": "select text with the mouse as in any terminal",
    "ctrl+p": "every command by name, and each control of the engine",
}

SECTIONS: dict[str, dict[str, str]] = {
    "Verdicts": {words.verdict(verdict): said for verdict, said in VERDICTS.items()},
    "Numbers": MEASURES,
    "What was found": FOUND,
    "Marks": MARKS,
    "Engine": ENGINES,
    "Mouse and palette": HANDS,
}
