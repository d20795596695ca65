"""The sandbox: vault, engine, network and listeners, wired together in one process."""

from simulators.compatibility.earlier_names import earlier_attribute

_EARLIER = {name: f"simulators.sandbox.wiring.{name}" for name in ("Sandbox", "running_sandbox")}


def __getattr__(name: str) -> object:
    """`simulators.sandbox` was a module until version 0.1: what documents told people to import from it."""
    return earlier_attribute(__name__, name, _EARLIER)
