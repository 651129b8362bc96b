"""What a port needs of the debugger: ``from maxwhisper import Port, probe, assert_parity``.

# my_port.py: maxwhisper-tui my_port.py
def port() -> Port:
    model = BertModel(config).eval()
    return Port(
        reference=model,
        candidate=lambda device, dtype: MaxBert(config, dtype, device),
        inputs={"input_ids": ids, "attention_mask": mask},
    )
"""

from typing import TYPE_CHECKING, Any

from debug.candidate.probe import probe

if TYPE_CHECKING:
    from debug.parity import assert_parity
    from debug.port.port import Port

__all__ = ["Port", "assert_parity", "probe"]


def __getattr__(name: str) -> Any:
    """Loaded late: a port that only imports ``probe`` loads no engine by it."""
    if name == "Port":
        from debug.port.port import Port

        return Port
    if name == "assert_parity":
        from debug.parity import assert_parity

        return assert_parity
    raise AttributeError(f"maxwhisper has no {name}")
