"""``tapwright terminal``: one payment at a terminal."""

import argparse
import ssl
from decimal import Decimal, InvalidOperation
from pathlib import Path

from simulators.cli.flags.arguments import Verbs, add_dialect, add_server
from simulators.cli.flags.output_file import checked_output
from simulators.cli.flags.server_address import UsageError, checked_address, checked_url
from simulators.process.did_you_mean import did_you_mean

_ACQUIRER_DIGITS = 11
_AMOUNT_MAX = 10**12 - 1
"""In minor units: DE 4 has 12 digits."""


def add(verbs: Verbs) -> None:
    """Its flags."""
    terminal = verbs.add_parser(
        "terminal",
        help="make one payment at a terminal",
        description="Pay at a contactless terminal that is connected to a running server, with a new phone or "
        "with a card on a PC/SC reader.",
    )
    terminal.add_argument("amount", help="amount in major units, such as 12.50")
    terminal.add_argument("--currency", default="EUR", help="ISO 4217 currency code (default: EUR)")
    terminal.add_argument(
        "--post", action="store_true", help="post the amount at once (0200) instead of holding it (0100)"
    )
    terminal.add_argument(
        "--pcsc",
        nargs="?",
        const="",
        metavar="READER",
        help="read the card on a PC/SC reader, given by a part of its name",
    )
    terminal.add_argument("--picture", type=Path, metavar="FILE", help="write the receipt as a picture (SVG)")
    terminal.add_argument("--trace", type=Path, metavar="FILE", help="write the messages as JSON lines")
    terminal.add_argument(
        "--acquirer", metavar="DE32", help="the terminal's acquirer (default: that of the sandbox's merchants)"
    )
    terminal.add_argument(
        "--tls-authorities",
        type=Path,
        metavar="FILE",
        help="use TLS; PEM file of the authorities that may issue the network's certificate",
    )
    terminal.add_argument(
        "--tls-certificate", type=Path, metavar="FILE", help="PEM file of the client certificate to present"
    )
    terminal.add_argument("--tls-key", type=Path, metavar="FILE", help="PEM file of the certificate's private key")
    add_server(terminal)
    add_dialect(terminal)
    terminal.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from simulators.cli.actions.terminal import PaymentOptions, run_payment
    from tokenvault.reference_data.currencies import CURRENCIES, NO_CURRENCY

    if arguments.currency not in CURRENCIES:
        raise UsageError(f"--currency {arguments.currency} {NO_CURRENCY}{did_you_mean(arguments.currency, CURRENCIES)}")
    exponent = CURRENCIES[arguments.currency].exponent
    try:
        minor = Decimal(arguments.amount).scaleb(exponent)
    except InvalidOperation:
        raise UsageError(f"amount {arguments.amount!r} is not an amount such as 12.50") from None
    if not minor.is_finite() or minor != int(minor) or not 0 <= minor <= _AMOUNT_MAX:
        raise UsageError(f"amount {arguments.amount}: {_range(arguments.currency, exponent)}")
    acquirer = arguments.acquirer
    if acquirer is not None and not (acquirer.isascii() and acquirer.isdecimal() and len(acquirer) <= _ACQUIRER_DIGITS):
        raise UsageError(f"--acquirer {acquirer} is not 1 to {_ACQUIRER_DIGITS} digits")
    return run_payment(
        PaymentOptions(
            int(minor),
            arguments.currency,
            checked_url(arguments.url),
            checked_address(arguments.iso, "--iso"),
            arguments.dialect,
            arguments.pcsc,
            arguments.post,
            checked_output(arguments.picture, "--picture"),
            checked_output(arguments.trace, "--trace"),
            acquirer,
            _line_tls(arguments),
        )
    )


def _range(currency: str, exponent: int) -> str:
    """What an amount in a currency may be."""
    decimals = f"with at most {exponent} decimal{'' if exponent == 1 else 's'}" if exponent else "without decimals"
    return f"an amount in {currency} is from 0 to {Decimal(_AMOUNT_MAX).scaleb(-exponent):,}, {decimals}"


def _line_tls(arguments: argparse.Namespace) -> "ssl.SSLContext | None":
    """The TLS of the connection to the network; None for a connection without TLS. Raises: UsageError."""
    from simulators.sandbox.settings.connection_settings import client_context

    if arguments.tls_authorities is None:
        if arguments.tls_certificate is not None or arguments.tls_key is not None:
            raise UsageError("--tls-certificate and --tls-key require --tls-authorities")
        return None
    try:
        return client_context(arguments.tls_authorities, arguments.tls_certificate, arguments.tls_key)
    except ValueError as error:
        raise UsageError(f"TLS: {error}") from None
