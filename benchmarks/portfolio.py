"""A seeded portfolio as commands: accounts with a card and a token each, their taps, and a program of 20 rules."""

import json

import numpy as np
import numpy.typing as npt

from authz.program.document import ProgramDocument, with_offsets
from authz.vocabulary.commands import (
    NO_POSITION,
    CardholderVerification,
    Channel,
    CryptogramOutcome,
    Kind,
    Records,
    new_commands,
)
from authz.vocabulary.layouts import ACCOUNT, CARD, TOKEN, new_messages
from authz.vocabulary.states import TokenState

NOW_US = 1_795_521_600_000_000  # 2026-11-24 12:00 UTC
TOKEN_PAN = 9_999_501_000_000_000
EUR, GERMANY = 978, 276
LIMIT_MINOR = 10**9

_CATEGORIES = (5411, 5411, 5411, 5812, 5814, 5541, 5311, 5912, 4111, 7995)
_MERCHANTS = 5_000


def _rule(number: int, when: dict[str, object], action: str = "decline") -> dict[str, object]:
    return {"id": f"rule-{number:02d}", "state": "live", "when": when, "action": action}


def _compare(attribute: str, operator: str, value: object, **more: object) -> dict[str, object]:
    return {"attribute": attribute, "operator": operator, "value": value, **more}


_HISTORY = ("count_", "amount_2", "declines_", "is_new_", "travel_", "amount_z", "consecutive_")


def _looks_back(condition: dict[str, object]) -> bool:
    return any(f'"attribute": "{name}' in json.dumps(condition) for name in _HISTORY)


def program(rules: int = 20, *, with_limits: bool = True, with_history: bool = True) -> ProgramDocument:
    """So many live rules (at most 20) as an issuer would write them, and velocity limits a day.

    with_history: whether some look at velocity and habits; otherwise all are about the transaction, token and account.
    """
    conditions: list[dict[str, object]] = [
        _compare("amount", ">", 5_000_000),
        {"all": [_compare("merchant_category", "=", "7995"), _compare("amount", ">", 50_000)]},
        {"all": [_compare("channel", "=", "e_commerce"), _compare("token_age", "<", 86_400)]},
        _compare("count_1h", ">", 60_000, of="token"),
        _compare("amount_24h", ">", 900_000_000),
        {"all": [_compare("hour_of_day", "<", 5), _compare("amount", ">", 100_000)]},
        {"all": [_compare("is_new_merchant", "=", True), _compare("amount", ">", 200_000)]},
        {"all": [_compare("is_new_country", "=", True), _compare("amount", ">", 300_000)]},
        _compare("country", "in", ["408", "364"]),
        _compare("travel_speed", ">", 1_200),
        {"all": [_compare("amount_z_score", ">", 50), _compare("amount", ">", 100_000)]},
        _compare("consecutive_declines", ">", 10),
        _compare("declines_1h", ">", 20),
        {"all": [_compare("device_risk_score", ">=", 4), _compare("amount", ">", 10_000)]},
        {"any": [_compare("merchant_category", "=", "6051"), _compare("merchant_category", "=", "4829")]},
        {"all": [_compare("cardholder_verification", "=", "none"), _compare("amount", ">", 15_000)]},
        {"not": _compare("currency", "in", ["EUR", "USD", "GBP", "CHF"])},
        {"all": [_compare("device_age", "<", 3_600), _compare("amount", ">", 50_000)]},
        _compare("segment", "in", [200, 201]),
        {"all": [_compare("is_foreign_currency", "=", True), _compare("amount", ">", 500_000)]},
    ]
    if not with_history:
        conditions = [each for each in conditions if not _looks_back(each)]
        conditions += [
            {"all": [_compare("merchant_category", "=", f"{3000 + number}"), _compare("amount", ">", 1_000)]}
            for number in range(20 - len(conditions))
        ]
    limits = [
        {"id": "day-amount", "window": "day", "amount_max": 900_000_000, "currency": "EUR"},
        {"id": "day-count", "window": "day", "count_max": 100_000, "scope": "token"},
    ]
    document = ProgramDocument.model_validate(
        {
            "time_zone": "Europe/Berlin",
            "limits": limits if with_limits else [],
            "rules": [_rule(number, when) for number, when in enumerate(conditions[:rules], 1)],
        }
    )
    return with_offsets(document)


def notices(first: int, count: int, *, with_tokens: bool = True, product: int = 0) -> Records:
    """What the vault says of accounts first to first + count: an account, a card and, if so, a token each.

    product: of all accounts, with their cut days spread over the month; 0 for none.
    """
    each_has = 3 if with_tokens else 2
    commands = new_commands(each_has * count)
    numbers = np.arange(first + 1, first + count + 1, dtype=np.uint64)
    commands["time_us"] = NOW_US
    commands["outbox_sequence"] = 3 * first + 1 + np.arange(each_has * count)
    accounts, cards = commands[0::each_has], commands[1::each_has]
    tokens = commands[2::3] if with_tokens else commands[:0]
    kinds = ((accounts, Kind.SET_ACCOUNT), (cards, Kind.SET_CARD), (tokens, Kind.SET_TOKEN))
    for each, kind in kinds[:each_has]:
        each["kind"] = kind
        each["account_id"] = numbers
        each["card_id"] = numbers
    accounts, cards, tokens = accounts.view(ACCOUNT), cards.view(CARD), tokens.view(TOKEN)
    accounts["currency"], accounts["limit_minor"] = EUR, LIMIT_MINOR
    accounts["transaction_limit_minor"], accounts["segment"] = LIMIT_MINOR, numbers % 28
    if product:
        accounts["product"], accounts["cut_day"] = product, numbers % 28 + 1
    if not with_tokens:
        return commands
    tokens["token_pan"] = TOKEN_PAN + numbers
    tokens["token_id"] = numbers
    tokens["expiry"] = 3112
    tokens["state"], tokens["channels"] = TokenState.ACTIVE, 1 << Channel.CONTACTLESS
    tokens["token_created"] = tokens["device_created"] = NOW_US // 1_000_000 - 86_400 * 30
    return commands


def taps(
    random: np.random.Generator,
    counters: npt.NDArray[np.uint16],
    count: int,
    first_stan: int = 1,
    time_us: int = NOW_US,
) -> Records:
    """Valid contactless taps of random accounts, each with a trace and a transaction counter of its own.

    counters: uint16[accounts], the last counter of each; raised.
    """
    commands = new_messages(count)
    numbers = random.integers(1, len(counters) + 1, count, dtype=np.uint64)
    stans = np.arange(first_stan, first_stan + count)
    merchants = random.integers(0, _MERCHANTS, count)
    commands["kind"] = Kind.AUTHORIZATION_REQUEST
    commands["time_us"] = time_us + np.arange(count)
    commands["token_pan"] = TOKEN_PAN + numbers
    commands["account_id"] = commands["card_id"] = commands["token_id"] = numbers
    commands["amount_minor"] = commands["signed_amount_minor"] = random.integers(100, 10_000, count)
    commands["currency"] = commands["signed_currency"] = EUR
    for i, number in enumerate(numbers.tolist()):
        counters[number - 1] += 1
        commands["atc"][i] = counters[number - 1]
    commands["stan"], commands["transmitted"] = stans % 1_000_000, 1_124_120_000 + stans // 1_000_000
    commands["acquirer"] = 99_900_000_002
    commands["expiry"], commands["country"], commands["entry_mode"] = 3112, GERMANY, 71
    commands["channel"], commands["cryptogram_outcome"] = Channel.CONTACTLESS, CryptogramOutcome.VALID
    commands["cardholder_verification"] = CardholderVerification.DEVICE
    commands["merchant_category"] = np.array(_CATEGORIES)[merchants % len(_CATEGORIES)]
    commands["merchant_key"] = (merchants.astype(np.uint64) + 1) * np.uint64(2_654_435_761)
    commands["latitude"] = commands["longitude"] = NO_POSITION
    commands["terminal"], commands["merchant"] = b"TERM0001", b"CAFE00000000001"
    return commands
