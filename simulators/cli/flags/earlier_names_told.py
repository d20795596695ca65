"""Tells the user of the command line, in one line each, which options and settings will have only another name."""

import argparse
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TextIO

from simulators import EarlierNameWarning, warn_of_earlier_name


class EarlierFlag(argparse.Action):
    """A flag by its earlier name: not in the help, and what the flag ``now`` does, with a warning."""

    def __init__(self, option_strings: Sequence[str], dest: str, now: str) -> None:
        super().__init__(option_strings, dest, nargs=0, default=None, help=argparse.SUPPRESS)
        self._now = now

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        """Set the flag."""
        setattr(namespace, self.dest, True)
        warn_of_earlier_name(str(option_string), self._now)


@contextmanager
def earlier_names_told() -> Iterator[None]:
    """Write warnings of earlier names to standard error, which Python hides from everybody but tests."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", EarlierNameWarning)
        others = warnings.showwarning

        def tell(
            message: Warning | str,
            category: type[Warning],
            filename: str,
            lineno: int,
            file: TextIO | None = None,
            line: str | None = None,
        ) -> None:
            if issubclass(category, EarlierNameWarning):
                sys.stderr.write(f"tapwright: {message}\n")
            else:
                others(message, category, filename, lineno, file, line)

        warnings.showwarning = tell
        yield
