"""``tapwright attack``: attack simulation."""

import argparse

from simulators.cli.flags.arguments import Verbs, named_server
from simulators.cli.flags.server_address import UsageError, default_iso
from simulators.process.did_you_mean import did_you_mean


def add(verbs: Verbs) -> None:
    """Its flags."""
    attack = verbs.add_parser(
        "attack",
        help="run attack simulations and show why each attempt is refused",
        description="Run attack simulations in seeded variations on a fresh server, or on the server at "
        "--url. The exit code is 1 if any attempt succeeds.",
    )
    attack.add_argument("names", nargs="*", metavar="NAME", help="attacks to run (default: all); see docs/qa-guide.md")
    attack.add_argument("--variations", type=int, default=100, help="number of attempts of each attack (default: 100)")
    attack.add_argument("--seed", type=int, default=1, help="seed of the variations (default: 1)")
    attack.add_argument(
        "--url",
        nargs="?",
        const="",
        help="run on this server, whose clock may be set forward; without a value, on the server at TAPWRIGHT_URL",
    )
    attack.add_argument(
        "--iso",
        metavar="HOST:PORT",
        default=default_iso(),
        help="the server's ISO 8583 port (default: TAPWRIGHT_ISO8583, else 127.0.0.1:8583)",
    )
    attack.set_defaults(run=_run, needs_engine=lambda arguments: arguments.url is None)


def _run(arguments: argparse.Namespace) -> int:
    from simulators.attackers.catalogue import ATTACKS
    from simulators.cli.actions.attack import run_attacks
    from simulators.process.logging_setup import configure_logging

    unknown = [name for name in arguments.names if name not in ATTACKS]
    if unknown:
        mean = did_you_mean(unknown[0], ATTACKS)
        raise UsageError(f"there is no attack {unknown[0]}; there are {', '.join(ATTACKS)}{mean}")
    if arguments.variations < 1:
        raise UsageError(f"--variations {arguments.variations}: must be at least 1")
    configure_logging("error", "console")
    server = named_server(arguments)
    return run_attacks(arguments.names or list(ATTACKS), arguments.variations, arguments.seed, server)
