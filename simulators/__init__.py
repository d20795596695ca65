"""Simulators: phones, terminals and attackers, and the sandbox that runs vault and engine as one network.

For users, this package is the one that is imported:

    from simulators import Phone, Sandbox, Terminal

What has these names is loaded when it is asked for, because the engine behind it takes a second. No module of Tapwright
imports from here.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from simulators.compatibility.earlier_names import EarlierNameWarning, find_by_earlier_names

if TYPE_CHECKING:
    from simulators.terminals.terminal import Terminal
    from simulators.testkit.kit import TestKit
    from simulators.testkit.sandbox import Sandbox
    from simulators.wallet.phone import Phone

__all__ = ["EarlierNameWarning", "Phone", "Sandbox", "Terminal", "TestKit"]

_WHERE = {
    "Phone": "simulators.wallet.phone",
    "Sandbox": "simulators.testkit.sandbox",
    "Terminal": "simulators.terminals.terminal",
    "TestKit": "simulators.testkit.kit",
}

find_by_earlier_names()


def __getattr__(name: str) -> object:
    """What is named above, from its module.  Raises: AttributeError for anything else."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    """What is named above as well, for the completion of interactive interpreters."""
    return sorted({*globals(), *_WHERE})
