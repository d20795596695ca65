"""The sandbox: vault, engine, network and listeners, wired together in one process."""

import warnings

_EARLIER = ("Sandbox", "running_sandbox")


def __getattr__(name: str) -> object:
    """`simulators.sandbox` was a module until version 0.1: what documents told people to import from it."""
    if name not in _EARLIER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from simulators.sandbox import wiring

    text = f"{__name__}.{name} is simulators.sandbox.wiring.{name} now; the next version drops the earlier name"
    warnings.warn(text, DeprecationWarning, stacklevel=2)
    return getattr(wiring, name)
