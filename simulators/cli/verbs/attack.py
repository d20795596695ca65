"""``tapwright attack``: attack simulation."""

import argparse

from simulators.cli.arguments import Verbs, named_server
from simulators.cli.server_address import UsageError, default_iso
from simulators.process.did_you_mean import did_you_mean


def add(verbs: Verbs) -> None:
    """Its flags."""
    attack = verbs.add_parser(
        "attack",
        help="let thieves try, and see why they are refused",
        description="Try attacks in seeded variations on a fresh server, or on the one that --url names. "
        "Exit code 1 where anything gets through.",
    )
    attack.add_argument("names", nargs="*", metavar="NAME", help="which attacks (all): see docs/qa-guide.md")
    attack.add_argument("--variations", type=int, default=100, help="how often each is tried (100)")
    attack.add_argument("--seed", type=int, default=1, help="of the variations (1)")
    attack.add_argument(
        "--url",
        nargs="?",
        const="",
        help="attack this server, whose clock may be moved; that of TAPWRIGHT_URL without a value",
    )
    attack.add_argument(
        "--iso", default=default_iso(), help="its ISO 8583 port (TAPWRIGHT_ISO8583, else 127.0.0.1:8583)"
    )
    attack.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from simulators.attackers.catalogue import ATTACKS
    from simulators.cli.actions.attack import run_attacks
    from simulators.process.logging_setup import configure_logging

    unknown = [name for name in arguments.names if name not in ATTACKS]
    if unknown:
        mean = did_you_mean(unknown[0], ATTACKS)
        raise UsageError(f"there is no attack {unknown[0]}; there are {', '.join(ATTACKS)}{mean}")
    if arguments.variations < 1:
        raise UsageError(f"--variations {arguments.variations}: at least 1")
    configure_logging("error", "console")
    server = named_server(arguments)
    return run_attacks(arguments.names or list(ATTACKS), arguments.variations, arguments.seed, server)
