"""Money that an account is given for what it has bought or redeemed."""

from authz.arrays.compiled import Integer, compiled
from authz.kernel.ledger.entries import write_posting
from authz.kernel.ledger.taking import NO_BUCKET, count_toward_due, take
from authz.kernel.ledger.terms import terms_on
from authz.state.tables import Counter, State
from authz.vocabulary.posting_kinds import PostingKind


@compiled
def post_reward(
    state: State, account_row: Integer, billing_row: Integer, sequence: Integer, amount: Integer, against: Integer
) -> tuple[Integer, Integer]:
    """Post a reward today: it is taken off the buckets as a payment is, and counts toward the due.

    sequence: of the decision that it belongs to.  amount: above 0.  against: `General`.
    Returns: how much of it has counted toward the minimum, and toward the closing balance.
    """
    today = state.counters[Counter.DAY]
    write_posting(state, account_row, sequence, PostingKind.REWARD, -amount, today)
    take(state, billing_row, NO_BUCKET, 0, amount, against, terms_on(state, account_row, today))
    return count_toward_due(state, billing_row, amount)
