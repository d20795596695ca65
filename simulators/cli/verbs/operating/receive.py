"""``tapwright receive``: receives webhooks, verifies their signatures, and prints them."""

import argparse
import sys
from typing import TYPE_CHECKING

from simulators.cli.flags.arguments import Verbs, given_text
from simulators.cli.flags.server_address import UsageError, checked_port, port_taken

if TYPE_CHECKING:
    from simulators.listening.receiver import Receiver


def add(verbs: Verbs) -> None:
    """Its flags."""
    receive = verbs.add_parser(
        "receive",
        help="receive webhooks and verify their signatures",
        description="Receive webhooks, verify the signature of each (Standard Webhooks), and print one line for each, "
        "until Ctrl-C. A delivery with a valid signature is answered with 204, any other with 401. This is for trying "
        "webhooks out before there is a server of your own.",
    )
    receive.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    receive.add_argument("--port", type=int, default=9000, help="port to listen on (default: 9000; 0: a free port)")
    receive.add_argument(
        "--secret",
        required=True,
        help="the endpoint's secret, whsec_..., which was shown when it was added; - reads it from standard input",
    )
    receive.add_argument(
        "--json",
        action="store_true",
        help="print the bodies of valid deliveries as JSON, one line each; what is not valid goes to standard error",
    )
    receive.add_argument("--count", metavar="N", type=int, help="end after so many valid deliveries, with exit code 0")
    receive.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from simulators.listening.receiver import Receiver

    host, port = _checked_host(arguments.host), checked_port(arguments.port)
    if arguments.count is not None and arguments.count < 1:
        raise UsageError(f"--count {arguments.count}: must be at least 1")
    try:
        receiver = Receiver(host, port, given_text(arguments.secret).strip())
    except ValueError as error:
        raise UsageError(f"--secret: {error}") from None
    except OSError as error:
        sys.stderr.write(f"tapwright: {port_taken(port, error, host)}\n")
        return 1
    try:
        sys.stderr.write(f"tapwright: receiving webhooks at {receiver.url}; Ctrl-C ends it\n")
        return _print_deliveries(receiver, arguments.count, as_json=arguments.json)
    finally:
        receiver.close()


def _checked_host(text: str) -> str:
    """An address to listen on, IPv4 or IPv6. Raises: UsageError."""
    import ipaddress

    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise UsageError(f"--host {text!r} is not an address such as 127.0.0.1 or ::1") from None


def _print_deliveries(receiver: "Receiver", count: int | None, *, as_json: bool) -> int:
    """Until there were as many valid ones; for ever if count is None. Raises: KeyboardInterrupt saying how many."""
    from simulators.listening.delivery_lines import delivery_line, json_line

    valid = others = 0
    try:
        for delivery in receiver.deliveries():
            valid, others = valid + delivery.is_valid, others + (not delivery.is_valid)
            if as_json and delivery.is_valid:
                sys.stdout.write(f"{json_line(delivery.body)}\n")
            else:
                line = delivery_line(delivery.received_at, delivery.body, delivery.problem or "signature valid")
                (sys.stderr if as_json else sys.stdout).write(f"{line}\n")
            sys.stdout.flush()
            if valid == count:
                break
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"{valid} valid deliveries were received, and {others} others") from None
    return 0
