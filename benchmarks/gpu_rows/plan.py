"""Which rows there are, in the order in which a person wants them.

A row is one child process: a function of this package, its arguments, and how long it may
take. Rows that compile (``builds``) run beside the others, a few at a time; a row that
needs what they compile waits for them.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Row:
    name: str
    measure: str
    """The module of this package and its function: ``layers:check``."""
    arguments: dict[str, str] = field(default_factory=dict)
    limit: float = 60.0
    """Seconds."""
    builds: bool = False
    needs: tuple[str, ...] = ()
    """Rows that have to end before this one begins, well or not."""
    alone: bool = False
    """Is timed: nothing may compile beside it."""
    says_as: str | None = None
    """The row whose words must be this one's, too."""


PRECISIONS = {"gpu": ("float32", "float16", "bfloat16"), "cpu": ("float32", "float64")}
"""What MAX has kernels for. On the CPU float64 takes the place of half precision, so that
every row is tried in two precisions there, too."""
QUICK = {"gpu": ("float32", "float16"), "cpu": ("float32",)}
MODELS = {"gpu": ("micro", "random:tiny"), "cpu": ("micro", "random:tiny")}
LARGER = {"gpu": ("random:base", "random:large-v3"), "cpu": ()}
SIZES = {"gpu": ("tiny", "large-v3"), "cpu": ("micro",)}
"""Of the encoders that are timed: on the CPU one that compiles in a minute or two."""
TIMED = {"gpu": ("float32", "float16"), "cpu": ("float32",)}
PORTS = ("examples/conv/port.py", "examples/gpt/port.py")
"""Those that need neither MAX's own models nor a download."""
HEARD = {"gpu": ("float32", "float16", "bfloat16"), "cpu": ("float32",)}


def planned(device: str, quick: bool) -> list[Row]:
    """All rows of a device, ``cpu`` or ``gpu`` with or without a number."""
    kind = device.partition(":")[0]
    precisions = PRECISIONS[kind]
    rows = [Row("card", "machine:card", limit=60)]
    if quick:
        few = QUICK[kind]
        return [
            *rows,
            *builds(kind, few, few, ()),
            Row("rates", "rates:rates", {"dtypes": " ".join(TIMED[kind])}),
            *checks(("micro",), few),
            *looks(precisions[0]),
            *words(kind, few),
        ]
    return [
        *rows,
        *builds(kind, precisions, HEARD[kind], SIZES[kind]),
        Row("rates", "rates:rates", {"dtypes": " ".join(TIMED[kind])}),
        *checks(("micro",), precisions[:1]),
        *looks(precisions[0]),
        *checks(("micro",), precisions[1:]),
        bugs(precisions[1]),
        *ports(precisions[:1]),
        *checks(MODELS[kind][1:], precisions),
        *words(kind, HEARD[kind]),
        *timings(kind),
        Row(
            "v: compiled beside interpreted",
            "layers:compiled",
            {"model": "micro", "dtype": precisions[0]},
            limit=240,
            needs=(f"kernels {precisions[0]}",),
        ),
        *checks(LARGER[kind], precisions),
    ]


def builds(
    kind: str, kernels: tuple[str, ...], heard: tuple[str, ...], sizes: tuple[str, ...]
) -> list[Row]:
    """What compiles: the first that others wait for comes first."""
    rows = [
        Row(f"kernels {dtype}", "machine:kernels", {"dtype": dtype}, 300, builds=True)
        for dtype in kernels
    ]
    wanted = [("micro", dtype) for dtype in heard]
    wanted += [(size, dtype) for size in sizes for dtype in TIMED[kind]]
    rows += [
        Row(
            f"encoder {size} {dtype}",
            "machine:encoder",
            {"size": size, "dtype": dtype},
            360,
            builds=True,
        )
        for size, dtype in dict.fromkeys(wanted)
    ]
    return rows


def checks(models: tuple[str, ...], dtypes: tuple[str, ...]) -> list[Row]:
    return [
        Row(
            f"check {model} {dtype}",
            "layers:check",
            {"model": model, "dtype": dtype},
            limit=150 if "large" in model else 90,
            needs=(f"kernels {dtype}",),
        )
        for model in models
        for dtype in dtypes
    ]


def ports(dtypes: tuple[str, ...]) -> list[Row]:
    """Other networks than Whisper: a convolutional one, and a decoder with a mask."""
    return [
        Row(
            f"check {port} {dtype}",
            "layers:check_port",
            {"port": port, "dtype": dtype},
            limit=90,
            needs=(f"kernels {dtype}",),
        )
        for port in PORTS
        for dtype in dtypes
    ]


def bugs(dtype: str) -> Row:
    arguments = {"dtype": dtype}
    needs = (f"kernels {dtype}",)
    return Row(f"bugs {dtype}", "bugs:bugs", arguments, limit=120, needs=needs)


def looks(dtype: str) -> list[Row]:
    """What a person does in the dashboard."""
    needs = (f"kernels {dtype}",)
    arguments = {"model": "micro", "dtype": dtype}
    return [
        Row(f"step {dtype}", "layers:step", arguments, needs=needs),
        bugs(dtype),
        Row(f"save {dtype}", "saves:saves", arguments, limit=90, needs=needs),
    ]


def words(kind: str, dtypes: tuple[str, ...]) -> list[Row]:
    """The same clip by every backend."""

    def heard(backend: str, dtype: str, needs: tuple[str, ...] = ()) -> Row:
        arguments = {"backend": backend, "dtype": dtype}
        name, first = f"words {backend} {dtype}", "words cpu float32"
        says_as = None if name == first else first
        needs = needs if name == first else (*needs, first)
        return Row(name, "words:words", arguments, 60, needs=needs, says_as=says_as)

    rows = [heard("cpu", "float32")]
    if kind == "gpu":
        rows.append(heard("gpu", "float16"))
    return rows + [heard("max", dtype, (f"encoder micro {dtype}",)) for dtype in dtypes]


def timings(kind: str) -> list[Row]:
    """The encoder alone: MAX beside PyTorch as it is and compiled."""
    rows = []
    fast = TIMED[kind][-1]
    for size in SIZES[kind]:
        sides = [("torch", fast), ("torch-compiled", fast)]
        sides += [("max", dtype) for dtype in reversed(TIMED[kind])]
        rows += [
            Row(
                f"time {size} {side} {dtype}",
                "encoders:time_encoder",
                {"size": size, "side": side, "dtype": dtype},
                limit=90,
                needs=(f"encoder {size} {dtype}",) if side == "max" else (),
                alone=True,
            )
            for side, dtype in sides
        ]
    return rows
