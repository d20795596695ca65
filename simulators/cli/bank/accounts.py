"""``tapwright bank books``, ``statement`` and ``pay``: what they ask a server, and what they print."""

import argparse
import sys
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from simulators.cli.flags.output_file import checked_output
from simulators.cli.flags.server_address import UsageError, checked_api_key, checked_url, no_server

if TYPE_CHECKING:
    from simulators.parties.bank_client import BankClient

_DUES = ("minimum", "closing")


def run_books(arguments: argparse.Namespace) -> int:
    """Add up all books; returns the exit code. Raises: UsageError."""
    return _run(_books, arguments)


def run_statement(arguments: argparse.Namespace) -> int:
    """Print a statement; returns the exit code. Raises: UsageError."""
    return _run(_statement, arguments)


def run_pay(arguments: argparse.Namespace) -> int:
    """Have an account receive a payment; returns the exit code. Raises: UsageError."""
    return _run(_pay, arguments)


def _run(lines: Callable[["BankClient", argparse.Namespace], Iterable[str]], arguments: argparse.Namespace) -> int:
    """Print what an action has to say."""
    import httpx

    from simulators.parties.bank_client import BankClient
    from simulators.parties.issuer_client import Issuer, IssuerRefused

    url, api_key = checked_url(arguments.url), checked_api_key(arguments.api_key)
    _check_arguments(arguments)
    checked_output(arguments.pdf, "--pdf")
    try:
        with BankClient(Issuer(url, api_key)) as client:
            for line in lines(client, arguments):
                sys.stdout.write(f"{line}\n")
    except httpx.TransportError as error:
        sys.stderr.write(f"tapwright: {no_server(arguments.url, error)}\n")
        return 1
    except IssuerRefused as error:
        sys.stderr.write(f"tapwright: {error}\n")
        return 1
    return 0


def _check_arguments(arguments: argparse.Namespace) -> None:
    """Whether an action has what it needs, and nothing else. Raises: UsageError."""
    from tokenvault.vocabulary.errors import NotFound
    from tokenvault.vocabulary.identifiers import Prefix, to_number

    action, account, what = arguments.action, arguments.account, arguments.what
    if action == "books":
        return
    if not account:
        raise UsageError(f"bank {action} needs an account: tapwright bank {action} ACCOUNT")
    try:
        to_number(Prefix.ACCOUNT, account)
    except NotFound as error:
        raise UsageError(f"ACCOUNT: {error}") from None
    if action == "pay" and what is None:
        raise UsageError("bank pay needs an amount: tapwright bank pay ACCOUNT AMOUNT")
    if action == "statement" and what is not None and not _is_date(what):
        raise UsageError(f"DATE {what!r} is not a date such as 2027-01-05")
    if action == "pay" and what not in _DUES:
        _amount(what)


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _amount(text: str) -> Decimal:
    """An amount in major units; whether it is too great in minor units the server says. Raises: UsageError."""
    from authz.program.terms import AMOUNT_MAX

    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise UsageError(f"AMOUNT {text!r} is not an amount such as 300.00, minimum or closing") from None
    if not amount.is_finite() or amount <= 0:
        raise UsageError(f"AMOUNT {text}: must be more than 0")
    if amount > AMOUNT_MAX:
        raise UsageError(f"AMOUNT {text}: must be at most {AMOUNT_MAX}")
    return amount


def _books(client: "BankClient", _arguments: argparse.Namespace) -> Iterable[str]:
    """The sums of all books. Raises: IssuerRefused."""
    from simulators.cli.bank.tables import books_lines

    return books_lines(client.books())


def _statement(client: "BankClient", arguments: argparse.Namespace) -> Iterable[str]:
    """A statement. Raises: IssuerRefused."""
    from simulators.cli.bank.tables import statement_lines

    if arguments.pdf is not None:
        return [_written(client.statement_pdf(arguments.account, arguments.what), arguments)]
    statement = client.statement(arguments.account, arguments.what)
    if statement is None:
        return [f"{arguments.account} has no statement yet"]
    return statement_lines(statement)


def _written(document: bytes | None, arguments: argparse.Namespace) -> str:
    """What was written where. Raises: UsageError."""
    if document is None:
        return f"{arguments.account} has no statement yet"
    try:
        arguments.pdf.write_bytes(document)
    except OSError as error:
        raise UsageError(f"--pdf {arguments.pdf}: {error.strerror}") from None
    return f"{arguments.pdf}: {len(document):,} bytes"


def _pay(client: "BankClient", arguments: argparse.Namespace) -> Iterable[str]:
    """The payment that was received. Raises: IssuerRefused, UsageError."""
    from tokenvault.reference_data.currencies import CURRENCIES, major_text

    account = arguments.account
    if arguments.what in _DUES:
        minor = client.left_to_pay(account, arguments.what)
        if minor <= 0:
            return [f"nothing is left to pay of the {arguments.what}"]
    else:
        currency = client.account(account)["currency"]
        exact = _amount(arguments.what).scaleb(CURRENCIES[currency].exponent)
        if exact != exact.to_integral_value():
            raise UsageError(
                f"AMOUNT {arguments.what}: {currency} has {CURRENCIES[currency].exponent or 'no'} decimals"
            )
        minor = int(exact)
    payment = client.pay(account, minor)
    currency = payment["currency"]
    amount, owed, available = (
        major_text(payment[name], currency) for name in ("amount", "posted_balance", "available")
    )
    return [f"{payment['id']}: received {amount} {currency}; owed {owed}, available {available}"]
