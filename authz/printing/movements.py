"""The movements on a statement, added up by what they are for the customer."""

from collections.abc import Iterable

from authz.history.book_rows import StatementContent
from authz.vocabulary.posting_kinds import PostingKind, Sign

_PURCHASES, _CASH, _GIVEN_BACK = "Purchases", "Cash", "Refunds and reversals"
_PAYMENTS, _INTEREST, _FEES, _CORRECTIONS = "Payments received", "Interest", "Fees", "Corrections by the bank"
_REWARDS = "Rewards"

_GROUPS = {
    PostingKind.CASH: _CASH,
    PostingKind.FORCE_POST_CASH: _CASH,
    PostingKind.PAYMENT: _PAYMENTS,
    PostingKind.PAYMENT_RETURNED: _PAYMENTS,
    PostingKind.INTEREST: _INTEREST,
    PostingKind.REWARD: _REWARDS,
    PostingKind.REWARD_CLAWBACK: _REWARDS,
}
"""What is in a group by its kind; the rest by its name, by who posts it, and by its sign."""

_IN_ORDER = (_PURCHASES, _CASH, _GIVEN_BACK, _PAYMENTS, _INTEREST, _FEES, _REWARDS, _CORRECTIONS)

_BY_CODE = {kind.code: kind for kind in PostingKind}


def movements(content: StatementContent) -> Iterable[tuple[str, int]]:
    """Groups of movements and their sums in minor units: from the opening balance they lead to the closing balance.

    Groups without any movement are left out. What becomes due in instalments later is not in the closing balance.
    """
    sums: dict[str, int] = {}
    for line in content.lines:
        group = _group(_BY_CODE[line["kind"]])
        sums[group] = sums.get(group, 0) + line["amount_minor"]
    yield from ((group, sums[group]) for group in _IN_ORDER if group in sums)
    if content.later_instalments_minor:
        yield "Change of what is due in later instalments", content.later_instalments_minor


def _group(kind: PostingKind) -> str:
    if kind in _GROUPS:
        return _GROUPS[kind]
    if kind.code.endswith("_fee"):
        return _FEES
    if kind.is_issuers:
        return _CORRECTIONS
    return _PURCHASES if kind.sign is Sign.CHARGES else _GIVEN_BACK
