"""``tapwright bank``: days, payments, statements and books of accounts with a product."""

import argparse
from collections.abc import Callable
from pathlib import Path

from simulators.cli.bank.accounts import run_books, run_pay, run_statement
from simulators.cli.bank.closing import add_flags, run_close
from simulators.cli.flags.arguments import Verbs
from simulators.cli.flags.server_address import UsageError, default_url

_ACTIONS: dict[str, Callable[[argparse.Namespace], int]] = {
    "close": run_close,
    "books": run_books,
    "statement": run_statement,
    "pay": run_pay,
}
"""In the order of the help."""

_OF_ALL_ACCOUNTS = ("close", "books")


def add(verbs: Verbs) -> None:
    """Its flags."""
    bank = verbs.add_parser(
        "bank",
        help="close days, pay accounts, show statements, prove the books",
        description="Work with accounts that have a product on a running server: close days, receive a payment, print "
        "a statement, or add up all books and prove that they are in balance.",
    )
    bank.add_argument(
        "action",
        choices=[*_ACTIONS],
        help="close: set the server's clock forward to the end of a day, and close all days up to it; books: add up "
        "the books of all accounts; statement: print a statement of an account; pay: receive a payment of an account",
    )
    bank.add_argument("account", metavar="ACCOUNT", nargs="?", help="statement and pay: the account, acct_...")
    bank.add_argument(
        "what",
        metavar="DATE|AMOUNT",
        nargs="?",
        help="statement: the day on which it was cut, such as 2027-01-05 (default: the newest statement); pay: an "
        "amount in major units, such as 300.00, or what is left of the last statement: minimum or closing",
    )
    add_flags(bank)
    bank.add_argument(
        "--pdf",
        type=Path,
        metavar="FILE",
        help="statement: write it as PDF, as a bank would send it, instead of printing it",
    )
    bank.add_argument(
        "--url", default=default_url(), help="the server (default: TAPWRIGHT_URL, else http://127.0.0.1:8420)"
    )
    bank.add_argument(
        "--api-key",
        metavar="KEY",
        help="an API key with the scope issuer or sandbox; close and books: sandbox (default: the sandbox's own)",
    )
    bank.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    action = arguments.action
    if action in _OF_ALL_ACCOUNTS and arguments.account is not None:
        raise UsageError(f"bank {action} is about all accounts: leave out {arguments.account}")
    if action != "close" and arguments.until is not None:
        raise UsageError("--until is for `tapwright bank close`")
    if action != "statement" and arguments.pdf is not None:
        raise UsageError("--pdf is for `tapwright bank statement`")
    return _ACTIONS[action](arguments)
