"""Earlier names of modules and of what they contain: they work in this version, with a warning.

Settings are in `simulators.sandbox.settings.earlier_settings`, flags in `simulators.cli.flags.earlier_names`.
"""

import sys
import warnings
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

EARLIER_NAMES = {
    "simulators.bench": "simulators.testkit.kit",
    "simulators.card.contactless_reader": "simulators.wallet.card.contactless_reader",
    "simulators.card.payment_application": "simulators.wallet.card.payment_application",
    "simulators.issuer": "simulators.parties.issuer_client",
    "simulators.merchant": "simulators.parties.merchant",
    "simulators.phone": "simulators.wallet.phone",
    "simulators.pytest_plugin": "simulators.testkit.pytest_plugin",
    "simulators.scratch_sandbox": "simulators.sandbox.scratch_sandbox",
    "simulators.settings": "simulators.sandbox.settings.loading",
    "simulators.terminal": "simulators.terminals.terminal",
    "simulators.terminals.traces": "simulators.terminals.message_log",
    "simulators.test_values": "simulators.parties.sandbox_constants",
}
"""Modules that documents of version 0.1 name for imports, and their names now."""


class EarlierNameWarning(DeprecationWarning):
    """Something is called by a name that the next version drops."""


def warn_of_earlier_name(earlier: str, now: str, stacklevel: int = 2) -> None:
    """Warn that something has another name now.  stacklevel: as of `warnings.warn`, counted from the caller."""
    text = f"{earlier} is {now} now; the next version drops the earlier name"
    warnings.warn(text, EarlierNameWarning, stacklevel=stacklevel + 1)


_EARLIER_ROOMS = {name.rpartition(".")[0] for name in EARLIER_NAMES} - {"simulators", "simulators.terminals"}


class _EarlierName(MetaPathFinder, Loader):
    """Finds a module under its earlier name: the same module, not a second one."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname in EARLIER_NAMES:
            return ModuleSpec(fullname, self)
        return ModuleSpec(fullname, self, is_package=True) if fullname in _EARLIER_ROOMS else None

    def exec_module(self, module: ModuleType) -> None:
        name = module.__name__
        if name in _EARLIER_ROOMS:
            return
        now = EARLIER_NAMES[name]
        warn_of_earlier_name(name, now)
        sys.modules[name] = import_module(now)


def find_by_earlier_names() -> None:
    """Let `import` find modules by their earlier names from now on."""
    sys.meta_path.append(_EarlierName())


def earlier_attribute(module: str, name: str, now: dict[str, str]) -> object:
    """What a module is asked for by an earlier name: the thing that has another name or module now, with a warning.

    now: module and name, with a dot, of each thing that documents told people to import.  Raises: AttributeError for
    anything else.
    """
    if name not in now:
        raise AttributeError(f"module {module!r} has no attribute {name!r}")
    warn_of_earlier_name(f"{module}.{name}", now[name], stacklevel=3)
    where, _, name_now = now[name].rpartition(".")
    return getattr(import_module(where), name_now)
