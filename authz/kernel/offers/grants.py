"""Grants: what offers have given for a purchase follows what stands of it, up and down, to the minor unit."""

from typing import Any

import numpy as np

from authz.arrays.compiled import Integer, compiled, inlined
from authz.arrays.hash_index import add_row, find_row
from authz.kernel.books.counted import ask_again
from authz.kernel.ledger.entries import charge_to
from authz.kernel.ledger.rewards import post_reward
from authz.kernel.ledger.shares import share_of
from authz.kernel.measures.filters import is_about, passes
from authz.kernel.offers.paying import NO_UNIT, PAYS_ALL_PPM, unit_that_pays
from authz.kernel.units.holdings import spend
from authz.program.tables import Bucket
from authz.state.billing import GRANTS_OF_A_PURCHASE, General
from authz.state.rows import found
from authz.state.tables import Counter, State
from authz.vocabulary.posting_kinds import PostingKind


@inlined
def has_offers_or_grants(state: State) -> Any:
    """Whether a posting can have to do with an offer at all."""
    return np.int64(state.program.offers[0]["number"]) + state.counters[Counter.GRANTS] > 0


@compiled
def follow_with_grants(state: State, row: Integer, kind: Integer, billing: Integer, purchase: Integer) -> None:
    """Bring what was granted for a purchase to what stands of it, or grant what offers give for a new one.

    row, kind, billing: of the transaction that was posted, for an account that has a product and whose books are there.
    purchase: the sequence that names what was bought, 0 for nothing. Cash earns nothing.
    """
    if purchase == 0 or kind == PostingKind.CASH or kind == PostingKind.FORCE_POST_CASH:
        return
    first = find_row(state.grant_slots, state.grants["purchase"], np.uint64(purchase))
    if found(first):
        grant_row: Integer = first
        while grant_row < state.counters[Counter.GRANTS] and state.grants[grant_row]["purchase"] == purchase:
            settle(state, row, grant_row, billing)
            grant_row += 1
    elif kind == PostingKind.PURCHASE or kind == PostingKind.FORCE_POST:
        grant(state, row, billing, purchase)


@compiled
def grant(state: State, row: Integer, billing: Integer, purchase: Integer) -> None:
    """Give what the program's offers give for a purchase, in their order; nothing where a unit pays for it."""
    if pay_by_unit(state, row, billing, purchase):
        return
    entry, program, offers = state.transactions[row], state.program, state.program.offers
    account = state.accounts[np.int64(entry["account_row"])]
    segment, currency = np.int64(account["segment"]), np.int64(account["currency"])
    made: Integer = 0
    for place in range(len(offers)):
        offer = offers[place]
        is_given = made < GRANTS_OF_A_PURCHASE and is_left(state, offer) and given_for(billing, offer) > 0
        where = np.int64(offer["filter"])
        if is_given and is_about(program, where, segment) and passes(program, where, entry, currency):
            number, back_ppm = np.int64(offer["number"]), np.int64(offer["back_ppm"])
            state.granted[number] += 1
            is_merchants = np.int64(offer["is_merchants"])
            enter_grant(state, purchase, number, back_ppm, np.int64(offer["at_most"]), is_merchants)
            settle(state, row, state.counters[Counter.GRANTS] - 1, billing)
            made += 1


@inlined
def given_for(net: Integer, gives: Any) -> Integer:
    """What is given for so much of a purchase. gives: OFFER or GRANT."""
    return min(share_of(max(net, 0), np.int64(gives["back_ppm"])), np.int64(gives["at_most"]))


@inlined
def is_left(state: State, offer: Any) -> Any:
    """Whether an offer can be given once more. What was granted before an offer had a bound counts as well."""
    supply = np.int64(offer["supply"])
    return supply < 0 or state.granted[np.int64(offer["number"])] < supply


@compiled
def pay_by_unit(state: State, row: Integer, billing: Integer, purchase: Integer) -> bool:
    """Pay for a purchase with a unit that its account holds; returns whether one did."""
    entry = state.transactions[row]
    account_row = np.int64(entry["account_row"])
    unit = unit_that_pays(state, account_row, entry)
    if unit == NO_UNIT:
        return False
    spend(state, account_row, unit, 1, state.counters[Counter.DAY])
    at_most = np.int64(state.program.units[unit]["pays_at_most"])
    enter_grant(state, purchase, 0, PAYS_ALL_PPM, at_most, 0)
    settle(state, row, state.counters[Counter.GRANTS] - 1, billing)
    return True


@inlined
def enter_grant(
    state: State, purchase: Integer, offer: Integer, back_ppm: Integer, at_most: Integer, is_merchants: Integer
) -> None:
    """Make the row of a grant, for which nothing is given yet. offer: its number, 0 where a unit pays."""
    row = state.counters[Counter.GRANTS]
    state.counters[Counter.GRANTS] += 1
    made = state.grants[row]
    made["purchase"], made["offer"] = purchase, offer
    made["back_ppm"], made["at_most"], made["is_merchants"] = back_ppm, at_most, is_merchants
    add_row(state.grant_slots, np.uint64(purchase), row)


@compiled
def settle(state: State, row: Integer, grant_row: Integer, billing: Integer) -> None:
    """Change what stands of a grant's purchase, and give or take back what differs.

    Several refunds so take back what one of their sum would have, and all that was given where nothing stands.
    """
    granted = state.grants[grant_row]
    granted["net_minor"] += billing
    gives = given_for(np.int64(granted["net_minor"]), granted)
    difference = gives - np.int64(granted["granted_minor"])
    granted["granted_minor"] = gives
    if difference > 0:
        reward(state, row, grant_row, difference)
    elif difference < 0:
        claw_back(state, row, grant_row, -difference)


@inlined
def funded_from(granted: Any) -> Integer:
    """The general counter on the other side of a grant."""
    return np.int64(General.MERCHANT_FUNDED if granted["is_merchants"] != 0 else General.REWARDS)


@compiled
def reward(state: State, row: Integer, grant_row: Integer, amount: Integer) -> None:
    """Post money back, and remember at the grant for how much of a due it has counted."""
    entry, granted = state.transactions[row], state.grants[grant_row]
    account_row, sequence = np.int64(entry["account_row"]), np.int64(entry["sequence"])
    billing_row = np.int64(state.accounts[account_row]["billing"]) - 1
    due, to_pay = post_reward(state, account_row, billing_row, sequence, amount, funded_from(granted))
    granted["due_minor"] += due
    granted["to_pay_minor"] += to_pay


@compiled
def claw_back(state: State, row: Integer, grant_row: Integer, amount: Integer) -> None:
    """Charge money back again, as new; as far as it had counted toward a due, that is due again.

    Else a purchase and its refund would pay the minimum.
    """
    entry, granted, today = state.transactions[row], state.grants[grant_row], state.counters[Counter.DAY]
    account_row, sequence = np.int64(entry["account_row"]), np.int64(entry["sequence"])
    kind, against = PostingKind.REWARD_CLAWBACK, funded_from(granted)
    charge_to(state, account_row, sequence, kind, Bucket.NEW, amount, against, today)
    due, to_pay = min(amount, np.int64(granted["due_minor"])), min(amount, np.int64(granted["to_pay_minor"]))
    granted["due_minor"] -= due
    granted["to_pay_minor"] -= to_pay
    ask_again(state, np.int64(state.accounts[account_row]["billing"]) - 1, due, to_pay)
