"""The command line `tapwright`: what starts it, and reads its arguments."""

from simulators.compatibility.earlier_names import earlier_attribute

_EARLIER = {"main": "simulators.cli.command_line.main"}


def __getattr__(name: str) -> object:
    """`simulators.cli` was a module until version 0.1, and `main` what started it."""
    return earlier_attribute(__name__, name, _EARLIER)
