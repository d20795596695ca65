"""The command line: its verbs, and the handling of their errors."""

import argparse
import os
import sys
from collections.abc import Sequence

from simulators.cli.flags.earlier_names import earlier_names_reported
from simulators.cli.flags.server_address import UsageError
from simulators.cli.verbs import (
    attack,
    bench,
    demo,
    doctor,
    emv,
    explain,
    iso,
    journal,
    phone,
    recordings,
    scenario,
    serve,
    switch,
    terminal,
    vault,
)
from simulators.process.compilation_notice import compilation_announced

_VERBS = (
    serve,
    demo,
    explain,
    journal,
    vault,
    doctor,
    scenario,
    attack,
    terminal,
    phone,
    iso,
    emv,
    recordings,
    switch,
    bench,
)
"""In the order of the help: the server and its data first, then the test kit."""


def argument_parser() -> argparse.ArgumentParser:
    """All verbs and their flags."""
    parser = argparse.ArgumentParser(
        prog="tapwright",
        description="A payment network in a box: token vault, authorization engine, simulated phones and terminals.",
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for verb in _VERBS:
        verb.add(verbs)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; returns the process's exit code."""
    try:
        with earlier_names_reported(), compilation_announced():
            arguments = argument_parser().parse_args(argv)
            return int(arguments.run(arguments))
    except UsageError as error:
        sys.stderr.write(f"tapwright: {error}\n")
        return 2
    except BrokenPipeError:  # who reads has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        where = "" if error.filename is None else f"{error.filename}: "
        sys.stderr.write(f"tapwright: {where}{(error.strerror or str(error)).lower()}\n")
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
