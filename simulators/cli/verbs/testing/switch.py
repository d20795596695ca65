"""``tapwright switch``: routes acquirers to several issuers."""

import argparse

from simulators.cli.flags.arguments import Verbs
from simulators.cli.flags.server_address import UsageError, checked_port


def add(verbs: Verbs) -> None:
    """Its flags."""
    switch = verbs.add_parser(
        "switch",
        help="route acquirers to several issuers",
        description="Accept messages from acquirers and route each to an issuer by the first digits of the PAN.",
    )
    switch.add_argument(
        "--route",
        action="append",
        required=True,
        metavar="DIGITS=HOST:PORT",
        help="issuer for PANs with these first digits; can be given several times",
    )
    switch.add_argument(
        "--port", type=int, default=8594, help="port that acquirers connect to (default: 8594; 0: a free port)"
    )
    switch.add_argument(
        "--acquirer",
        metavar="DE32",
        action="append",
        default=[],
        help="DE 32 of an accepted acquirer; can be given several times (default: all)",
    )
    switch.add_argument(
        "--stand-in",
        metavar="AMOUNT",
        type=int,
        default=0,
        help="stand-in limit while an issuer is unavailable, in minor units (default: 0)",
    )
    switch.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from simulators.cli.actions.switch import route_of, run_switch

    try:
        routes = [route_of(text) for text in arguments.route]
    except ValueError as error:
        raise UsageError(f"--route {error}") from None
    if arguments.stand_in < 0:
        raise UsageError(f"--stand-in {arguments.stand_in}: must be 0 or more minor units")
    return run_switch(routes, checked_port(arguments.port), arguments.acquirer, arguments.stand_in)
