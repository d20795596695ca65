"""Applies the vault's notices about accounts, cards and tokens, in the order of their numbers."""

from typing import Any

import numpy as np

from authz.arrays.compiled import Integer, compiled, inlined
from authz.arrays.hash_index import add_row, find_row
from authz.kernel.books.opening import join_product, roll
from authz.kernel.measures.calendar import DAY_US
from authz.state.billing import LAST_DAY
from authz.state.rows import found
from authz.state.tables import Counter, State
from authz.vocabulary.commands import Kind, Records, SegmentIs
from authz.vocabulary.layouts import ACCOUNT, CARD, LIMITED_USE_KEY, TOKEN
from authz.vocabulary.reasons import Reason


@compiled
def take_notice(state: State, commands: Records, place: Integer) -> Integer:
    """Apply a notice of the vault about an account, card or token. A notice that was applied before changes nothing.

    Returns: `Reason.UNDEFINED_VALUE` for a command that is no notice of the vault.
    """
    kind, number = np.int64(commands[place]["kind"]), np.int64(commands[place]["outbox_sequence"])
    is_new = number > state.counters[Counter.OUTBOX_SEQUENCE]
    if kind == Kind.SET_ACCOUNT:
        if is_new:
            set_account(state, commands.view(ACCOUNT)[place])
    elif kind == Kind.SET_CARD:
        if is_new:
            set_card(state, commands.view(CARD)[place])
    elif kind == Kind.SET_TOKEN:
        if is_new:
            set_token(state, commands.view(TOKEN)[place])
    elif kind == Kind.SET_LIMITED_USE_KEY:
        if is_new:
            set_limited_use_key(state, commands.view(LIMITED_USE_KEY)[place])
    else:
        return Reason.UNDEFINED_VALUE
    if is_new:
        state.counters[Counter.OUTBOX_SEQUENCE] = number
    return Reason.APPROVED


@compiled
def set_account(state: State, command: Any) -> None:
    """Open an account, or change its limits, segment, product and cut day; balances stay."""
    row = find_row(state.account_slots, state.accounts["account_id"], command["account_id"])
    if not found(row):
        row = state.counters[Counter.ACCOUNTS]
        state.counters[Counter.ACCOUNTS] += 1
        state.accounts[row]["account_id"] = command["account_id"]
        state.accounts[row]["currency"] = command["currency"]
        state.accounts[row]["opened_day"] = min(max(np.int64(command["time_us"]) // DAY_US, 0), LAST_DAY)
        add_row(state.account_slots, command["account_id"], row)
    roll(state, row)
    state.accounts[row]["limit_minor"] = command["limit_minor"]
    state.accounts[row]["transaction_limit_minor"] = command["transaction_limit_minor"]
    if command["opened_day"] != 0:
        state.accounts[row]["opened_day"] = command["opened_day"]
    state.accounts[row]["life_stage"] = command["life_stage"]
    set_segment(state, row, command)
    if command["product"] != 0:
        join_product(state, row, np.int64(command["product"]), np.int64(command["cut_day"]))


@inlined
def set_segment(state: State, row: Integer, command: Any) -> None:
    """Pin an account to a segment, or unpin it.

    One that is unpinned stays in its segment until its next statement; without books it gets none.
    """
    account, how, segment = state.accounts[row], np.int64(command["segment_is"]), np.int64(command["segment"])
    account["is_pinned"] = 1 if how == SegmentIs.PINNED or (how == SegmentIs.IMPLIED and segment != 0) else 0
    if how != SegmentIs.UNPINNED or account["billing"] == 0:
        account["segment"] = segment


@compiled
def set_card(state: State, command: Any) -> None:
    """Enter a card, or change its state."""
    row = find_row(state.card_slots, state.cards["card_id"], command["card_id"])
    if not found(row):
        row = state.counters[Counter.CARDS]
        state.counters[Counter.CARDS] += 1
        state.cards[row]["card_id"] = command["card_id"]
        account_row = find_row(state.account_slots, state.accounts["account_id"], command["account_id"])
        assert found(account_row), "the vault tells of an account before its cards"
        state.cards[row]["account_row"] = account_row
        add_row(state.card_slots, command["card_id"], row)
    state.cards[row]["state"] = command["state"]


@compiled
def set_token(state: State, command: Any) -> None:
    """Enter a token, or change its state, expiry and domain; used transaction counters stay used."""
    row = find_row(state.token_slots, state.tokens["token_pan"], command["token_pan"])
    if not found(row):
        row = state.counters[Counter.TOKENS]
        state.counters[Counter.TOKENS] += 1
        card_row = find_row(state.card_slots, state.cards["card_id"], command["card_id"])
        assert found(card_row), "the vault tells of a card before its tokens"
        state.tokens[row]["token_pan"] = command["token_pan"]
        state.tokens[row]["token_id"] = command["token_id"]
        state.tokens[row]["card_row"] = card_row
        state.tokens[row]["account_row"] = state.cards[card_row]["account_row"]
        state.tokens[row]["cryptogram_version"] = command["cryptogram_version"]
        state.tokens[row]["key_index"] = command["key_index"]
        state.tokens[row]["token_requestor"] = command["token_requestor"]
        state.tokens[row]["token_created"] = command["token_created"]
        state.tokens[row]["device_created"] = command["device_created"]
        state.tokens[row]["payment_account_reference"] = command["payment_account_reference"]
        add_row(state.token_slots, command["token_pan"], row)
    state.tokens[row]["channels"] = command["channels"]
    state.tokens[row]["expiry"] = command["expiry"]
    state.tokens[row]["state"] = command["state"]
    state.tokens[row]["device_risk"] = command["device_risk"]
    state.tokens[row]["merchant_key"] = command["merchant_key"]
    state.tokens[row]["amount_max_minor"] = command["amount_max_minor"]
    state.tokens[row]["countries"] = command["countries"]
    is_restricted = command["merchant_key"] != 0 or command["amount_max_minor"] != 0 or command["countries"] != 0
    state.tokens[row]["is_restricted"] = 1 if is_restricted else 0


@compiled
def set_limited_use_key(state: State, command: Any) -> None:
    """Enter a phone's new key; the one before it may still be used, the one before that no longer."""
    row = find_row(state.token_slots, state.tokens["token_pan"], command["token_pan"])
    assert found(row), "the vault tells of a token before its keys"
    token = state.tokens[row]
    token["earlier_key"] = token["limited_use_key"]
    token["earlier_key_until"] = token["key_until"]
    token["earlier_key_uses"] = token["key_uses"]
    token["limited_use_key"] = command["limited_use_key"]
    token["key_until"] = command["key_until"]
    token["key_uses"] = command["key_uses"]
