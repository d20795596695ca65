"""Why a command was decided as it was: replayed to that one command, told check by check."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from authz.journal.replay import History, ReplayedCommand, replayed_command
from authz.kernel.checks.limits import AMOUNT, NOT_REACHED
from authz.kernel.checks.numbers import Check
from authz.kernel.checks.passes import CHECKS, PASS_OF
from authz.kernel.checks.rules import MATCHED, NOT_EVALUATED
from authz.kernel.checks.single_use import ATC_JUMP_MAX
from authz.network.realtime_decisioning import Decider
from authz.program.compilation import CompiledRows, active_rules
from authz.program.rule_text import attribute_text, condition_text, limit_text, value_text
from authz.program.tables import CashVerification
from authz.vocabulary.commands import (
    COUNTRIES_MAX,
    COUNTRY_BITS,
    NO_LIMIT,
    CardholderVerification,
    CardState,
    Channel,
    CryptogramOutcome,
    Flag,
    Kind,
    Operation,
    TokenState,
)
from authz.vocabulary.exception_reasons import ExceptionReason
from authz.vocabulary.follow_ups import FIELD_NAMES, RULES, FollowUp, Rule, SharedField
from authz.vocabulary.labels import currency_code, operation_name
from authz.vocabulary.reasons import Reason
from tokenvault.currencies import amount_text
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
class RuleOutcome:
    """One rule that was asked.

    outcome: "matched" or "no_match".  saw: the values of the attributes in its condition.
    """

    id: str
    state: str
    action: str
    condition: str
    saw: dict[str, str]
    outcome: str


@dataclass(frozen=True)
class Explanation:
    """One decided authorization or reversal. Amounts in minor units; time_us in Unix microseconds."""

    id: str
    kind: str
    operation: str
    sequence: int
    time_us: int
    approved: bool
    reason: Reason
    approval_code: str | None
    account_id: str | None
    token_id: str | None
    token_last4: str
    amount_minor: int
    approved_minor: int
    currency: str
    billing_minor: int
    billing_currency: str
    program_version: int
    channel: Channel
    merchant: str
    merchant_category: str
    terminal: str
    stan: str
    retrieval_reference: str
    atc: int
    available_minor: int
    flagged: bool
    exception: ExceptionReason
    asked_billing_minor: int
    checks: tuple[CheckOutcome, ...]
    rules: tuple[RuleOutcome, ...]


_ONLY_WITH_ORIGINAL = (Check.ORIGINAL, Check.SHARED_FIELDS, Check.ORIGINAL_AMOUNT)


class Past(Protocol):
    """Where decided commands are found again, see `WholeReplay`."""

    def read_on(self) -> None:
        """Take note of what has been written since."""

    def written(self, sequence: int) -> np.void | None:
        """One command as it was written, which takes no replay; None where it cannot be told."""

    def command(self, sequence: int) -> ReplayedCommand | None:
        """One command as it was; None where it cannot be told."""

    def issuer_decision(self, sequence: int) -> int | None:
        """The command by which the issuer's server has decided on a message that waited, or None."""


class WholeReplay:
    """Replays everything up to a command: right for any journal, and as slow as it is long."""

    def __init__(self, history: History) -> None:
        self._history = history

    def read_on(self) -> None:
        """See `Past.read_on`: nothing is kept."""

    def written(self, sequence: int) -> np.void | None:
        """See `Past.written`; None where the journal does not hold it."""
        journal = self._history.journal
        if sequence <= journal.begins_after:
            return None
        batch = next(iter(journal.read(after=sequence - 1, until=sequence)), None)
        return None if batch is None else batch.commands[0]

    def command(self, sequence: int) -> ReplayedCommand | None:
        """See `Past.command`; None where the journal does not hold it."""
        return replayed_command(self._history, sequence)

    def issuer_decision(self, sequence: int) -> int | None:
        """See `Past.issuer_decision`."""
        for batch in self._history.journal.read(after=sequence):
            commands = batch.commands
            about = (commands["kind"] == Kind.ISSUER_DECISION) & (commands["reference"] == sequence)
            for place in np.flatnonzero(about)[:1]:
                return batch.sequence + int(place)
        return None


def explain(history: History, authorization_id: str) -> Explanation:
    """Explain one authorization or reversal by replay.

    Raises: NotFound if the journal holds no such decision.
    """
    told = explained(WholeReplay(history), to_number(Prefix.AUTHORIZATION, authorization_id))
    if told is None:
        raise NotFound(f"there is no authorization {authorization_id}")
    return told


def explained(past: Past, sequence: int) -> Explanation | None:
    """The explanation of one command, or None where the past does not tell of it, or it is no message."""
    found = past.command(sequence)
    if found is None or int(found.command["kind"]) not in PASS_OF:
        return None
    told = _told(found)
    return _with_issuer_decision(told, past) if told.reason is Reason.AWAITING_ISSUER else told


_DECIDERS = {
    Decider.ISSUER: "answered",
    Decider.TIMEOUT: "no answer in time",
    Decider.ERROR: "an error",
    Decider.BAD_SIGNATURE: "a bad signature",
    Decider.NOBODY_TO_ASK: "nobody to ask",
    Decider.RESTART: "a restart while it was asked",
}


def _with_issuer_decision(told: Explanation, past: Past) -> Explanation:
    """The same with what the issuer's server has decided of it, where it has."""
    decision = past.issuer_decision(told.sequence)
    settled = None if decision is None else past.command(decision)
    if settled is None:
        return told
    result, reason = settled.result, Reason(settled.result["reason"])
    check = CheckOutcome(
        name="issuer_server",
        saw=_DECIDERS[Decider(settled.command["segment"])],
        bound="its approval",
        outcome="passed" if reason.is_approval else "failed",
        reason=None if reason.is_approval else reason.code,
    )
    return replace(
        told,
        approved=reason.is_approval,
        reason=reason,
        approval_code=f"{int(result['approval_code']):06d}" if reason.is_approval else None,
        approved_minor=int(result["approved_minor"]),
        billing_minor=int(result["billing_minor"]),
        available_minor=int(result["available_minor"]),
        checks=(*told.checks, check),
    )


def _told(found: ReplayedCommand) -> Explanation:
    command, result = found.command, found.result
    kind, reason = Kind(command["kind"]), Reason(result["reason"])
    approved = reason.is_approval
    currency = currency_code(int(command["currency"]))
    words = _Words(currency, currency_code(int(result["billing_currency"])))
    account, token = int(result["account_id"]), int(command["token_id"])
    return Explanation(
        id=to_text(Prefix.AUTHORIZATION, int(result["sequence"])),
        kind=kind.name.lower(),
        operation=operation_name(int(command["operation"])),
        sequence=int(result["sequence"]),
        time_us=int(command["time_us"]),
        approved=approved,
        reason=reason,
        approval_code=f"{int(result['approval_code']):06d}" if approved else None,
        account_id=to_text(Prefix.ACCOUNT, account) if account else None,
        token_id=to_text(Prefix.TOKEN, token) if token else None,
        token_last4=f"{int(command['token_pan']):04d}"[-4:],
        amount_minor=int(command["amount_minor"]),
        approved_minor=int(result["approved_minor"]),
        currency=currency,
        billing_minor=int(result["billing_minor"]),
        billing_currency=words.billing,
        program_version=int(result["program_version"]),
        channel=Channel(command["channel"]),
        merchant=_text(command["merchant"]),
        merchant_category=f"{int(command['merchant_category']):04d}",
        terminal=_text(command["terminal"]),
        stan=f"{int(command['stan']):06d}",
        retrieval_reference=_text(command["retrieval_reference"]),
        atc=int(command["atc"]),
        available_minor=int(result["available_minor"]),
        flagged=bool(result["is_flagged"]),
        exception=ExceptionReason(result["exception"]),
        asked_billing_minor=int(result["asked_minor"]),
        checks=_check_outcomes(found, words),
        rules=_rule_outcomes(found, words),
    )


def _text(value: bytes) -> str:
    return value.decode("ascii", "replace").strip()


@dataclass(frozen=True)
class _Words:
    """Turns what a check saw and its bound into words. currency, billing: of the transaction and of the account."""

    currency: str
    billing: str

    def amounts(self, seen: int, bound: int, relation: str) -> tuple[str, str]:
        """Two amounts of the transaction's own currency."""
        return amount_text(seen, self.currency), f"{relation} {amount_text(bound, self.currency)}"

    def billing_amounts(self, seen: int, bound: int, relation: str) -> tuple[str, str]:
        """Two amounts of the account's currency."""
        return amount_text(seen, self.billing), f"{relation} {amount_text(bound, self.billing)}"

    def amount(self, seen: int, cash: int) -> tuple[str, str]:
        """The amount and the cash in it."""
        bound = (
            f"fits the transaction; cash in it {amount_text(cash, self.currency)}" if cash else "fits the transaction"
        )
        return amount_text(seen, self.currency), bound


def _check_outcomes(found: ReplayedCommand, words: _Words) -> tuple[CheckOutcome, ...]:
    """What each check said, limits among them. What was passed over, because it does not concern the message, is
    left out.
    """
    command, findings = found.command, found.findings.checks
    wanted = CHECKS[PASS_OF[Kind(command["kind"])]]
    if findings[Check.STAND_IN]["reached"]:
        wanted = tuple(check for check in Check if findings[check]["reached"])
    if not int(command["flags"]) & Flag.HAS_ORIGINAL and int(command["operation"]) != Operation.REFUND:
        wanted = tuple(check for check in wanted if check not in _ONLY_WITH_ORIGINAL)
    reached = [check for check in wanted if findings[check]["reached"]]
    last = max(reached, default=-1)
    told: list[CheckOutcome] = []
    for check in wanted:
        if check is Check.AVAILABLE_CREDIT:
            told += _limit_outcomes(found, words)
        if check in reached or check > last:
            told.append(_check_outcome(check, findings[check], words))
    return tuple(told)


def _limit_outcomes(found: ReplayedCommand, words: _Words) -> Iterator[CheckOutcome]:
    """The limits that were asked, each under its own name."""
    for limit, finding in zip(found.document.limits, found.findings.limits, strict=False):
        if finding["reached"] == NOT_REACHED:
            continue
        seen, bound = int(finding["seen"]), int(finding["bound"])
        saw, most = f"{seen} transactions", f"at most {bound}"
        if finding["reached"] == AMOUNT:
            saw, most = words.billing_amounts(seen, bound, "at most")
        reason = Reason(finding["reason"])
        failed = reason is not Reason.APPROVED
        yield CheckOutcome(
            name=f"limit {limit.id}",
            saw=f"{saw} in {limit_text(limit)}",
            bound=most,
            outcome="failed" if failed else "passed",
            reason=reason.code if failed else None,
        )


def _rule_outcomes(found: ReplayedCommand, words: _Words) -> tuple[RuleOutcome, ...]:
    """The rules that were asked, and what they looked at."""
    rows, told = CompiledRows(found.document), []
    for rule, places, outcome in zip(
        active_rules(found.document), rows.places_by_rule(), found.findings.rules.tolist(), strict=False
    ):
        if outcome == NOT_EVALUATED:
            continue
        merchant = _text(found.command["merchant"])
        saw = {}
        for comparison, place in places:
            value = int(found.findings.values[place])
            shown = value_text(comparison.attribute, value, words.billing, merchant, found.document)
            saw[attribute_text(comparison)] = shown
        matched = "matched" if outcome == MATCHED else "no_match"
        told.append(RuleOutcome(rule.id, rule.state, rule.action, condition_text(rule.when), saw, matched))
    return tuple(told)


def _check_outcome(check: Check, finding: np.void, words: _Words) -> CheckOutcome:
    name = check.name.lower()
    if not finding["reached"]:
        return CheckOutcome(name, "", "", "not_reached", None)
    saw, bound = _TOLD[check](words, int(finding["seen"]), int(finding["bound"]))
    reason = Reason(finding["reason"])
    if reason.is_approval:
        return CheckOutcome(name, saw, bound, "passed", None if reason is Reason.APPROVED else reason.code)
    return CheckOutcome(name, saw, bound, "failed", reason.code)


def _channels(mask: int) -> str:
    return ", ".join(channel.name.lower() for channel in Channel if mask >> channel & 1) or "none"


def _countries(packed: int) -> str:
    numbers = (packed >> COUNTRY_BITS * place & 0xFFFF for place in range(COUNTRIES_MAX))
    return ", ".join(f"{number:03d}" for number in numbers if number) or "any"


def _decision(sequence: int) -> str:
    return to_text(Prefix.AUTHORIZATION, sequence) if sequence else "none"


def _equal_fields(follow_up: FollowUp) -> str:
    names = [FIELD_NAMES[field] for field in SharedField if RULES[follow_up][field] is Rule.EQUAL]
    return "equal: " + ", ".join(names)


_SIGNED_FOR = {
    0: "a tap",
    Flag.SIGNED_FOR_REMOTE: "an app",
    Flag.SIGNED_FOR_QR_CODE: "a QR code",
    Flag.SIGNED_FOR_REMOTE | Flag.SIGNED_FOR_QR_CODE: "nothing that there is (11)",
}

_CIRCUMSTANCES = {
    Flag.SIGNED_FOR_OTHER_CASH: "other cash-back (9F03)",
    Flag.SIGNED_ON_ANOTHER_DAY: "another day (9A)",
    Flag.SIGNED_IN_ANOTHER_COUNTRY: "another country (9F1A)",
    Flag.SENT_AT_ANOTHER_TIME: "sent at another time (DE 7)",
}

_VERIFIED: dict[int, str] = {
    CardholderVerification.NONE: "not verified, as far as is proven",
    CardholderVerification.PIN: "verified by PIN",
    CardholderVerification.DEVICE: "verified by the device, which signed for it (9F10)",
}
_VERIFICATION_WANTED: dict[int, str] = {
    CashVerification.NONE: "nothing: no cash, or a program that asks for nothing",
    CashVerification.ANY: "verified by PIN or by the device",
    CashVerification.PIN: "verified by PIN",
}

_TOLD: dict[Check, Callable[[_Words, int, int], tuple[str, str]]] = {
    Check.TOKEN: lambda _, seen, __: ("known" if seen else "unknown", "a token of this network"),
    Check.OPERATION: lambda _, seen, __: (operation_name(seen), "one that is served"),
    Check.CHANNEL: lambda _, seen, bound: (Channel(seen).name.lower(), f"one of: {_channels(bound)}"),
    Check.MERCHANT: lambda _, seen, bound: (
        ("the token's merchant" if seen else "another merchant") if bound else "a merchant",
        "the token's merchant" if bound else "any",
    ),
    Check.COUNTRY: lambda _, seen, bound: (f"{seen:03d}", _countries(bound)),
    Check.CRYPTOGRAM: lambda _, seen, __: (CryptogramOutcome(seen).name.lower(), "valid, of the token's version"),
    Check.ENTRY_MODE: lambda _, seen, bound: (Channel(seen).name.lower(), f"signed by the phone: {_SIGNED_FOR[bound]}"),
    Check.SIGNED_OPERATION: lambda _, seen, bound: (
        operation_name(seen),
        "signed by the phone: another type (9C)" if bound else "not another than the phone signed (9C)",
    ),
    Check.PIN: lambda _, seen, __: ("a PIN" if seen else "no PIN", "the card's, if any"),
    Check.CARDHOLDER_VERIFICATION: lambda _, seen, bound: (_VERIFIED.get(seen, str(seen)), _VERIFICATION_WANTED[bound]),
    Check.SIGNED_AMOUNT: lambda words, seen, bound: words.amounts(seen, bound, "signed by the phone:"),
    Check.SIGNED_CURRENCY: lambda _, seen, bound: (currency_code(seen), f"signed by the phone: {currency_code(bound)}"),
    Check.SIGNED_CIRCUMSTANCES: lambda _, seen, __: (
        ", ".join(said for flag, said in _CIRCUMSTANCES.items() if seen & flag) or "as signed",
        "cash-back, day and country as signed by the phone, and DE 7 near the network's clock",
    ),
    Check.TRANSACTION_COUNTER: lambda _, seen, bound: (
        f"counter {seen}",
        f"not used before, and at most {ATC_JUMP_MAX} above the highest so far, {bound}",
    ),
    Check.LIMITED_USE_KEY: lambda _, seen, bound: (
        f"index {seen:07d}" if seen else "the card key",
        f"{bound} taps left, and not too old" if seen else "no limit",
    ),
    Check.SIMULATION: lambda _, seen, __: (Reason(seen).code if seen else "nothing forced", "no decline asked for"),
    Check.STAND_IN: lambda words, seen, bound: words.billing_amounts(seen, bound, "stand-in approves at most"),
    Check.TOKEN_STATE: lambda _, seen, bound: (TokenState(seen).name.lower(), TokenState(bound).name.lower()),
    Check.TOKEN_EXPIRY: lambda _, seen, bound: (f"month {seen:04d}", f"at most {bound:04d}"),
    Check.EXPIRATION_DATE: lambda _, seen, bound: (f"{seen:04d}", f"equal to {bound:04d}"),
    Check.CARD_STATE: lambda _, seen, bound: (CardState(seen).name.lower(), CardState(bound).name.lower()),
    Check.DUPLICATE: lambda _, seen, bound: (f"STAN {seen:06d}", f"not sent before; found {_decision(bound)}"),
    Check.EARLY_REVERSAL: lambda _, seen, bound: (f"STAN {seen:06d}", f"not reversed before; found {_decision(bound)}"),
    Check.ORIGINAL: lambda _, seen, bound: (f"STAN {seen:06d}", f"approved and open; found {_decision(bound)}"),
    Check.SHARED_FIELDS: lambda _, seen, bound: (
        "as in the original" if seen < 0 else f"another {FIELD_NAMES[SharedField(seen)]} than the original's",
        _equal_fields(FollowUp(bound)),
    ),
    Check.CURRENCY: lambda _, seen, bound: (currency_code(seen), f"{currency_code(bound)}, or a rate to it"),
    Check.AMOUNT: _Words.amount,
    Check.ORIGINAL_AMOUNT: lambda words, seen, bound: words.billing_amounts(seen, bound, "what is left:"),
    Check.TOKEN_LIMIT: lambda words, seen, bound: (
        words.billing_amounts(seen, bound, "at most") if bound else ("the amount", "no limit of the token's own")
    ),
    Check.TRANSACTION_LIMIT: lambda words, seen, bound: (
        words.billing_amounts(seen, bound, "at most")
        if bound != NO_LIMIT
        else ("the amount", "no limit of the account's")
    ),
    Check.AVAILABLE_CREDIT: lambda words, seen, bound: words.billing_amounts(seen, bound, "at most"),
}
assert set(_TOLD) == set(Check), "every check can be told"
