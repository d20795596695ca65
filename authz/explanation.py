"""Why a command was decided as it was: replayed to that one command, told check by check."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from authz.checks import Check
from authz.commands import CardState, Channel, CryptogramOutcome, Kind, Records, TokenState
from authz.journal import JournalReader
from authz.reasons import Reason
from authz.replay import replayed_command
from tokenvault.currencies import CURRENCY_BY_NUMBER, amount_text
from tokenvault.errors import NotFound
from tokenvault.identifiers import Prefix, to_number, to_text


@dataclass(frozen=True)
class CheckOutcome:
    """One check: what it looked at, the bound it held that against, and what it said.

    outcome: "passed", "failed", or "not_reached" where an earlier check had decided.
    """

    name: str
    saw: str
    bound: str
    outcome: str
    reason: str | None


@dataclass(frozen=True)
class Explanation:
    """One decided authorization or reversal. Amounts in minor units; time_us in Unix microseconds."""

    id: str
    kind: str
    sequence: int
    time_us: int
    approved: bool
    reason: Reason
    approval_code: str | None
    account_id: str | None
    token_id: str | None
    token_last4: str
    amount_minor: int
    currency: str
    channel: Channel
    merchant: str
    merchant_category: str
    terminal: str
    stan: str
    retrieval_reference: str
    atc: int
    available_minor: int
    checks: tuple[CheckOutcome, ...]


_CHECKS_OF = {
    Kind.AUTHORIZE: tuple(check for check in Check if check < Check.ORIGINAL),
    Kind.REVERSE: (Check.TOKEN, Check.ORIGINAL, Check.ORIGINAL_AMOUNT),
}


def explain(journal: JournalReader, authorization_id: str) -> Explanation:
    """Explain one authorization or reversal by replay.

    Raises: NotFound if the journal holds no such decision.
    """
    sequence = to_number(Prefix.AUTHORIZATION, authorization_id)
    found = replayed_command(journal, sequence)
    if found is None or int(found[0]["kind"]) not in _CHECKS_OF:
        raise NotFound(f"there is no authorization {authorization_id}")
    return _told(*found)


def _told(command: np.void, result: np.void, findings: Records) -> Explanation:
    kind, reason = Kind(command["kind"]), Reason(result["reason"])
    approved = reason is Reason.APPROVED
    currency = _currency(int(command["currency"]))
    account, token = int(result["account_id"]), int(command["token_id"])
    return Explanation(
        id=to_text(Prefix.AUTHORIZATION, int(result["sequence"])),
        kind="authorization" if kind is Kind.AUTHORIZE else "reversal",
        sequence=int(result["sequence"]),
        time_us=int(command["time_us"]),
        approved=approved,
        reason=reason,
        approval_code=f"{int(result['approval_code']):06d}" if approved else None,
        account_id=to_text(Prefix.ACCOUNT, account) if account else None,
        token_id=to_text(Prefix.TOKEN, token) if token else None,
        token_last4=f"{int(command['token_pan']):04d}"[-4:],
        amount_minor=int(command["amount_minor"]),
        currency=currency,
        channel=Channel(command["channel"]),
        merchant=_text(command["merchant"]),
        merchant_category=f"{int(command['merchant_category']):04d}",
        terminal=_text(command["terminal"]),
        stan=f"{int(command['stan']):06d}",
        retrieval_reference=_text(command["retrieval_reference"]),
        atc=int(command["atc"]),
        available_minor=int(result["available_minor"]),
        checks=tuple(_check_outcome(check, findings[check], currency) for check in _CHECKS_OF[kind]),
    )


def _text(value: bytes) -> str:
    return value.decode("ascii", "replace").strip()


def _currency(number: int) -> str:
    known = CURRENCY_BY_NUMBER.get(number)
    return known.code if known else f"{number:03d}"


def _check_outcome(check: Check, finding: np.void, currency: str) -> CheckOutcome:
    name = check.name.lower()
    if not finding["reached"]:
        return CheckOutcome(name, "", "", "not_reached", None)
    saw, bound = _WORDS[check](int(finding["seen"]), int(finding["bound"]), currency)
    reason = Reason(finding["reason"])
    if reason is Reason.APPROVED:
        return CheckOutcome(name, saw, bound, "passed", None)
    return CheckOutcome(name, saw, bound, "failed", reason.code)


def _amounts(seen: int, bound: int, currency: str, relation: str) -> tuple[str, str]:
    if currency not in {known.code for known in CURRENCY_BY_NUMBER.values()}:
        return f"{seen} {currency}", f"{relation} {bound} {currency}"
    return amount_text(seen, currency), f"{relation} {amount_text(bound, currency)}"


def _channels(mask: int) -> str:
    return ", ".join(channel.name.lower() for channel in Channel if mask >> channel & 1) or "none"


def _counter(seen: int, highest: int, _currency: str) -> tuple[str, str]:
    return f"counter {seen}", f"not used before; highest so far {highest}"


Words = Callable[[int, int, str], tuple[str, str]]
_WORDS: dict[Check, Words] = {
    Check.TOKEN: lambda seen, _, __: ("known" if seen else "unknown", "a token of this network"),
    Check.CHANNEL: lambda seen, bound, _: (Channel(seen).name.lower(), f"one of: {_channels(bound)}"),
    Check.CRYPTOGRAM: lambda seen, _, __: (CryptogramOutcome(seen).name.lower(), "valid, of the token's version"),
    Check.SIGNED_AMOUNT: lambda seen, bound, currency: _amounts(seen, bound, currency, "signed by the phone:"),
    Check.SIGNED_CURRENCY: lambda seen, bound, _: (_currency(seen), f"signed by the phone: {_currency(bound)}"),
    Check.TRANSACTION_COUNTER: _counter,
    Check.TOKEN_STATE: lambda seen, bound, _: (TokenState(seen).name.lower(), TokenState(bound).name.lower()),
    Check.TOKEN_EXPIRY: lambda seen, bound, _: (f"month {seen:04d}", f"at most {bound:04d}"),
    Check.EXPIRATION_DATE: lambda seen, bound, _: (f"{seen:04d}", f"equal to {bound:04d}"),
    Check.CARD_STATE: lambda seen, bound, _: (CardState(seen).name.lower(), CardState(bound).name.lower()),
    Check.DUPLICATE: lambda seen, _, __: (f"STAN {seen:06d}", "new for this acquirer, time and token"),
    Check.CURRENCY: lambda seen, bound, _: (_currency(seen), f"equal to {_currency(bound)}"),
    Check.AMOUNT: lambda seen, bound, currency: _amounts(seen, bound, currency, "more than"),
    Check.TRANSACTION_LIMIT: lambda seen, bound, currency: _amounts(seen, bound, currency, "at most"),
    Check.AVAILABLE_CREDIT: lambda seen, bound, currency: _amounts(seen, bound, currency, "at most"),
    Check.ORIGINAL: lambda seen, bound, _: (
        f"STAN {seen:06d}",
        f"an authorization of this token; found {to_text(Prefix.AUTHORIZATION, bound) if bound else 'none'}",
    ),
    Check.ORIGINAL_AMOUNT: lambda seen, bound, currency: _amounts(seen, bound, currency, "equal to"),
}
assert set(_WORDS) == set(Check), "every check can be told"
