"""What `tapwright` says of itself: the help for those who do not know it yet, and its version."""

import argparse
import sys
from collections.abc import Sequence
from importlib import metadata
from typing import Any

_WELCOME = """\
Tapwright is a payment network in a box: token vault, authorization engine, simulated phones and terminals.

Next steps:
  tapwright demo              see a payment, declined attacks, and a server that is killed and loses nothing
  tapwright serve             run a network on this machine; its API is described at http://127.0.0.1:8420/docs
  tapwright terminal 12.50    pay on that network with a new phone, from another window

The first of them compiles the engine for this machine, which takes a while once; `tapwright warm-up` does only that.
`tapwright --help` lists all commands, and `tapwright COMMAND --help` describes one.
"""


def welcome(_arguments: argparse.Namespace) -> int:
    """Print the short help; returns the exit code."""
    sys.stdout.write(_WELCOME)
    return 0


class ShowVersion(argparse.Action):
    """The flag ``--version``: prints the version and exits."""

    def __init__(self, option_strings: Sequence[str], dest: str, help: str) -> None:  # noqa: A002 - argparse's word
        super().__init__(option_strings, dest=argparse.SUPPRESS, default=argparse.SUPPRESS, nargs=0, help=help)

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        """Print it. The version is looked up here, because that takes a while and hardly anyone asks for it."""
        sys.stdout.write(f"tapwright {version()}\n")
        parser.exit()


def version() -> str:
    """The version that is installed, such as ``0.1.0``; ``unknown`` where the sources were only copied."""
    try:
        return metadata.version("tapwright")
    except metadata.PackageNotFoundError:
        return "unknown"
