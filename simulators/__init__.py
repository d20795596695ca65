"""Simulators: phones, terminals and attackers, and the sandbox that runs vault and engine as one network.

Modules that programs of integrators import by an earlier name are found under it for this version, with a warning.
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
"""Modules of version 0.1 that documents told people to import, and where they are."""

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
        warnings.warn(f"{name} is {now} now; the next version drops the earlier name", DeprecationWarning, stacklevel=2)
        sys.modules[name] = import_module(now)


sys.meta_path.append(_EarlierName())


def earlier_attribute(package: str, name: str, now: dict[str, str]) -> object:
    """What a package that was a module is asked for: a thing that stands in a module of it now, with a warning.

    now: the module of each thing that documents told people to import.  Raises: AttributeError for anything else.
    """
    if name not in now:
        raise AttributeError(f"module {package!r} has no attribute {name!r}")
    text = f"{package}.{name} is {now[name]}.{name} now; the next version drops the earlier name"
    warnings.warn(text, DeprecationWarning, stacklevel=3)
    return getattr(import_module(now[name]), name)
