"""``tapwright bank books``, ``statement`` and ``pay``: what they ask a server, and what they print."""

import argparse
from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

from simulators.cli.bank.asking import amount_of, check_account, minor_of, run
from simulators.cli.flags.output_file import checked_output
from simulators.cli.flags.server_address import UsageError

if TYPE_CHECKING:
    from simulators.parties.bank_client import BankClient

_DUES = ("minimum", "closing")
_OR_A_DUE = ", minimum or closing"


def run_books(arguments: argparse.Namespace) -> int:
    """Add up all books; returns the exit code. Raises: UsageError."""
    return run(_books, arguments)


def run_statement(arguments: argparse.Namespace) -> int:
    """Print a statement; returns the exit code. Raises: UsageError."""
    check_account(arguments)
    if arguments.what is not None and not _is_date(arguments.what):
        raise UsageError(f"DATE {arguments.what!r} is not a date such as 2027-01-05")
    checked_output(arguments.pdf, "--pdf")
    return run(_statement, arguments)


def run_pay(arguments: argparse.Namespace) -> int:
    """Have an account receive a payment; returns the exit code. Raises: UsageError."""
    check_account(arguments)
    if arguments.what is None:
        raise UsageError("bank pay needs an amount: tapwright bank pay ACCOUNT AMOUNT")
    if arguments.what not in _DUES:
        amount_of(arguments.what, "AMOUNT", _OR_A_DUE)
    return run(_pay, arguments)


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


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
    from tokenvault.reference_data.currencies import major_text

    account = arguments.account
    if arguments.what in _DUES:
        minor = client.left_to_pay(account, arguments.what)
        if minor <= 0:
            return [f"nothing is left to pay of the {arguments.what}"]
    else:
        currency = client.account(account)["currency"]
        minor = minor_of(amount_of(arguments.what, "AMOUNT"), currency, "AMOUNT")
    payment = client.pay(account, minor)
    currency = payment["currency"]
    amount, owed, available = (
        major_text(payment[name], currency) for name in ("amount", "posted_balance", "available")
    )
    return [f"{payment['id']}: received {amount} {currency}; owed {owed}, available {available}"]
