"""The command line: its verbs, and the handling of their errors."""

import argparse
import os
import sys
from collections.abc import Sequence

from authz.network.warmth import is_warm
from simulators.cli.command_parser import CommandParser
from simulators.cli.flags.earlier_names import earlier_names_reported
from simulators.cli.flags.server_address import UsageError
from simulators.cli.verbs.operating import (
    bank,
    completion,
    doctor,
    explain,
    journal,
    listen,
    logs,
    receive,
    serve,
    snapshot,
    vault,
    warm_up,
)
from simulators.cli.verbs.testing import (
    attack,
    bench,
    demo,
    emv,
    iso,
    phone,
    recordings,
    scenario,
    switch,
    terminal,
    trigger,
)
from simulators.cli.welcome import ShowVersion, welcome
from simulators.process.compilation_notice import compilation_announced

_VERBS = (
    serve,
    demo,
    listen,
    logs,
    receive,
    trigger,
    explain,
    snapshot,
    bank,
    journal,
    vault,
    doctor,
    warm_up,
    scenario,
    attack,
    terminal,
    phone,
    iso,
    emv,
    recordings,
    switch,
    bench,
    completion,
)
"""In the order of the help: the server and its data first, then the test kit."""


def argument_parser() -> argparse.ArgumentParser:
    """All verbs and their flags; without a verb, the short help."""
    parser: argparse.ArgumentParser = CommandParser(
        prog="tapwright",
        description="A payment network in a box: token vault, authorization engine, simulated phones and terminals.",
    )
    parser.add_argument("--version", action=ShowVersion, help="show the version and exit")
    parser.set_defaults(run=welcome, needs_engine=lambda _arguments: False, parser=parser)
    verbs = parser.add_subparsers(dest="verb", metavar="COMMAND")
    for verb in _VERBS:
        verb.add(verbs)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; returns the process's exit code."""
    try:
        with earlier_names_reported(), compilation_announced() as notice:
            arguments = argument_parser().parse_args(argv)
            if arguments.needs_engine(arguments) and not is_warm():
                notice.expect()  # at once: loading the compiler takes seconds on some machines
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
    except KeyboardInterrupt as interrupted:
        done = str(interrupted)  # what a verb had done by then, where it says so
        sys.stderr.write(f"\ntapwright: interrupted{': ' if done else ''}{done}\n")
        return 130


if __name__ == "__main__":
    sys.exit(main())
