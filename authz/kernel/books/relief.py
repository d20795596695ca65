"""Relief: what is due moves to a later day; what is owed does not change."""

from typing import Any

import numpy as np

from authz.arrays.compiled import Integer, compiled, inlined
from authz.kernel.books.days import next_cut
from authz.kernel.ledger.changes import note_change
from authz.kernel.ledger.shares import part_of
from authz.program.tables import Bucket, ReliefAttribute, ReliefOperator
from authz.program.terms import DAYS_TO_PAY_MAX
from authz.state.billing import DUE_DAY_MAX, MISSED_MAX, RELIEF_WAIVES, Sum
from authz.state.tables import State
from authz.vocabulary.account_changes import ChangeKind

_PPM = 1_000_000
_SHARE_MAX = 1_000_000
"""Who owes more than so many times the credit limit, or has none, counts as owing so many times it."""


@inlined
def missed_dues(account: Any) -> Integer:
    """How many dues were missed in a row. account: BILLING."""
    return np.int64(account["missed"]) & MISSED_MAX


@inlined
def is_waived(account: Any) -> Any:
    """Whether nights before the day that is due next bear no interest. account: BILLING."""
    return np.int64(account["missed"]) & RELIEF_WAIVES != 0


@inlined
def is_in_relief(account: Any) -> Any:
    """Whether what is due was put off to the due day of a cut to come. account: BILLING.

    What a cut asks for passes before the next one at the latest, for another cut day waits until it has.
    """
    following = next_cut(np.int64(account["last_cut"]) + 1, np.int64(account["cut_day"]))
    return account["due_passes"] != 0 and account["due_day"] > following


@inlined
def asks_for_something(account: Any, cut: Integer) -> Any:
    """Whether a cut does: not where what is due then was put off to a later one. account: BILLING.  cut: its day."""
    return account["due_passes"] == 0 or np.int64(account["due_day"]) - cut <= DAYS_TO_PAY_MAX


@compiled
def put_off(
    state: State,
    account_row: Integer,
    billing_row: Integer,
    terms_row: Integer,
    behind: Integer,
    months: Integer,
    waives: Integer,
    today: Integer,
) -> bool:
    """Put off what is due to the due day of a cut to come: the first behind a day (1), the second, and so on.

    today: the local day on which that happens.
    waives: 1 where nights until then bear no interest; else grace is given up at once, and what was billed bears
    interest from its first night.
    Returns: whether that is later than what was due; else nothing changes.
    """
    account, books, terms = state.billing[billing_row], state.books, state.terms[terms_row]
    cut: Integer = behind
    for _ in range(months):
        cut = next_cut(cut + 1, np.int64(account["cut_day"]))
    due_day = min(cut + np.int64(terms["grace_days"]), DUE_DAY_MAX)
    if account["due_passes"] != 0 and np.int64(account["due_day"]) >= due_day:
        return False
    moved = books[billing_row, Sum.DUE]
    books[billing_row, Sum.DUE] = 0
    account["due_day"] = due_day
    account["due_passes"] = due_day + np.int64(terms["courtesy_days"])
    account["missed"] = missed_dues(account)
    if waives != 0:
        account["missed"] = missed_dues(account) | RELIEF_WAIVES
    else:
        books[billing_row, Bucket.CARRIED] += books[billing_row, Bucket.BILLED]
        books[billing_row, Bucket.BILLED] = 0
        books[billing_row, Sum.CARRIED_NIGHTS] += books[billing_row, Sum.BILLED_NIGHTS]
        books[billing_row, Sum.BILLED_NIGHTS] = 0
        account["lost_until"] = account["last_cut"]
    change = note_change(state, account_row, ChangeKind.RELIEF_GRANTED, moved, today)
    change["until"], change["detail"], change["months"] = due_day, waives, months
    return True


@inlined
def note_asked_again(state: State, account_row: Integer, billing_row: Integer, minimum: Integer, day: Integer) -> None:
    """Note that relief ends: a statement asks for something again."""
    account = state.billing[billing_row]
    change = note_change(state, account_row, ChangeKind.RELIEF_ENDED, minimum, day)
    change["until"] = account["due_day"]
    change["detail"] = 1 if is_waived(account) else 0


@compiled
def deserves_relief(state: State, account_row: Integer, billing_row: Integer, terms_row: Integer) -> Any:
    """Whether the condition holds under which the terms grant relief by themselves."""
    terms, account = state.terms[terms_row], state.accounts[account_row]
    attribute = np.int64(terms["relief_attribute"])
    value: Integer = missed_dues(state.billing[billing_row])
    if attribute == ReliefAttribute.OWED:
        value = np.int64(account["posted_minor"])
    elif attribute == ReliefAttribute.OWED_PPM:
        value = owed_ppm(account)
    return attribute != ReliefAttribute.NEVER and _compares(
        value, np.int64(terms["relief_operator"]), np.int64(terms["relief_value"])
    )


@inlined
def owed_ppm(account: Any) -> Integer:
    """What an account owes in parts per million of its credit limit, rounded down. account: ACCOUNT."""
    owed, limit = np.int64(account["posted_minor"]), np.int64(account["limit_minor"])
    if owed <= 0:
        return np.int64(0)
    if limit <= 0 or owed // limit > _SHARE_MAX:
        return np.int64(_SHARE_MAX * _PPM)
    rest = owed % limit
    return owed // limit * _PPM + (part_of(np.int64(_PPM), rest, limit) if rest > 0 else np.int64(0))


@inlined
def _compares(value: Integer, operator: Integer, other: Integer) -> Any:
    """Whether a comparison holds. operator: ReliefOperator."""
    if operator == ReliefOperator.EQUAL:
        return value == other
    if operator == ReliefOperator.NOT_EQUAL:
        return value != other
    if operator == ReliefOperator.LESS:
        return value < other
    if operator == ReliefOperator.LESS_OR_EQUAL:
        return value <= other
    return value > other or (operator == ReliefOperator.GREATER_OR_EQUAL and value == other)
