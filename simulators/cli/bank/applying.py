"""``tapwright bank apply``, ``applications`` and ``answer-application``: applying for a card, and the desk."""

import argparse
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from simulators.cli.bank.asking import amount_of, check_identifier, minor_of, run
from simulators.cli.flags.server_address import UsageError

if TYPE_CHECKING:
    from simulators.parties.bank_client import BankClient

_STATES = ("approved", "declined", "in_review", "expired")
_ANSWERS = ("approved", "declined")
_AGE = 30
_CITY, _CHANNEL, _PRODUCT = "Shanghai", "app", 1


def add_applying_flags(bank: argparse.ArgumentParser) -> None:
    """The flags of these actions, beside those that others have too."""
    bank.add_argument(
        "--score", metavar="N", type=int, help="apply, without CUSTOMER: the credit bureau's score of the new customer"
    )
    bank.add_argument("--city", help=f"apply: where the customer lives (default: {_CITY})")
    bank.add_argument("--channel", help=f"apply: where the customer applies (default: {_CHANNEL})")
    bank.add_argument(
        "--cut-day",
        metavar="DAY",
        type=int,
        help="apply: the day of the month on which statements are cut (default: 1)",
    )
    bank.add_argument("--state", choices=_STATES, help="applications: only those in this state (default: all)")
    bank.add_argument(
        "--credit-limit",
        metavar="AMOUNT",
        help="answer-application: the limit that is granted, in major units (default: the application's own)",
    )


def run_apply(arguments: argparse.Namespace) -> int:
    """Apply for a card; returns the exit code. Raises: UsageError."""
    from tokenvault.customers.identity import SCORES
    from tokenvault.vocabulary.identifiers import Prefix

    if arguments.account is not None:
        check_identifier(Prefix.CUSTOMER, arguments.account, "CUSTOMER")
        if arguments.score is not None:
            raise UsageError("--score is for new customers: leave out CUSTOMER")
    elif arguments.score is not None and arguments.score not in SCORES:
        raise UsageError(f"--score {arguments.score}: must be from {SCORES[0]} to {SCORES[-1]}")
    return run(_apply, arguments)


def run_applications(arguments: argparse.Namespace) -> int:
    """Print the newest applications; returns the exit code. Raises: UsageError."""
    return run(_applications, arguments)


def run_answer_application(arguments: argparse.Namespace) -> int:
    """Answer an application as the desk; returns the exit code. Raises: UsageError."""
    from tokenvault.vocabulary.identifiers import Prefix

    if arguments.account is None or arguments.what not in _ANSWERS:
        raise UsageError(
            f"bank answer-application needs an application and {' or '.join(_ANSWERS)}: "
            "tapwright bank answer-application APPLICATION approved"
        )
    check_identifier(Prefix.APPLICATION, arguments.account, "APPLICATION")
    if arguments.credit_limit is not None:
        if arguments.what == "declined":
            raise UsageError("--credit-limit is for approvals")
        amount_of(arguments.credit_limit, "--credit-limit")
    return run(_answer_application, arguments)


def _apply(client: "BankClient", arguments: argparse.Namespace) -> Iterable[str]:
    """What became of it. Raises: IssuerRefused."""
    from datetime import UTC, datetime

    from simulators.parties.applicants import birth_date, document_number

    customer = arguments.account
    if customer is None:
        born = birth_date(_AGE, datetime.now(UTC).date())
        customer = client.register_customer(document_number(arguments.score), born)["id"]
    decided = client.apply(
        customer,
        product=_PRODUCT if arguments.product is None else arguments.product,
        city=arguments.city or _CITY,
        channel=arguments.channel or _CHANNEL,
        cut_day=arguments.cut_day,
    )
    return _lines(decided)


def _applications(client: "BankClient", arguments: argparse.Namespace) -> Iterable[str]:
    """The newest, at most a hundred. Raises: IssuerRefused."""
    found = client.applications(arguments.state)
    return [_line(each) for each in found] or ["no applications"]


def _answer_application(client: "BankClient", arguments: argparse.Namespace) -> Iterable[str]:
    """What became of it. Raises: IssuerRefused, UsageError."""
    limit = None
    if arguments.credit_limit is not None:
        currency = client.application(arguments.account)["currency"]
        limit = minor_of(amount_of(arguments.credit_limit, "--credit-limit"), currency, "--credit-limit")
    return _lines(client.answer_application(arguments.account, arguments.what, limit))


def _lines(decided: dict[str, Any]) -> Iterable[str]:
    """An application; of an approval with what was opened, and the payload that puts the card into a phone."""
    yield _line(decided)
    if decided["push_payload"] is not None:
        yield f"{decided['account_id']}, {decided['card_id']}"
        yield decided["push_payload"]


def _line(application: dict[str, Any]) -> str:
    from tokenvault.reference_data.currencies import major_text

    told = (
        f"{application['id']}: {application['customer_id']}, product {application['product']}, {application['state']}"
    )
    if application["reasons"]:
        told += f" ({', '.join(application['reasons'])})"
    if application["credit_limit"] is not None:
        told += f", {major_text(application['credit_limit'], application['currency'])} {application['currency']}"
    return told
