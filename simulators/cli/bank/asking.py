"""What the actions of ``tapwright bank`` about accounts share: a server is asked, and its answer printed."""

import argparse
import sys
from collections.abc import Callable, Iterable
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from simulators.cli.flags.server_address import UsageError, checked_api_key, checked_url, no_server

if TYPE_CHECKING:
    from simulators.parties.bank_client import BankClient
    from tokenvault.vocabulary.identifiers import Prefix

_SECONDS_MAX = 3_600.0
"""How long an answer may take: a relief of many accounts, or a program before which days are closed, takes minutes."""

Lines = Callable[["BankClient", argparse.Namespace], Iterable[str]]
"""Asks a server, and says what came of it. Raises: IssuerRefused, UsageError."""


def run(lines: Lines, arguments: argparse.Namespace) -> int:
    """Print what an action has to say; returns the exit code. Raises: UsageError."""
    import httpx

    from simulators.parties.bank_client import BankClient
    from simulators.parties.issuer_client import Issuer, IssuerRefused

    url, api_key = checked_url(arguments.url), checked_api_key(arguments.api_key)
    try:
        with BankClient(Issuer(url, api_key, seconds_max=_SECONDS_MAX)) as client:
            for line in lines(client, arguments):
                sys.stdout.write(f"{line}\n")
    except httpx.TransportError as error:
        sys.stderr.write(f"tapwright: {no_server(arguments.url, error)}\n")
        return 1
    except IssuerRefused as error:
        sys.stderr.write(f"tapwright: {error}\n")
        return 1
    return 0


def check_account(arguments: argparse.Namespace) -> None:
    """Whether an account is named. Raises: UsageError."""
    from tokenvault.vocabulary.identifiers import Prefix

    if not arguments.account:
        raise UsageError(f"bank {arguments.action} needs an account: tapwright bank {arguments.action} ACCOUNT")
    check_identifier(Prefix.ACCOUNT, arguments.account, "ACCOUNT")


def check_identifier(prefix: "Prefix", text: str, argument: str) -> None:
    """Whether a text can be an identifier of this kind. Raises: UsageError."""
    from tokenvault.vocabulary.errors import NotFound
    from tokenvault.vocabulary.identifiers import to_number

    try:
        to_number(prefix, text)
    except NotFound as error:
        raise UsageError(f"{argument}: {error}") from None


def amount_of(text: str, argument: str, or_else: str = "") -> Decimal:
    """An amount in major units; whether it is too great in minor units the server says.

    argument: its name.  or_else: what could stand there, too.  Raises: UsageError.
    """
    from authz.program.parts import AMOUNT_MAX

    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise UsageError(f"{argument} {text!r} is not an amount such as 300.00{or_else}") from None
    if not amount.is_finite() or amount <= 0:
        raise UsageError(f"{argument} {text}: must be more than 0")
    if amount > AMOUNT_MAX:
        raise UsageError(f"{argument} {text}: must be at most {AMOUNT_MAX}")
    return amount


def minor_of(amount: Decimal, currency: str, argument: str) -> int:
    """An amount in minor units of a currency. argument: its name.  Raises: UsageError if it has more decimals."""
    from tokenvault.reference_data.currencies import CURRENCIES

    exponent = CURRENCIES[currency].exponent
    exact = amount.scaleb(exponent)
    if exact != exact.to_integral_value():
        raise UsageError(f"{argument} {amount}: {currency} has {exponent or 'no'} decimals")
    return int(exact)
