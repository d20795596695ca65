"""The command line `tapwright`: its verbs, and flags that several of them share."""

import warnings


def __getattr__(name: str) -> object:
    """`simulators.cli` was a module until version 0.1, and `main` what started it."""
    if name != "main":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from simulators.cli.command_line import main

    text = "simulators.cli.main is simulators.cli.command_line.main now; the next version drops the earlier name"
    warnings.warn(text, DeprecationWarning, stacklevel=2)
    return main
