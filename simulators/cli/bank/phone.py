"""``tapwright bank phone``: what a simulated phone shows of its account, as lines of text."""

import argparse
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from simulators.cli.bank.asking import check_identifier, run
from simulators.cli.bank.tables import printable
from simulators.cli.flags.server_address import UsageError
from tokenvault.reference_data.currencies import major_text

if TYPE_CHECKING:
    from simulators.parties.bank_client import BankClient

Section = dict[str, Any]


def run_phone(arguments: argparse.Namespace) -> int:
    """Print what a simulated phone shows; returns the exit code. Raises: UsageError."""
    from tokenvault.vocabulary.identifiers import Prefix

    if not arguments.account:
        raise UsageError("bank phone needs a simulated phone: tapwright bank phone PHONE")
    check_identifier(Prefix.SIMULATED_PHONE, arguments.account, "PHONE")
    return run(_phone, arguments)


def _phone(client: "BankClient", arguments: argparse.Namespace) -> Iterable[str]:
    """What it shows. Raises: IssuerRefused."""
    return phone_lines(client.shown_on_phone(arguments.account))


def phone_lines(shown: dict[str, Any]) -> Iterator[str]:
    """What a phone shows, as the API has it, from top to bottom; amounts in major units."""
    for section in shown["sections"]:
        name = section["section"]
        for line in _LINES[name](section, shown["currency"]) if name in _LINES else ("",):
            yield f"{name:<13}{line}".rstrip()


def _card(section: Section, _currency: str) -> Iterator[str]:
    by = f" by {', '.join(section['suspended_by'])}" if section["suspended_by"] else ""
    name = printable(section["art"]["name"])
    yield f"{name} {section['card_last4']}, token {section['token_last4']}: {section['token_state']}{by}"


def _credit(section: Section, currency: str) -> Iterator[str]:
    available, limit, posted, held = (
        major_text(section[name], currency) for name in ("available", "credit_limit", "posted", "held")
    )
    yield f"{available} of {limit} {currency} available; {posted} owed, {held} held"


def _bill(section: Section, currency: str) -> Iterator[str]:
    minimum, closing = (major_text(section[name], currency) for name in ("minimum_due", "statement_due"))
    if section["due_day"] is not None:
        yield f"{minimum} of {closing} {currency} due by {section['due_day']}"
    elif section["minimum_due"] or section["statement_due"]:
        yield f"{minimum} of {closing} {currency} past due"
    else:
        yield "nothing is due"
    for due in section["ahead"]:
        yield f"{due['day']}: {major_text(due['minimum'], currency)} will be due by {due['due_day']}"


def _units(section: Section, _currency: str) -> Iterator[str]:
    for held in section["data"]:
        last = [each["until"] for each in held["holdings"] if each["until"]]
        until = f", the first until {min(last)}" if last else ""
        yield f"{held['balance']:,} of {held['unit'] or held['number']}{until}"
    if not section["data"]:
        yield "none"


def _plans(section: Section, currency: str) -> Iterator[str]:
    for plan in section["data"]:
        left, principal = (major_text(plan[name], currency) for name in ("left", "principal"))
        yield f"{plan['id']}: {left} of {principal} {currency} to come, {plan['billed']} of {plan['months']} billed"
    if not section["data"]:
        yield "none"


def _postings(section: Section, currency: str) -> Iterator[str]:
    for posting in section["data"]:
        amount, kind = major_text(posting["amount"], currency), posting["kind"].replace("_", " ")
        yield f"{posting['day']} {kind:<16}{amount:>14}  {printable(posting['merchant_name'] or '')}".rstrip()
    if not section["data"]:
        yield "none"


_LINES: dict[str, Callable[[Section, str], Iterator[str]]] = {
    "card": _card,
    "credit": _credit,
    "bill": _bill,
    "units": _units,
    "plans": _plans,
    "postings": _postings,
}
"""By section; one that is not here is named, and no more."""
