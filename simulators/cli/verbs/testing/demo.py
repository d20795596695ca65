"""``tapwright demo``: a payment, declined attacks, and recovery after a crash."""

import argparse
import sys
from pathlib import Path

from simulators.cli.flags.arguments import Verbs


def add(verbs: Verbs) -> None:
    """Its flags."""
    demo = verbs.add_parser(
        "demo",
        help="show a payment, declined attacks, and recovery after a server crash",
        description="Start a server, provision a card to a phone and pay at a terminal; show why a forged cryptogram, "
        "a replayed one and an amount above the limit are declined; kill the server and compare the balances.",
    )
    demo.add_argument(
        "--data-dir", metavar="DIR", type=Path, help="keep the data in this directory (default: a temporary directory)"
    )
    demo.set_defaults(run=_run, needs_engine=lambda _arguments: True)


def _run(arguments: argparse.Namespace) -> int:
    from rich.console import Console

    from simulators.cli.actions.demo import DemoFailed, run_demo
    from simulators.process.server_process import ServerDidNotStart
    from simulators.terminals.iso_link import LinkError

    try:
        run_demo(Console(), arguments.data_dir)
    except (DemoFailed, LinkError, ServerDidNotStart) as error:
        sys.stderr.write(f"tapwright: {error}\n")
        return 1
    return 0
