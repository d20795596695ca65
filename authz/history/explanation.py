"""Explains a decision: replays the journal up to its command and reports every check."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from authz.arrays.hash_index import find_row
from authz.history.check_wording import Currencies, worded
from authz.history.past import Past, WholeReplay
from authz.history.posting_ids import posting_id
from authz.journal.replay import History, ReplayedCommand
from authz.kernel.accounts.message_context import follows_another
from authz.kernel.checks.limits import AMOUNT, NOT_REACHED
from authz.kernel.checks.numbers import Check
from authz.kernel.checks.order import ASKER_OF, ORDER, Asker, names_of_checks
from authz.kernel.checks.rules import MATCHED, NO_MATCH, NOT_EVALUATED, PASSED
from authz.program.compilation import CompiledRows, active_rules
from authz.program.rules.rule_text import attribute_text, condition_text, limit_text, value_text
from authz.state.tables import postings_made
from authz.vocabulary.commands import (
    Channel,
    Decider,
    Flag,
    Kind,
    Operation,
)
from authz.vocabulary.exception_reasons import ExceptionReason
from authz.vocabulary.labels import currency_code, field_text, operation_name
from authz.vocabulary.posting_kinds import PARTS_OF_DAYS, posting_kind
from authz.vocabulary.reasons import Reason
from tokenvault.reference_data.currencies import amount_text
from tokenvault.vocabulary.errors import NotFound
from tokenvault.vocabulary.identifiers import Prefix, to_number, to_text


@dataclass(frozen=True)
class CheckOutcome:
    """One check: the value that it evaluated, the bound that it compared it with, and its outcome.

    outcome: "passed", "failed", or "not_reached" where an earlier check had decided.
    """

    name: str
    saw: str
    bound: str
    outcome: str
    reason: str | None


@dataclass(frozen=True)
class RuleOutcome:
    """One rule that was evaluated.

    outcome: "matched", "no_match", or "passed" where it refers the message and a pass let it through.
    saw: the values of the attributes in its condition.
    """

    id: str
    state: str
    action: str
    condition: str
    saw: dict[str, str]
    outcome: str


@dataclass(frozen=True)
class MadePosting:
    """One posting that a decision has made. amount_minor: in currency, the account's; negative for money given back."""

    id: str
    kind: str
    amount_minor: int
    currency: str


@dataclass(frozen=True)
class Explanation:
    """One decided authorization or reversal. Amounts in minor units; time_us in Unix microseconds.

    case: that which it has opened, or that which is open about the same, or whose pass it has met.
    """

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
    merchant_name: str
    merchant_city: str
    merchant_category: str
    terminal: str
    stan: str
    retrieval_reference: str
    atc: int
    available_minor: int
    flagged: bool
    exception: ExceptionReason
    asked_billing_minor: int
    case: int | None
    checks: tuple[CheckOutcome, ...]
    rules: tuple[RuleOutcome, ...]
    postings: tuple[MadePosting, ...]


_ONLY_WITH_ORIGINAL = frozenset(
    Check[row.name.upper()] for row in ORDER if row.asked_by.get(Asker.ISSUER) is follows_another
)


_OUTCOMES = {NO_MATCH: "no_match", MATCHED: "matched", PASSED: "passed"}


def explain(history: History, authorization_id: str) -> Explanation:
    """Explain one authorization or reversal by replay.

    Raises: NotFound if the journal holds no such decision.
    """
    explanation = explained(WholeReplay(history), to_number(Prefix.AUTHORIZATION, authorization_id))
    if explanation is None:
        raise NotFound(f"there is no authorization {authorization_id}")
    return explanation


def explained(past: Past, sequence: int) -> Explanation | None:
    """The explanation of one command; None if `past` cannot reconstruct it, or it is not a message."""
    found = past.command(sequence)
    if found is None or int(found.command["kind"]) not in ASKER_OF:
        return None
    explanation = _explanation_of(found)
    return _with_issuer_decision(explanation, past) if explanation.reason is Reason.AWAITING_ISSUER else explanation


_DECIDERS = {
    Decider.ISSUER: "answered",
    Decider.TIMEOUT: "no answer in time",
    Decider.ERROR: "an error",
    Decider.BAD_SIGNATURE: "a bad signature",
    Decider.NOBODY_TO_ASK: "nobody to ask",
    Decider.RESTART: "a restart while it was asked",
}


def _with_issuer_decision(explanation: Explanation, past: Past) -> Explanation:
    """The same with the decision of the issuer's decisioning webhook, if it has made one."""
    decision = past.issuer_decision(explanation.sequence)
    settled = None if decision is None else past.command(decision)
    if settled is None:
        return explanation
    result, reason = settled.result, Reason(settled.result["reason"])
    check = CheckOutcome(
        name="issuer_server",
        saw=_DECIDERS[Decider(settled.command["decider"])],
        bound="its approval",
        outcome="passed" if reason.is_approval else "failed",
        reason=None if reason.is_approval else reason.code,
    )
    return replace(
        explanation,
        approved=reason.is_approval,
        reason=reason,
        approval_code=f"{int(result['approval_code']):06d}" if reason.is_approval else None,
        approved_minor=int(result["approved_minor"]),
        billing_minor=int(result["billing_minor"]),
        available_minor=int(result["available_minor"]),
        checks=(*explanation.checks, check),
        postings=_postings(settled),
    )


def _explanation_of(found: ReplayedCommand) -> Explanation:
    command, result = found.command, found.result
    kind, reason = Kind(command["kind"]), Reason(result["reason"])
    approved = reason.is_approval
    currency = currency_code(int(command["currency"]))
    currencies = Currencies(currency, currency_code(int(result["billing_currency"])))
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
        billing_currency=currencies.account,
        program_version=int(result["program_version"]),
        channel=Channel(command["channel"]),
        merchant=field_text(command["merchant"]),
        merchant_name=field_text(command["merchant_name"]),
        merchant_city=field_text(command["merchant_city"]),
        merchant_category=f"{int(command['merchant_category']):04d}",
        terminal=field_text(command["terminal"]),
        stan=f"{int(command['stan']):06d}",
        retrieval_reference=field_text(command["retrieval_reference"]),
        atc=int(command["atc"]),
        available_minor=int(result["available_minor"]),
        flagged=bool(result["is_flagged"]),
        exception=ExceptionReason(result["exception"]),
        asked_billing_minor=int(result["asked_minor"]),
        case=int(result["case"]) or None,
        checks=_check_outcomes(found, currencies),
        rules=_rule_outcomes(found, currencies),
        postings=_postings(found),
    )


def _postings(found: ReplayedCommand) -> tuple[MadePosting, ...]:
    """What a command has posted, in order.

    What the end of days before it has posted is left out: an account's own replay does not know when they were closed.
    """
    return tuple(
        MadePosting(
            id=posting_id(int(each["sequence"]), int(each["part"])),
            kind=posting_kind(int(each["kind"])).code,
            amount_minor=int(each["amount_minor"]),
            currency=currency_code(int(each["currency"])),
        )
        for each in postings_made(found.state)
        if each["part"] < PARTS_OF_DAYS
    )


def _check_outcomes(found: ReplayedCommand, currencies: Currencies) -> tuple[CheckOutcome, ...]:
    """The outcome of each check, limits included. Checks that do not concern the message are left out."""
    command, findings = found.command, found.findings.checks
    wanted = tuple(Check[name.upper()] for name in names_of_checks(ASKER_OF[Kind(command["kind"])]))
    if findings[Check.STAND_IN]["reached"]:
        wanted = tuple(check for check in Check if findings[check]["reached"])
    if not int(command["flags"]) & Flag.HAS_ORIGINAL and int(command["operation"]) != Operation.REFUND:
        wanted = tuple(check for check in wanted if check not in _ONLY_WITH_ORIGINAL)
    wanted = tuple(check for check in wanted if check not in _beside_the_point(found))
    reached = [check for check in wanted if findings[check]["reached"]]
    last = max(reached, default=-1)
    outcomes: list[CheckOutcome] = []
    for check in wanted:
        if check is Check.AVAILABLE_CREDIT:
            outcomes += _limit_outcomes(found, currencies)
        if check in reached or check > last:
            outcomes.append(_check_outcome(check, findings[check], currencies))
    return tuple(outcomes)


def _beside_the_point(found: ReplayedCommand) -> frozenset[Check]:
    """The checks of books that do not concern a message: its account has no product, or it asks for no cash."""
    state = found.state
    row = find_row(state.account_slots, state.accounts["account_id"], found.command["account_id"])
    if row < 0 or state.accounts[row]["product"] == 0:
        return frozenset({Check.ACCOUNT_STANDING, Check.CASH_LIMIT})
    pays_cash = int(found.command["operation"]) in (Operation.CASH, Operation.PURCHASE_WITH_CASH_BACK)
    return frozenset() if pays_cash else frozenset({Check.CASH_LIMIT})


def _limit_outcomes(found: ReplayedCommand, currencies: Currencies) -> Iterator[CheckOutcome]:
    """The limits that were evaluated, each under its own name."""
    for limit, finding in zip(found.document.limits, found.findings.limits, strict=False):
        if finding["reached"] == NOT_REACHED:
            continue
        seen, bound = int(finding["seen"]), int(finding["bound"])
        saw, most = f"{seen} transactions", f"at most {bound}"
        if finding["reached"] == AMOUNT:
            saw, most = amount_text(seen, currencies.account), f"at most {amount_text(bound, currencies.account)}"
        reason = Reason(finding["reason"])
        failed = reason is not Reason.APPROVED
        yield CheckOutcome(
            name=f"limit {limit.id}",
            saw=f"{saw} in {limit_text(limit)}",
            bound=most,
            outcome="failed" if failed else "passed",
            reason=reason.code if failed else None,
        )


def _rule_outcomes(found: ReplayedCommand, currencies: Currencies) -> tuple[RuleOutcome, ...]:
    """The rules that were evaluated, and the values that they read."""
    rows = CompiledRows(found.document)
    outcomes: list[RuleOutcome] = []
    for rule, places, outcome in zip(
        active_rules(found.document), rows.places_by_rule(), found.findings.rules.tolist(), strict=False
    ):
        if outcome == NOT_EVALUATED:
            continue
        merchant = field_text(found.command["merchant"])
        saw = {}
        for comparison, place in places:
            value = int(found.findings.values[place])
            shown = value_text(comparison.attribute, value, currencies.account, merchant, found.document)
            saw[attribute_text(comparison)] = shown
        condition = condition_text(rule.when)
        outcomes.append(RuleOutcome(rule.id, rule.state, rule.action, condition, saw, _OUTCOMES[outcome]))
    return tuple(outcomes)


def _check_outcome(check: Check, finding: np.void, currencies: Currencies) -> CheckOutcome:
    name = check.name.lower()
    if not finding["reached"]:
        return CheckOutcome(name, "", "", "not_reached", None)
    saw, bound = worded(name, int(finding["seen"]), int(finding["bound"]), currencies)
    reason = Reason(finding["reason"])
    if reason.is_approval:
        return CheckOutcome(name, saw, bound, "passed", None if reason is Reason.APPROVED else reason.code)
    return CheckOutcome(name, saw, bound, "failed", reason.code)
