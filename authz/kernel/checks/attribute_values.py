"""Computes the attribute values that rules read, once per decision."""

from typing import Any

import numpy as np

from authz.arrays.compiled import Integer, inlined
from authz.kernel.accounts.geography import distance_km
from authz.kernel.accounts.habits import has_position, is_card_present, standard_deviation
from authz.kernel.accounts.holds import available_credit
from authz.kernel.accounts.message_context import MessageContext, has
from authz.kernel.books.classification import fill_account_values
from authz.kernel.measures.calendar import DAY_US, HOUR_US
from authz.kernel.measures.conditions import Values
from authz.kernel.measures.meters import Subjects, read_meter
from authz.kernel.measures.used import COUNTRY, MERCHANT, has_used
from authz.program.periods import Day, Today
from authz.program.tables import NUMBER_NEEDED
from authz.state.tables import Counter, State
from authz.vocabulary.attributes import HUNDREDTHS, OF_ACCOUNTS, UNKNOWN, Attribute
from authz.vocabulary.commands import NO_POSITION, Flag, Operation

_SECOND_US = 1_000_000
_WEEKDAY_OF_1970 = 3
_A = Attribute
_VALUE_MAX = 1e15
_OF_SCENES_AND_ACCOUNTS = sum(1 << attribute for attribute in (_A.SCENE, _A.NEED, *OF_ACCOUNTS))
"""Those that are filled in only where a rule looks at one of them."""


@inlined
def fill_values(
    state: State, command: Any, context: MessageContext, subjects: Subjects, values: Values, today: Today
) -> None:
    """Fill in the fixed attributes and those of meters; what costs a search, only where a rule looks at it."""
    time_us = np.int64(command["time_us"])
    token = state.tokens[context.token_row]
    group = np.int64(state.program.categories[command["merchant_category"]]["group"])
    operation, amount = np.int64(command["operation"]), np.int64(command["amount_minor"])
    values[_A.AMOUNT] = context.billing_minor
    values[_A.CURRENCY] = command["currency"]
    values[_A.OPERATION] = operation
    values[_A.MERCHANT] = command["merchant_key"]
    values[_A.MERCHANT_CATEGORY] = command["merchant_category"]
    values[_A.CATEGORY_GROUP] = group if group != 0 else UNKNOWN
    values[_A.COUNTRY] = np.int64(command["country"]) if command["country"] != 0 else UNKNOWN
    values[_A.CHANNEL] = command["channel"]
    values[_A.PAN_ENTRY_MODE] = np.int64(command["entry_mode"]) // 10
    values[_A.CARDHOLDER_VERIFICATION] = command["cardholder_verification"]
    values[_A.WALLET_TYPE] = token["token_requestor"]
    values[_A.SEGMENT] = state.accounts[context.account_row]["segment"]
    values[_A.TOKEN_AGE] = time_us // _SECOND_US - np.int64(token["token_created"])
    values[_A.DEVICE_AGE] = time_us // _SECOND_US - np.int64(token["device_created"])
    values[_A.DEVICE_RISK_SCORE] = np.int64(token["device_risk"]) if token["device_risk"] != 0 else UNKNOWN
    local = time_us + today[Day.OFFSET_US]
    values[_A.HOUR_OF_DAY] = local % DAY_US // HOUR_US
    values[_A.DAY_OF_WEEK] = (local // DAY_US + _WEEKDAY_OF_1970) % 7 + 1
    values[_A.AVAILABLE_CREDIT] = available_credit(state, context.account_row)
    values[_A.IS_FOREIGN_CURRENCY] = 1 if context.rate != 0 else 0
    values[_A.IS_PREAUTHORIZATION] = 1 if has(command["flags"], Flag.PREAUTHORIZATION) else 0
    values[_A.CASH_AMOUNT] = amount if operation == Operation.CASH else np.int64(command["cash_minor"])
    fill_habits(state, command, context, subjects, values)
    if state.program.numbers[NUMBER_NEEDED] & _OF_SCENES_AND_ACCOUNTS:
        fill_scenes_and_account(state, command, context, values)
    for place in range(len(state.program.derived)):
        attribute, meter = np.int64(state.program.derived[place, 0]), np.int64(state.program.derived[place, 1])
        number = meter if meter >= 0 else -1 - meter
        count, total = read_meter(state, number, subjects, time_us, today)
        values[attribute] = count if meter >= 0 else total


@inlined
def fill_habits(state: State, command: Any, context: MessageContext, subjects: Subjects, values: Values) -> None:
    """What is unusual about a transaction, for its account."""
    time_us, amount = np.int64(command["time_us"]), np.float64(context.billing_minor)
    activity = state.activities[subjects.activity_row]
    last_us = np.int64(activity["last_us"])
    values[_A.SECONDS_SINCE_LAST_TRANSACTION] = (time_us - last_us) // _SECOND_US if last_us != 0 else UNKNOWN
    values[_A.CONSECUTIVE_DECLINES] = activity["consecutive_declines"]
    needed, mean = state.program.numbers[NUMBER_NEEDED], np.float64(activity["mean"])
    if needed >> _A.AMOUNT_Z_SCORE & 1:
        spread = standard_deviation(activity)
        values[_A.AMOUNT_Z_SCORE] = whole((amount - mean) / spread * HUNDREDTHS) if spread > 0.0 else UNKNOWN
    if needed >> _A.AMOUNT_TO_MEAN & 1:
        values[_A.AMOUNT_TO_MEAN] = whole(amount / mean * HUNDREDTHS) if mean > 0.0 else UNKNOWN
    merchant, country = np.int64(command["merchant_key"]), np.int64(command["country"])
    if needed >> _A.IS_NEW_MERCHANT & 1:
        values[_A.IS_NEW_MERCHANT] = 0 if has_used(state, context.account_row, MERCHANT, merchant) else 1
    if needed >> _A.IS_NEW_COUNTRY & 1:
        values[_A.IS_NEW_COUNTRY] = 0 if has_used(state, context.account_row, COUNTRY, country) else 1
    values[_A.DISTANCE_FROM_LAST_TRANSACTION] = values[_A.TRAVEL_SPEED] = UNKNOWN
    if is_card_present(command) and has_position(activity) and np.int64(command["latitude"]) != NO_POSITION:
        distance = distance_km(
            np.int64(activity["latitude"]),
            np.int64(activity["longitude"]),
            np.int64(command["latitude"]),
            np.int64(command["longitude"]),
        )
        passed = max(np.float64(time_us - np.int64(activity["present_us"])), np.float64(_SECOND_US))
        values[_A.DISTANCE_FROM_LAST_TRANSACTION] = whole(distance)
        values[_A.TRAVEL_SPEED] = whole(distance / (passed / HOUR_US))


@inlined
def fill_scenes_and_account(state: State, command: Any, context: MessageContext, values: Values) -> None:
    """In which scene the account spends, and what is known of it. It was brought to today with the message."""
    category = state.program.categories[command["merchant_category"]]
    values[_A.SCENE] = np.int64(category["scene"]) if category["scene"] != 0 else UNKNOWN
    values[_A.NEED] = np.int64(category["need"]) if category["need"] != 0 else UNKNOWN
    fill_account_values(state, context.account_row, state.counters[Counter.DAY], values)


@inlined
def whole(number: float) -> Integer:
    """A number without its fraction, kept within what an attribute can hold."""
    return np.int64(min(max(number, -_VALUE_MAX), _VALUE_MAX))
