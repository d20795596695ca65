"""What an issuer does by itself, with an account or with a range of them: each command goes to its function."""

from typing import Any

import numpy as np

from authz.arrays.compiled import Integer, compiled
from authz.kernel.bank.corrections import adjust, waive, write_off
from authz.kernel.bank.instalments import end_plan, start_plan
from authz.kernel.bank.payments import pay, return_payment
from authz.kernel.bank.ranges import close_day, relieve_range
from authz.kernel.bank.relieving import relieve
from authz.kernel.bank.units import give_units, redeem
from authz.state.rows import found
from authz.state.tables import State
from authz.vocabulary.commands import Kind, Records
from authz.vocabulary.layouts import (
    DAY_CLOSE,
    PAYMENT,
    PAYMENT_RETURNED,
    PLAN_END,
    PLAN_START,
    RELIEF,
    RELIEF_RANGE,
    UNITS_MOVED,
    WAIVER,
)
from authz.vocabulary.reasons import Reason


@compiled
def take_bank_command(state: State, commands: Records, place: Integer, account_row: Integer, result: Any) -> Integer:
    """Carry out a command about an account that was rolled; returns why it was refused, or `APPROVED`."""
    if not found(account_row):
        return np.int64(Reason.ACCOUNT_NOT_FOUND)
    if state.accounts[account_row]["product"] == 0:
        return np.int64(Reason.ACCOUNT_WITHOUT_PRODUCT)
    kind = np.int64(commands[place]["kind"])
    reason: Integer = np.int64(Reason.APPROVED)
    if kind == Kind.PAYMENT:
        reason = pay(state, account_row, np.int64(commands.view(PAYMENT)[place]["amount_minor"]))
    elif kind == Kind.ADJUST:
        reason = adjust(state, account_row, np.int64(commands.view(PAYMENT)[place]["amount_minor"]))
    elif kind == Kind.PAYMENT_RETURNED:
        reason = return_payment(state, account_row, np.int64(commands.view(PAYMENT_RETURNED)[place]["decision"]))
    elif kind == Kind.WAIVE:
        reason = waive(state, account_row, commands.view(WAIVER)[place])
    elif kind == Kind.WRITE_OFF:
        reason = write_off(state, account_row)
    elif kind == Kind.START_PLAN:
        reason = start_plan(state, account_row, commands.view(PLAN_START)[place])
    elif kind == Kind.END_PLAN:
        reason = end_plan(state, account_row, commands.view(PLAN_END)[place])
    elif kind == Kind.GIVE_UNITS:
        reason = give_units(state, account_row, commands.view(UNITS_MOVED)[place])
    elif kind == Kind.REDEEM:
        reason = redeem(state, account_row, commands.view(UNITS_MOVED)[place])
    else:
        result["rows_relieved"] = 1 if relieve(state, account_row, commands.view(RELIEF)[place]) else 0
    return reason


@compiled
def take_about_range(state: State, commands: Records, place: Integer, result: Any) -> Integer:
    """Carry out a command about a range of accounts, see `OF_RANGES`; returns why it was refused, or `APPROVED`."""
    if commands[place]["kind"] == Kind.CLOSE_DAY:
        return close_day(state, commands.view(DAY_CLOSE)[place], result)
    return relieve_range(state, commands.view(RELIEF_RANGE)[place], result)
