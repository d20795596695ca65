"""Reports options and settings that were given by an earlier name, one line each, on standard error."""

import argparse
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TextIO

from simulators.compatibility.earlier_names import EarlierNameWarning, warn_of_earlier_name


class EarlierFlag(argparse.Action):
    """A flag under its earlier name: does what the flag ``now`` does, with a warning, and is not listed in the help."""

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
def earlier_names_reported() -> Iterator[None]:
    """Write warnings of earlier names to standard error: Python shows such warnings in tests only."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", EarlierNameWarning)
        others = warnings.showwarning

        def report(
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

        warnings.showwarning = report
        yield
