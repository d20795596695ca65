"""From a document to the kernel's arrays: what each part of it becomes, and what there is no room for."""

from datetime import UTC, datetime

import numpy as np
import pytest

from authz.program.compilation import CompiledRows, compiled_program, merchant_key
from authz.program.document import ProgramDocument, ProgramInvalid
from authz.program.periods import Period
from authz.program.tables import (
    MATCH,
    METERS_MAX,
    NO_MATCH,
    NUMBER_CASH,
    NUMBER_CASH_BACK,
    NUMBER_DESK,
    NUMBER_LIMITS,
    NUMBER_METERS,
    NUMBER_NEEDED,
    NUMBER_RULES,
    NUMBER_SEGMENTS,
    NUMBER_STAND_IN_AMOUNT,
    NUMBER_STAND_IN_COUNT,
    NUMBER_STAND_IN_TOTAL,
    NUMBER_TEST_AMOUNTS,
    NUMBER_VERSION,
    SEGMENT_MEASURES_MAX,
    Action,
    CashVerification,
    Operator,
    Outcome,
    Scope,
)
from authz.vocabulary.attributes import MEASURES_MAX, Attribute
from authz.vocabulary.cases import Queue
from authz.vocabulary.commands import CardholderVerification, Channel, Operation
from authz.vocabulary.reasons import Reason

AN_AMOUNT = {"count_max": None, "amount_max": 1, "currency": "EUR"}
EVERY_32, EVERY_64 = 0xFFFF_FFFF, 0xFFFF_FFFF_FFFF_FFFF


def compiled(**document):
    """A document's arrays."""
    return compiled_program(ProgramDocument.model_validate(document), 1)


def limit(identifier="x", **changes):
    """One limit of a document."""
    return {"id": identifier, "window": "day", "count_max": 1} | changes


def rule(when, identifier="x", **changes):
    """One rule of a document."""
    return {"id": identifier, "state": "live", "when": when, "action": "flag"} | changes


def compared(attribute, operator, *value, **more):
    """One comparison."""
    return {"attribute": attribute, "operator": operator} | ({"value": value[0]} if value else {}) | more


def test_a_document_that_says_nothing():
    """One row of nothing in each table, since compiled code takes no empty ones; and every code has its place."""
    program = compiled()
    for table in (program.filters, program.meters, program.limits, program.rules, program.instructions):
        assert table.tolist() == np.zeros(1, table.dtype).tolist()
    assert (program.set_starts.tolist(), program.set_values.tolist()) == ([0], [0])
    assert (program.cell_of.tolist(), program.cells_of_scope.tolist()) == ([0], [0] * len(Scope))
    assert program.derived.shape == (0, 2)
    assert (len(program.categories), len(program.currencies)) == (10_000, 1_000)
    assert set(program.categories.tolist()) == {(168, 0, 0, 0, 0)}


def test_categories():
    """From the first to the last of a range; later ranges override earlier ones."""
    program = compiled(
        categories=[
            {"first": "5411", "last": "5499", "group": "food", "hold_hours": 24, "tolerance_percent": "12.5"},
            {"first": "5422", "last": "5422", "group": "meat"},
        ]
    )
    outside, food, meat = (168, 0, 0, 0, 0), (24, 125, 1, 0, 0), (168, 0, 2, 0, 0)
    told = {category: program.categories[category].item() for category in (5410, 5411, 5421, 5422, 5423, 5499, 5500)}
    assert told == {5410: outside, 5411: food, 5421: food, 5422: meat, 5423: food, 5499: food, 5500: outside}


SCENES = [
    {"scene": "bar", "need": "dining", "categories": [["5813", "5813"], ["5801", "5802"]]},
    {"scene": "cinema", "need": "play", "categories": [["7829", "7832"]]},
    {"scene": "restaurant", "need": "dining", "categories": [["5812", "5812"], ["0000", "0001"]]},
]


def test_categories_of_scenes():
    """Each has the number of its scene, and that of the need which is served there, beside its group."""
    rows = compiled(scenes=SCENES, categories=[{"first": "5813", "last": "5814", "group": "food"}]).categories
    told = {code: rows[code][["group", "scene", "need"]].item() for code in (0, 1, 2, 5800, 5801, 5802, 5803, 5812)}
    assert told == {
        0: (0, 3, 1), 1: (0, 3, 1), 2: (0, 0, 0), 5800: (0, 0, 0), 5801: (0, 1, 1), 5802: (0, 1, 1), 5803: (0, 0, 0),
        5812: (0, 3, 1),
    }  # fmt: skip
    told = {code: rows[code][["group", "scene", "need"]].item() for code in (5813, 5814, 7828, 7829, 7832, 7833)}
    assert told == {
        5813: (1, 1, 1), 5814: (1, 0, 0), 7828: (0, 0, 0), 7829: (0, 2, 2), 7832: (0, 2, 2), 7833: (0, 0, 0),
    }  # fmt: skip


def test_the_last_of_all_scenes_and_needs():
    """255 and 64: the greatest numbers that there are."""
    scenes = [
        {"scene": f"s{number}", "need": f"n{number % 64}", "categories": [[f"{number:04d}", f"{number:04d}"]]}
        for number in range(1, 256)
    ]
    rows = compiled(scenes=scenes).categories
    assert rows[255][["scene", "need"]].item() == (255, 63)
    assert rows[192][["scene", "need"]].item() == (192, 64)


@pytest.mark.parametrize(
    ("where", "codes"),
    [
        ({"scenes": ["bar"]}, [5801, 5802, 5813]),
        ({"scenes": ["cinema", "bar"]}, [5801, 5802, 5813, 7829, 7830, 7831, 7832]),
        ({"needs": ["dining"]}, [0, 1, 5801, 5802, 5812, 5813]),
        ({"scenes": ["bar"], "needs": ["dining"]}, [5801, 5802, 5813]),
        ({"needs": ["dining"], "categories": ["5812", "5814"]}, [5812]),
        ({"scenes": ["bar"], "categories": ["5812", "5814"]}, []),
        ({"scenes": ["bar"], "needs": ["play"]}, []),
    ],
)
def test_filters_of_scenes_and_needs(where, codes):
    """A set of categories: those that fit all that is named, perhaps none, which is another than all."""
    program = compiled(scenes=SCENES, limits=[limit("a", where=where), limit("b", where={"countries": ["276"]})])
    assert program.filters[["categories", "countries", "is_open"]].tolist() == [(0, -1, 0), (-1, 1, 0)]
    assert program.set_starts.tolist() == [0, len(codes), len(codes) + 1]
    assert program.set_values.tolist() == [*codes, 276]


def test_currencies():
    """Decimals of every currency, and a row of rates for those that have any."""
    program = compiled(rates={"base": "EUR", "per_base": {"JPY": "170"}})
    assert {number: program.currencies[number].item() for number in (978, 392, 840, 414, 0)} == {
        978: (0, 2), 392: (1, 0), 840: (-1, 2), 414: (-1, 3), 0: (-1, 0),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other", "there", "back"),
    [
        ("1", "1.25", (1_250_000, 6), (8_000_000, 7)),
        ("1", "170.5", (1_705_000, 4), (5_865_103, 9)),
        ("1", "9999999", (9_999_999, 0), (100, 9)),
        ("1000000", "0.001", (1, 9), (0, 0)),
        ("1000000", "0.0004", (0, 0), (0, 0)),
        ("0.1", "1000000", (0, 0), (100, 9)),
    ],
)
def test_rates_between_two_currencies(one, other, there, back):
    """Seven digits and at most nine decimals; none where DE 10 cannot say it."""
    program = compiled(rates={"base": "EUR", "per_base": {"USD": one, "JPY": other}})
    usd, jpy = 1, 2
    assert program.rates[usd, jpy].item() == there
    assert program.rates[jpy, usd].item() == back
    assert program.rates[usd, usd].item() == (1_000_000, 6)


def test_rates_are_rounded_once():
    """To seven digits, not first to eight: that would end at 1.234568."""
    assert compiled(rates={"base": "EUR", "per_base": {"USD": "1.23456749"}}).rates[0, 1].item() == (1_234_567, 6)


def test_offsets():
    """The first is from the beginning of time, the others from their moment on."""
    begin, change = datetime(2000, 1, 1, tzinfo=UTC), datetime(2026, 3, 29, 1, tzinfo=UTC)
    program = compiled(utc_offsets=[{"from_time": begin, "seconds": 3600}, {"from_time": change, "seconds": 7200}])
    assert program.offsets.tolist() == [
        (np.iinfo(np.int64).min, 3600),
        (int(change.timestamp()) * 1_000_000, 7200),
    ]
    assert compiled().offsets.tolist() == [(np.iinfo(np.int64).min, 0)]


def test_limits():
    """What each may be at most, and what measures it: nothing where it is about one transaction."""
    program = compiled(
        limits=[
            limit("a", window="24h", scope="token", count_max=3),
            limit("b", window="transaction", count_max=None, amount_max=5000, currency="EUR", reason="lost_card"),
            limit("c", window="since_verification", scope="token", count_max=None, amount_max=7, currency="EUR"),
            limit("d", window="24h", scope="token", count_max=9, where={"channels": ["contactless"]}),
            limit("e", window="24h", scope="token", count_max=4),
        ]
    )
    assert program.limits.tolist() == [
        (3, -1, 0, 0, Reason.EXCEEDS_LIMIT),
        (-1, 5000, -1, 1, Reason.LOST_CARD),
        (-1, 7, 1, 1, Reason.EXCEEDS_LIMIT),
        (9, -1, 2, 2, Reason.EXCEEDS_LIMIT),
        (4, -1, 0, 0, Reason.EXCEEDS_LIMIT),
    ]
    day_us = 86_400_000_000
    assert program.meters.tolist() == [
        (day_us, Scope.TOKEN, Period.TRAILING, Outcome.APPROVED, 0),
        (0, Scope.TOKEN, Period.SINCE_VERIFICATION, Outcome.APPROVED, 1),
        (day_us, Scope.TOKEN, Period.TRAILING, Outcome.APPROVED, 2),
    ]


def test_filters():
    """Bits of what is let through, sets of codes, the account's currency; all of them where nothing is said."""
    where = {
        "channels": ["contactless", "keyed"], "operations": ["cash", "refund"], "cardholder_verification": ["pin"],
        "categories": ["5814", "5411"], "countries": ["276"], "merchants": ["CAFE"], "category_groups": ["food"],
    }  # fmt: skip
    program = compiled(
        categories=[{"first": "5411", "last": "5499", "group": "food"}],
        limits=[
            limit("a"),
            limit("b", where=where),
            limit("c", currency="EUR"),
            limit("d", where={"countries": ["276"]}),
            limit("e", window="transaction", where={"segments": [9, 7]}, **AN_AMOUNT),
        ],
    )
    assert program.filters.tolist() == [
        (EVERY_64, EVERY_32, EVERY_32, EVERY_32, -1, -1, -1, -1, 0, 1),
        (
            1 << 1, 1 << Channel.CONTACTLESS | 1 << Channel.KEYED, 1 << Operation.CASH | 1 << Operation.REFUND,
            1 << CardholderVerification.PIN, 0, 1, 2, -1, 0, 0,
        ),
        (EVERY_64, EVERY_32, EVERY_32, EVERY_32, -1, -1, -1, -1, 978, 0),
        (EVERY_64, EVERY_32, EVERY_32, EVERY_32, -1, 1, -1, -1, 0, 0),
        (EVERY_64, EVERY_32, EVERY_32, EVERY_32, -1, -1, -1, 3, 978, 0),
    ]  # fmt: skip
    assert program.set_starts.tolist() == [0, 2, 3, 4, 6]
    assert program.set_values.tolist() == [5411, 5814, 276, merchant_key("CAFE"), 7, 9]


def test_limits_of_several_segments_share_a_meter():
    """Each has a filter of its own, which lets every transaction through; a rule's count has its segments itself."""
    program = compiled(
        limits=[limit("a", where={"segments": [7]}), limit("b", where={"segments": [8]}), limit("c")],
        rules=[rule(compared("count_day", ">", 1, where={"segments": [8]}))],
    )
    assert program.filters[["segments", "is_open"]].tolist() == [(0, 1), (-1, 1), (1, 1)]
    assert program.limits[["meter", "filter"]].tolist() == [(0, 0), (0, 2), (0, 1)]
    assert program.meters["filter"].tolist() == [1, 2]
    assert program.set_values.tolist() == [7, 8]


@pytest.mark.parametrize("operation", Operation)
def test_operations_as_bits(operation):
    """Each has a bit of its own among 32: those above 31 that of their last five bits."""
    program = compiled(limits=[limit(where={"operations": [operation.name.lower()]})])
    assert program.filters["operations"].tolist() == [1 << operation % 32]


def test_cells():
    """Meters are numbered within their scope, and counted."""
    scopes = ["token", "account", "token", "segment", "token"]
    program = compiled(
        limits=[limit(f"x{number}", scope=scope, window=f"{number + 1}h") for number, scope in enumerate(scopes)]
    )
    assert program.cell_of.tolist() == [0, 0, 1, 0, 2]
    assert program.cells_of_scope.tolist() == [0, 1, 1, 0, 3]


def test_a_condition_as_instructions():
    """Written from the end, so that each knows where to go on: a number, a match, or none."""
    when = {
        "any": [
            {"all": [compared("amount", ">", 500), compared("hour_of_day", "between", [1, 5])]},
            {"not": compared("device_risk_score", "is_unknown")},
        ]
    }
    program = compiled(rules=[rule(when)])
    amount, hour, risk = Attribute.AMOUNT, Attribute.HOUR_OF_DAY, Attribute.DEVICE_RISK_SCORE
    assert program.instructions.tolist() == [
        (0, risk, Operator.IS_UNKNOWN, NO_MATCH, MATCH),
        (5, hour, Operator.LESS_OR_EQUAL, MATCH, 0),
        (1, hour, Operator.LESS, 0, 1),
        (0, hour, Operator.IS_UNKNOWN, 0, 2),
        (500, amount, Operator.LESS_OR_EQUAL, 0, 3),
        (0, amount, Operator.IS_UNKNOWN, 0, 4),
    ]
    assert program.rules.tolist() == [(0, Scope.PROGRAM, Action.FLAG, Reason.APPROVED, 1, 5, 0)]


IF, ELSE = MATCH, NO_MATCH


@pytest.mark.parametrize(
    ("sign", "value", "instructions"),
    [
        ("=", 500, [(500, Operator.EQUAL, IF, ELSE)]),
        ("!=", 500, [(500, Operator.EQUAL, ELSE, IF), (0, Operator.IS_UNKNOWN, ELSE, 0)]),
        ("<", 500, [(500, Operator.LESS, IF, ELSE)]),
        ("<=", 500, [(500, Operator.LESS_OR_EQUAL, IF, ELSE)]),
        (">", 500, [(500, Operator.LESS_OR_EQUAL, ELSE, IF), (0, Operator.IS_UNKNOWN, ELSE, 0)]),
        (">=", 500, [(500, Operator.LESS, ELSE, IF), (0, Operator.IS_UNKNOWN, ELSE, 0)]),
        ("in", [500, 7], [(0, Operator.ONE_OF, IF, ELSE)]),
        ("not_in", [500, 7], [(0, Operator.ONE_OF, ELSE, IF), (0, Operator.IS_UNKNOWN, ELSE, 0)]),
        (
            "between",
            [7, 500],
            [
                (500, Operator.LESS_OR_EQUAL, IF, ELSE),
                (7, Operator.LESS, ELSE, 0),
                (0, Operator.IS_UNKNOWN, ELSE, 1),
            ],
        ),
    ],
)
def test_a_comparison_as_instructions(sign, value, instructions):
    """What is turned round asks first whether there is a value at all: what is not known compares as false."""
    program = compiled(rules=[rule(compared("token_age", sign, value))])
    assert program.instructions[["value", "operator", "if_true", "if_false"]].tolist() == instructions
    assert set(program.instructions["attribute"].tolist()) == {Attribute.TOKEN_AGE}
    assert program.rules["first"].tolist() == [len(instructions) - 1]
    assert program.set_values.tolist() == ([7, 500] if "in" in sign else [0])


def test_where_the_attributes_of_rules_are():
    """For each rule that is evaluated its comparisons from left to right: fixed attributes, then what is measured."""
    parts = [compared("amount", ">", 1), compared("count_24h", ">", 1), compared("amount_24h", ">", 1)]
    document = ProgramDocument.model_validate(
        {
            "rules": [rule({"any": parts}), rule(parts[0], "y", state="draft"), rule({"not": parts[2]}, "z")],
            "limits": [{"id": "hour", "window": "1h", "count_max": 1}, {"id": "day", "window": "24h", "count_max": 1}],
        }
    )
    places = [[(each.attribute, place) for each, place in told] for told in CompiledRows(document).places_by_rule()]
    first = len(Attribute)
    assert places == [
        [("amount", Attribute.AMOUNT), ("count_24h", first + 1), ("amount_24h", first)],
        [("amount_24h", first)],
    ]


def test_measures():
    """Counts and sums of one meter are two attributes, each shown once however often it is asked for."""
    whens = [
        compared("count_24h", ">", 1),
        compared("amount_24h", ">", 1),
        compared("declines_24h", ">", 1),
        compared("count_24h", ">", 2),
    ]
    program = compiled(rules=[rule(when, f"r{number}") for number, when in enumerate(whens)])
    first = len(Attribute)
    assert program.derived.tolist() == [[first, 0], [first + 1, -1], [first + 2, 1]]
    assert program.meters["outcome"].tolist() == [Outcome.APPROVED, Outcome.DECLINED]
    asked = [int(row["attribute"]) for row in program.instructions if row["operator"] == Operator.LESS_OR_EQUAL]
    assert asked == [first, first + 1, first + 2, first]


@pytest.mark.parametrize("more", [0, 1])
def test_how_many_measures(more):
    """As many as there is room for behind the fixed attributes."""
    count = MEASURES_MAX + more
    rules = [rule(compared(f"count_{number + 1}s", ">", 1), f"r{number}") for number in range(count)]
    if more:
        with pytest.raises(
            ProgramInvalid, match=f"rules: rules and segments must use at most {count - 1} different counts and sums"
        ):
            compiled(rules=rules)
    else:
        assert len(compiled(rules=rules).derived) == count


def test_what_segments_measure_costs_a_payment_nothing():
    """Their counts stand behind those of rules, with which they share what is the same."""
    of_rules, of_segments = compared("count_day", ">", 1), compared("amount_year", ">", 2)
    segments = [
        {"number": 7, "id": "a", "when": of_segments},
        {"number": 8, "id": "pinned"},
        {"number": 5, "id": "b", "when": {"all": [of_rules, compared("missed_dues", "=", 1)]}},
    ]
    program, first = compiled(rules=[rule(of_rules)], segments=segments), len(Attribute)
    assert program.derived.tolist() == [[first, 0]]
    assert program.measured.tolist() == [[first, 0], [first + 1, -2]]
    assert program.segments["number"].tolist() == [7, 5]
    assert (program.numbers[NUMBER_METERS], program.cells_of_scope.sum(), len(program.meters)) == (1, 1, 2)
    assert program.numbers[NUMBER_NEEDED] == 0


def test_at_which_merchants_segments_count():
    """Bit by place among what they measure: counts that name no category count anywhere."""
    named = {"where": {"categories": ["5411", "5812"]}}
    other = {"where": {"categories": ["5812"], "channels": ["contactless"]}}
    whens = [
        compared("count_day", ">", 1),
        compared("amount_year", ">", 2) | named,
        compared("amount_day", ">", 3) | other,
    ]
    segments = [{"number": place, "id": f"s{place}", "when": when} for place, when in enumerate(whens, 1)]
    at = compiled(rules=[rule(compared("count_week", ">", 1))], segments=segments).measured_at
    assert {code: int(at[code]) for code in (742, 5411, 5812)} == {742: 0b001, 5411: 0b011, 5812: 0b111}


@pytest.mark.parametrize("more", [0, 1])
def test_how_many_measures_of_segments(more):
    """As many as there are bits."""
    whens = [compared(f"count_{number + 1}s", ">", 1) for number in range(SEGMENT_MEASURES_MAX + more)]
    segments = [{"number": 1, "id": "s", "when": {"any": whens}}]
    if more:
        with pytest.raises(ProgramInvalid, match="segments: must use at most 64 different counts and sums"):
            compiled(segments=segments)
    else:
        assert int(compiled(segments=segments).measured_at[742]) == 2**64 - 1


@pytest.mark.parametrize("more", [0, 1])
def test_how_many_meters(more):
    """Those of limits and those of rules together."""
    limits = [limit(f"x{number}", window=f"{number + 1}s") for number in range(METERS_MAX - 1)]
    rules = [rule(compared(f"declines_{number + 1}s", ">", 1), f"r{number}") for number in range(1 + more)]
    if more:
        with pytest.raises(ProgramInvalid, match=f"use more than {METERS_MAX} different counts and sums"):
            compiled(limits=limits, rules=rules)
    else:
        assert len(compiled(limits=limits, rules=rules).meters) == METERS_MAX


def test_names_in_comparisons_are_numbers():
    """Channels, operations, groups and all else that has a name is compared by its number; decimals in hundredths."""
    whens = {
        "channel": ("contactless", Channel.CONTACTLESS),
        "operation": ("cash", Operation.CASH),
        "cardholder_verification": ("pin", CardholderVerification.PIN),
        "merchant": ("CAFE", merchant_key("CAFE")),
        "currency": ("EUR", 978),
        "category_group": ("food", 1),
        "scene": ("cinema", 2),
        "need": ("play", 2),
        "in_relief": (False, 0),
        "country": ("040", 40),
        "is_new_merchant": (True, 1),
        "amount_z_score": (-1.25, -125),
    }
    program = compiled(
        categories=[{"first": "5411", "last": "5499", "group": "food"}],
        scenes=SCENES,
        rules=[
            rule(compared(attribute, "=", value), attribute.replace("_", "-"))
            for attribute, (value, _) in whens.items()
        ],
    )
    assert program.instructions["value"].tolist() == [number for _, number in whens.values()]


def test_single_settings():
    """Each in its own place, and how many rows of the tables count."""
    document = {
        "limits": [limit("a"), limit("b", window="week")],
        "rules": [rule(compared("amount", ">", 5)), rule(compared("declines_24h", ">", 5), "y")],
        "stand_in": {"amount_max": 100, "count_max": 7, "total_max": 300},
        "cash_verification": {"cash": "none", "purchase_with_cash_back": "pin"},
        "test_amounts": False,
        "desk": {"one_to_one": {"seconds": 5}, "circle": {"seconds": 7}},
        "segments": [{"number": 3, "id": "s", "when": compared("amount_year", ">", 5)}, {"number": 4, "id": "t"}],
    }
    numbers = compiled_program(ProgramDocument.model_validate(document), 12).numbers
    assert {place: int(numbers[place]) for place in range(len(numbers))} == {
        NUMBER_VERSION: 12, NUMBER_LIMITS: 2, NUMBER_RULES: 2, NUMBER_METERS: 3, NUMBER_NEEDED: 1 << Attribute.AMOUNT,
        NUMBER_TEST_AMOUNTS: 0, NUMBER_STAND_IN_AMOUNT: 100, NUMBER_STAND_IN_COUNT: 7, NUMBER_STAND_IN_TOTAL: 300,
        NUMBER_CASH: CashVerification.NONE, NUMBER_CASH_BACK: CashVerification.PIN,
        NUMBER_SEGMENTS: 1,
        NUMBER_DESK + Queue.ONE_TO_ONE: 5, NUMBER_DESK + Queue.ONE_TO_MANY: 300,
        NUMBER_DESK + Queue.MASS: 1800, NUMBER_DESK + Queue.CIRCLE: 7,
    }  # fmt: skip
    usual = compiled().numbers
    assert (usual[NUMBER_TEST_AMOUNTS], usual[NUMBER_RULES], usual[NUMBER_LIMITS]) == (1, 0, 0)


def test_each_segment_has_the_queue_of_its_desk():
    """Who is in no segment of the program has that of the mass."""
    segments = [{"number": 3, "id": "s", "desk": "circle"}, {"number": 28, "id": "t", "desk": "one_to_one"}]
    queues = compiled_program(ProgramDocument.model_validate({"segments": segments}), 1).queues.tolist()
    assert queues == [{3: Queue.CIRCLE, 28: Queue.ONE_TO_ONE}.get(number, Queue.MASS) for number in range(256)]
