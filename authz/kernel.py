"""The kernel: applies commands to the state in one ordered pass, with no I/O, no clock and no randomness."""

from typing import Any

import numpy as np

from authz import checks
from authz.checks import Case
from authz.commands import Kind, Records
from authz.compiled import Integer, compiled
from authz.hash_index import add_row, find_row, scrambled
from authz.reasons import Reason
from authz.tables import Counter, State

_APPROVAL_CODES = 1_000_000
_MASK_62 = np.uint64((1 << 62) - 1)


@compiled
def apply(state: State, commands: Records, results: Records, findings: Records) -> None:
    """Apply commands in order.

    commands: COMMAND[n].  results: RESULT[n], filled.  findings: FINDING[len(Check)], left with those of the last one.
    The tables must have room for n more rows, see `tables.with_room`.
    """
    for i in range(len(commands)):
        findings["reached"][:] = 0
        state.counters[Counter.SEQUENCE] += 1
        state.counters[Counter.TIME_US] = commands[i]["time_us"]
        sequence = state.counters[Counter.SEQUENCE]
        kind = np.int64(commands[i]["kind"])
        results[i]["sequence"] = sequence
        results[i]["approval_code"] = (sequence * 741_457 + 123_457) % _APPROVAL_CODES
        if kind == Kind.AUTHORIZE:
            reason = authorize(state, commands[i], findings, sequence)
        elif kind == Kind.REVERSE:
            reason = reverse(state, commands[i], findings)
        else:
            reason = set_row(state, commands[i], kind)
        results[i]["reason"] = reason
        account_row = find_row(state.account_slots, state.accounts["account_id"], commands[i]["account_id"])
        if account_row >= 0:
            results[i]["account_id"] = commands[i]["account_id"]
            results[i]["available_minor"] = checks.available_credit(state.accounts[account_row])


@compiled
def name_accounts(state: State, commands: Records) -> None:
    """Name token, card and account of each command that comes with a token's number only; unknown tokens keep 0."""
    for i in range(len(commands)):
        if commands[i]["account_id"] == 0:
            token_row = find_row(state.token_slots, state.tokens["token_pan"], commands[i]["token_pan"])
            if token_row >= 0:
                token = state.tokens[token_row]
                commands[i]["token_id"] = token["token_id"]
                commands[i]["card_id"] = state.cards[token["card_row"]]["card_id"]
                commands[i]["account_id"] = state.accounts[token["account_row"]]["account_id"]


@compiled
def authorize(state: State, command: Any, findings: Records, sequence: Integer) -> Integer:
    """Run the checks in order; the first that fails decides. An approval holds the amount."""
    reason = decide(state, command, findings)
    if reason == Reason.APPROVED:
        hold(state, command, sequence)
    return reason


@compiled
def decide(state: State, command: Any, findings: Records) -> Integer:
    """The ordered pass. Besides deciding, it spends the transaction counter of a valid cryptogram."""
    token_row = find_row(state.token_slots, state.tokens["token_pan"], command["token_pan"])
    case = Case(token_row, find_hold(state, command, command["acquirer"], command["stan"], command["transmitted"]))
    reason = checks.check_token(state, command, case, findings)
    if reason == Reason.APPROVED:
        reason = checks.check_channel(state, command, case, findings)
    if reason == Reason.APPROVED:
        reason = checks.check_cryptogram(state, command, case, findings)
    if reason == Reason.APPROVED:
        reason = checks.check_signed_amount(state, command, case, findings)
    if reason == Reason.APPROVED:
        reason = checks.check_signed_currency(state, command, case, findings)
    if reason == Reason.APPROVED:
        reason = checks.check_transaction_counter(state, command, case, findings)
    if reason != Reason.APPROVED:
        return reason
    checks.use_transaction_counter(state, command, case)
    reason = checks.check_token_state(state, command, case, findings)
    if reason == Reason.APPROVED:
        reason = checks.check_token_expiry(state, command, case, findings)
    if reason == Reason.APPROVED:
        reason = checks.check_expiration_date(state, command, case, findings)
    if reason == Reason.APPROVED:
        reason = checks.check_card_state(state, command, case, findings)
    if reason == Reason.APPROVED:
        reason = checks.check_duplicate(state, command, case, findings)
    if reason == Reason.APPROVED:
        reason = checks.check_currency(state, command, case, findings)
    if reason == Reason.APPROVED:
        reason = checks.check_amount(state, command, case, findings)
    if reason == Reason.APPROVED:
        reason = checks.check_transaction_limit(state, command, case, findings)
    if reason == Reason.APPROVED:
        reason = checks.check_available_credit(state, command, case, findings)
    return reason


@compiled
def reverse(state: State, command: Any, findings: Records) -> Integer:
    """Release the hold of the original authorization, once; a repeated reversal is approved and releases nothing."""
    token_row = find_row(state.token_slots, state.tokens["token_pan"], command["token_pan"])
    hold_row = find_hold(
        state, command, command["original_acquirer"], command["original_stan"], command["original_transmitted"]
    )
    case = Case(token_row, hold_row)
    reason = checks.check_token(state, command, case, findings)
    if reason == Reason.APPROVED:
        reason = checks.check_original(state, command, case, findings)
    if reason == Reason.APPROVED:
        reason = checks.check_original_amount(state, command, case, findings)
    if reason == Reason.APPROVED and state.holds[hold_row]["released"] == 0:
        state.holds[hold_row]["released"] = 1
        account_row = state.holds[hold_row]["account_row"]
        state.accounts[account_row]["held_minor"] -= state.holds[hold_row]["amount_minor"]
    return reason


@compiled
def trace_key(token_pan: Integer, acquirer: Integer, stan: Integer, transmitted: Integer) -> Integer:
    """One key of what identifies an authorization on the wire. Rows are compared field by field behind it."""
    mixed = np.uint64(scrambled(token_pan)) ^ acquirer
    mixed = np.uint64(scrambled(mixed)) ^ (stan << np.uint64(32) | transmitted)
    return np.uint64(scrambled(mixed)) & _MASK_62


@compiled
def find_hold(state: State, command: Any, acquirer: Integer, stan: Integer, transmitted: Integer) -> Integer:
    """The hold of an authorization, released or not, or -1."""
    key = trace_key(command["token_pan"], np.uint64(acquirer), np.uint64(stan), np.uint64(transmitted))
    row = find_row(state.hold_slots, state.holds["trace_key"], key)
    if row < 0:
        return -1
    found = state.holds[row]
    same = (
        found["token_pan"] == command["token_pan"]
        and found["acquirer"] == acquirer
        and found["stan"] == stan
        and found["transmitted"] == transmitted
    )
    return row if same else -1


@compiled
def hold(state: State, command: Any, sequence: Integer) -> None:
    """Set an approved amount aside."""
    row = state.counters[Counter.HOLDS]
    state.counters[Counter.HOLDS] += 1
    token = state.tokens[find_row(state.token_slots, state.tokens["token_pan"], command["token_pan"])]
    stan, transmitted = np.uint64(command["stan"]), np.uint64(command["transmitted"])
    key = trace_key(command["token_pan"], command["acquirer"], stan, transmitted)
    entry = state.holds[row]
    entry["trace_key"] = key
    entry["token_pan"] = command["token_pan"]
    entry["acquirer"] = command["acquirer"]
    entry["sequence"] = sequence
    entry["amount_minor"] = command["amount_minor"]
    entry["stan"] = command["stan"]
    entry["transmitted"] = command["transmitted"]
    entry["account_row"] = token["account_row"]
    add_row(state.hold_slots, key, row)
    state.accounts[token["account_row"]]["held_minor"] += command["amount_minor"]


@compiled
def set_row(state: State, command: Any, kind: Integer) -> Integer:
    """Take over what the vault says of an account, card or token. A notice heard before changes nothing."""
    if np.int64(command["outbox_sequence"]) <= state.counters[Counter.OUTBOX_SEQUENCE]:
        return Reason.APPROVED
    state.counters[Counter.OUTBOX_SEQUENCE] = np.int64(command["outbox_sequence"])
    if kind == Kind.SET_ACCOUNT:
        set_account(state, command)
    elif kind == Kind.SET_CARD:
        set_card(state, command)
    elif kind == Kind.SET_TOKEN:
        set_token(state, command)
    return Reason.APPROVED


@compiled
def set_account(state: State, command: Any) -> None:
    """Open an account, or change its limits and segment; balances stay."""
    row = find_row(state.account_slots, state.accounts["account_id"], command["account_id"])
    if row < 0:
        row = state.counters[Counter.ACCOUNTS]
        state.counters[Counter.ACCOUNTS] += 1
        state.accounts[row]["account_id"] = command["account_id"]
        state.accounts[row]["currency"] = command["currency"]
        add_row(state.account_slots, command["account_id"], row)
    state.accounts[row]["limit_minor"] = command["limit_minor"]
    state.accounts[row]["transaction_limit_minor"] = command["transaction_limit_minor"]
    state.accounts[row]["segment"] = command["segment"]


@compiled
def set_card(state: State, command: Any) -> None:
    """Enter a card, or change its state."""
    row = find_row(state.card_slots, state.cards["card_id"], command["card_id"])
    if row < 0:
        row = state.counters[Counter.CARDS]
        state.counters[Counter.CARDS] += 1
        state.cards[row]["card_id"] = command["card_id"]
        account_row = find_row(state.account_slots, state.accounts["account_id"], command["account_id"])
        assert account_row >= 0, "the vault tells of an account before its cards"
        state.cards[row]["account_row"] = account_row
        add_row(state.card_slots, command["card_id"], row)
    state.cards[row]["state"] = command["state"]


@compiled
def set_token(state: State, command: Any) -> None:
    """Enter a token, or change its state, expiry and domain; used transaction counters stay used."""
    row = find_row(state.token_slots, state.tokens["token_pan"], command["token_pan"])
    if row < 0:
        row = state.counters[Counter.TOKENS]
        state.counters[Counter.TOKENS] += 1
        card_row = find_row(state.card_slots, state.cards["card_id"], command["card_id"])
        assert card_row >= 0, "the vault tells of a card before its tokens"
        state.tokens[row]["token_pan"] = command["token_pan"]
        state.tokens[row]["token_id"] = command["token_id"]
        state.tokens[row]["card_row"] = card_row
        state.tokens[row]["account_row"] = state.cards[card_row]["account_row"]
        state.tokens[row]["cryptogram_version"] = command["cryptogram_version"]
        state.tokens[row]["key_index"] = command["key_index"]
        add_row(state.token_slots, command["token_pan"], row)
    state.tokens[row]["channels"] = command["channels"]
    state.tokens[row]["expiry"] = command["expiry"]
    state.tokens[row]["state"] = command["state"]
