"""The debugger: runs two models side by side and says where they part, and why."""

from typing import TYPE_CHECKING, Any

from debug.candidate.probe import probe

if TYPE_CHECKING:
    from debug.parity import assert_parity

__all__ = ["assert_parity", "probe"]


def __getattr__(name: str) -> Any:
    """Loads torch and MAX only for those who ask for it: the screen has neither."""
    if name != "assert_parity":
        raise AttributeError(f"module 'debug' has no attribute {name!r}")
    from debug.parity import assert_parity

    return assert_parity
