"""What a program's document may say: each bound by its last good and its first bad value."""

import json
from datetime import UTC, datetime
from typing import Annotated

import pytest
from pydantic import TypeAdapter

from authz.program.categories import CategoryRange, Scene
from authz.program.conditions import AllOf, AnyOf, Comparison, Filter, Not, check_form, form_of, meter_of
from authz.program.document import (
    AppliesTo,
    Limit,
    ProgramDocument,
    ProgramInvalid,
    Rule,
    UtcOffset,
    canonical,
    read_document,
    with_offsets,
)
from authz.program.periods import trailing_seconds
from authz.program.rules.changes import find_rule, with_new_rule, without_rule
from authz.program.segments import Segment
from authz.program.settings import CashVerification, Rates, StandIn
from authz.program.terms import CashFee, LateFee, Product, Terms
from authz.vocabulary.attributes import MEANINGS, Attribute, Form
from tokenvault.vocabulary.errors import Conflict, NotFound

ORDERED = {Form.NUMBER, Form.MINOR_UNITS, Form.SECONDS, Form.KILOMETRES, Form.DECIMAL}
ALWAYS = {"attribute": "amount", "operator": ">=", "value": 0}
IN_SEGMENT_7 = {"attribute": "count_24h", "operator": ">", "value": 3, "where": {"segments": [7]}}


def limit(**changes):
    """A document with one limit."""
    return {"limits": [{"id": "x", "window": "day", "count_max": 1} | changes]}


def rules(*whens, **changes):
    """A document with a rule for each condition."""
    return {
        "rules": [
            {"id": f"r{number}", "when": when, "action": "decline"} | changes for number, when in enumerate(whens)
        ]
    }


def compared(attribute, operator, *value, **more):
    """A document with one comparison."""
    return rules({"attribute": attribute, "operator": operator} | ({"value": value[0]} if value else {}) | more)


def category(**changes):
    """A document with one range of categories."""
    return {"categories": [{"first": "5411", "last": "5499", "group": "grocery"} | changes]}


def scene(name="restaurant", need="dining", *ranges):
    """One scene."""
    return {"scene": name, "need": need, "categories": [list(each) for each in ranges or [("5812", "5812")]]}


def scenes(*made):
    """A document with scenes."""
    return {"scenes": list(made)}


GROCERIES = category()
RESTAURANT = scenes(scene())
GOOD = [
    limit(window="30d"),
    limit(window="2592000s"),
    limit(window="1s"),
    limit(count_max=0),
    limit(count_max=None, amount_max=0, currency="EUR"),
    limit(count_max=None, amount_max=1, currency="EUR", window="transaction"),
    limit(window="since_verification", scope="token"),
    limit(reason="lost_card"),
    limit(where={"channels": ["contactless"], "operations": ["cash"], "cardholder_verification": ["pin"]}),
    limit(where={"merchants": ["1", "CAFE00000000001"]}),
    limit(where={"segments": [0, 255]}),
    limit(where={"segments": [7]}, scope="segment"),
    compared("count_24h", ">", 3, where={"segments": [7]}),
    rules(IN_SEGMENT_7, applies_to={"scope": "segment", "id": "7"}),
    category(first="5411", last="5411"),
    category(hold_hours=1),
    category(hold_hours=744, tolerance_percent="100"),
    category(tolerance_percent="0.1"),
    {"rates": {"base": "USD", "per_base": {"EUR": "0.0000001", "JPY": "9999999"}}},
    {"utc_offsets": [{"from_time": "2026-10-25T01:00:00Z", "seconds": -86400}]},
    {"time_zone": "Europe/Berlin"},
    rules(ALWAYS, ALWAYS, applies_to={"scope": "segment", "id": "255"}),
    rules(ALWAYS, description="x" * 500),
    compared("amount", "between", [1, 1]),
    compared("amount", "=", 10**15 - 1),
    compared("merchant_category", "not_in", ["5411"]),
    compared("count_24h", ">", 3, of="card", where={"channels": ["contactless"]}),
    compared("count_since_verification", ">", 3, of="token"),
    compared("device_risk_score", "is_unknown"),
    compared("channel", "=", "contactless"),
    compared("category_group", "=", "grocery") | GROCERIES,
    limit(where={"category_groups": ["grocery"]}) | GROCERIES,
    compared("count_24h", ">", 3, where={"category_groups": ["grocery"]}) | GROCERIES,
    rules({"all": [{"any": [{"not": ALWAYS}]}]}),
    scenes(scene("bar", "dining", ("5813", "5813")), scene("pub-2", "dining", ("5812", "5812"), ("5814", "9999"))),
    scenes(scene("dining", "dining")),
    limit(where={"scenes": ["restaurant"], "needs": ["dining"], "categories": ["5812"]}) | RESTAURANT,
    compared("count_24h", ">", 3, where={"scenes": ["restaurant"]}) | RESTAURANT,
    compared("scene", "=", "restaurant") | RESTAURANT,
    compared("need", "not_in", ["dining"]) | RESTAURANT,
    compared("scene", "is_unknown"),
    compared("product", "in", [0, 31]),
    compared("missed_dues", "=", 127),
    compared("in_relief", "=", True),
    compared("owed_ppm", ">=", 0),
]
BAD = [
    (limit(window="31d"), "limits[0].window", "longer than 30 days"),
    (limit(window="2592001s"), "limits[0].window", "longer than 30 days"),
    (limit(window="0d"), "limits[0].window", "is not a length such as"),
    (limit(window="fortnight"), "limits[0].window", "is not one of"),
    (limit(count_max=-1), "limits[0].count_max", "greater than or equal to 0"),
    (limit(amount_max=-1, currency="EUR"), "limits[0].amount_max", "greater than or equal to 0"),
    (limit(count_max=2**63), "limits[0].count_max", "less than or equal to 9223372036854775807"),
    (limit(amount_max=2**63, currency="EUR"), "limits[0].amount_max", "less than or equal to"),
    (limit(count_max=None), "limits[0]", "count_max, amount_max or both"),
    (limit(amount_max=1), "limits[0]", "needs a currency"),
    (limit(window="transaction"), "limits[0]", "count_max is not allowed"),
    (limit(window="since_verification", scope="card"), "limits[0]", "about a token"),
    (limit(reason="approved"), "limits[0].reason", "not a decline reason"),
    (limit(reason="nothing"), "limits[0].reason", "not a decline reason"),
    (limit(currency="EURO"), "limits[0].currency", "EURO"),
    (limit(where={"channels": ["pigeon"]}), "limits[0].where", "'pigeon' is not one of"),
    (limit(where={"operations": ["theft"]}), "limits[0].where", "'theft' is not one of"),
    (limit(where={"cardholder_verification": ["smile"]}), "limits[0].where", "'smile' is not one of"),
    (limit(where={"merchants": [""]}), "limits[0].where.merchants[0]", "should match"),
    (limit(where={"merchants": ["x" * 16]}), "limits[0].where.merchants[0]", "should match"),
    (limit(where={"category_groups": ["grocery"]}), "document", "no category is in a group"),
    (limit(where={"segments": [-1]}), "limits[0].where.segments[0]", "greater than or equal to 0"),
    (limit(where={"segments": [7, 256]}), "limits[0].where.segments[1]", "less than 256"),
    (limit(where={"segments": ["seven"]}), "limits[0].where.segments[0]", "a valid integer"),
    (limit(where={"segments": 7}), "limits[0].where.segments", "a valid array"),
    (limit(where={"segments": [7, 3, 7]}), "limits[0].where", "segments contains 7 twice"),
    (
        rules({"not": {"all": [ALWAYS, IN_SEGMENT_7]}}, applies_to={"scope": "segment", "id": "3"}),
        "rules[0]",
        "count_24h leaves out the segment 3 that the rule applies to",
    ),
    (limit(id="Upper"), "limits[0].id", "pattern"),
    (category(first="5412", last="5411"), "categories[0]", "must not be greater"),
    (category(hold_hours=0), "categories[0].hold_hours", "greater than or equal to 1"),
    (category(hold_hours=745), "categories[0].hold_hours", "less than or equal to 744"),
    (category(tolerance_percent="100.1"), "categories[0].tolerance_percent", "less than or equal to 100"),
    (category(tolerance_percent="0.01"), "categories[0].tolerance_percent", "1 decimal place"),
    (category(tolerance_percent="-1"), "categories[0].tolerance_percent", "greater than or equal to 0"),
    ({"rates": {"base": "XXX"}}, "rates", "XXX"),
    ({"rates": {"per_base": {"USD": "0"}}}, "rates", "0.0000001 to 9999999"),
    ({"rates": {"per_base": {"USD": "9999999.1"}}}, "rates", "0.0000001 to 9999999"),
    ({"utc_offsets": [{"from_time": "2026-10-25T01:00:00Z", "seconds": 86401}]}, "utc_offsets[0].seconds", "86400"),
    ({"stand_in": {"amount_max": -1}}, "stand_in.amount_max", "greater than or equal to 0"),
    ({"stand_in": {"count_max": -1}}, "stand_in.count_max", "greater than or equal to 0"),
    ({"stand_in": {"total_max": -1}}, "stand_in.total_max", "greater than or equal to 0"),
    ({"stand_in": {"amount_max": 2**63}}, "stand_in.amount_max", "less than or equal to"),
    ({"stand_in": {"count_max": 2**63}}, "stand_in.count_max", "less than or equal to"),
    ({"stand_in": {"total_max": 2**63}}, "stand_in.total_max", "less than or equal to"),
    ({"limits": limit()["limits"] * 2}, "document", "limits: x occurs twice"),
    ({"rules": rules(ALWAYS)["rules"] * 2}, "document", "rules: r0 occurs twice"),
    (rules(ALWAYS, reason="approved"), "rules[0].reason", "not a decline reason"),
    (rules(ALWAYS, description="x" * 501), "rules[0].description", "at most 500"),
    (rules(ALWAYS, applies_to={"scope": "segment", "id": "256"}), "rules[0].applies_to", "0 to 255"),
    (rules(ALWAYS, applies_to={"scope": "segment", "id": "-1"}), "rules[0].applies_to", "0 to 255"),
    (rules(ALWAYS, applies_to={"scope": "card", "id": "acct_0000000000007"}), "rules[0].applies_to", "card"),
    (rules(ALWAYS, applies_to={"scope": "program", "id": "1"}), "rules[0].applies_to", "left out"),
    (rules(ALWAYS, applies_to={"scope": "token"}), "rules[0].applies_to", "id is the segment"),
    (rules({"all": []}), "rules[0].when.all", "at least 1"),
    (rules({"any": []}), "rules[0].when.any", "at least 1"),
    (compared("nothing", "=", 1), "rules[0].when", "there is no attribute"),
    (compared("count_fortnight", "=", 1), "rules[0].when", "is not one of"),
    (compared("channel", "<", "contactless"), "rules[0].when", "has no order"),
    (compared("amount", "is_unknown", 1), "rules[0].when", "takes no value"),
    (compared("amount", "in", 1), "rules[0].when", "a list of values"),
    (compared("amount", "in", []), "rules[0].when", "a list of values"),
    (compared("amount", "between", [1]), "rules[0].when", "two values"),
    (compared("amount", "between", [1, 2, 3]), "rules[0].when", "two values"),
    (compared("amount", "=", 10**15), "rules[0].when", "not of the form"),
    (compared("amount", "=", -(10**15)), "rules[0].when", "not of the form"),
    (compared("amount", "=", -1), "rules[0].when", "never has"),
    (compared("declines_day", "is_unknown"), "rules[0].when", "never unknown"),
    (compared("amount", "=", True), "rules[0].when", "not of the form"),
    (compared("amount", "=", 1.5), "rules[0].when", "not of the form"),
    (compared("amount", "=", 1, where={"channels": ["contactless"]}), "rules[0].when", "where is allowed only for"),
    (compared("count_since_verification", "=", 1, of="card"), "rules[0].when", "about a token"),
    (compared("category_group", "=", "grocery"), "document", "rules: r0: no category is in a group 'grocery'"),
    (compared("category_group", "in", ["grocery"]), "document", "rules: r0"),
    (compared("category_group", "in", ["grocery", "fuel"]) | GROCERIES, "document", "no category is in a group 'fuel'"),
    (
        compared("count_24h", ">", 3, where={"category_groups": ["grocery", "fuel"]}) | GROCERIES,
        "document",
        "where: no category is in a group 'fuel'",
    ),
    (scenes(scene("Bar")), "scenes[0].scene", "should match pattern"),
    (scenes(scene("bar", "")), "scenes[0].need", "should match pattern"),
    (scenes(scene("bar", "dining", ("5813", "581"))), "scenes[0].categories[0][1]", "should match pattern"),
    (scenes(scene("bar", "dining", ("5813",))), "scenes[0].categories[0][1]", "Field required"),
    (scenes(scene() | {"categories": []}), "scenes[0].categories", "at least 1"),
    (scenes(scene("bar", "dining", ("5814", "5813"))), "scenes[0]", "5814 to 5813 must have its first category first"),
    (scenes(scene(), scene("bar")), "scenes", "restaurant and bar both have the category 5812"),
    (scenes(scene("bar", "dining", ("0001", "5813")), scene()), "scenes", "bar and restaurant both have the category"),
    (
        scenes(scene("bar", "dining", ("5813", "5813"), ("5800", "5820"))),
        "scenes",
        "bar has the category 5813 twice",
    ),
    (scenes(scene(), scene("restaurant", "play", ("1", "1"))), "scenes[1].categories[0][0]", "should match pattern"),
    (scenes(scene(), scene("restaurant", "play", ("0001", "0001"))), "scenes", "restaurant occurs twice"),
    (limit(where={"scenes": ["restaurant"]}), "document", "where: there is no scene 'restaurant'"),
    (limit(where={"needs": ["restaurant"]}) | RESTAURANT, "document", "where: no scene serves a need 'restaurant'"),
    (limit(where={"scenes": ["Restaurant"]}), "limits[0].where.scenes[0]", "should match pattern"),
    (limit(where={"needs": ["dining", "dining"]}) | RESTAURANT, "limits[0].where", "needs contains 'dining' twice"),
    (
        compared("count_24h", ">", 3, where={"scenes": ["restaurant", "bar"]}) | RESTAURANT,
        "document",
        "there is no scene 'bar'",
    ),
    (compared("scene", "=", "bar") | RESTAURANT, "document", "rules: r0: there is no scene 'bar'"),
    (compared("need", "in", ["dining", "play"]) | RESTAURANT, "document", "rules: r0: no scene serves a need 'play'"),
    (compared("scene", "=", 7) | RESTAURANT, "rules[0].when", "is not of the form: name of a scene"),
    (compared("need", "=", "A B") | RESTAURANT, "rules[0].when", "is not of the form: name of a need"),
    (compared("scene", "<", "restaurant") | RESTAURANT, "rules[0].when", "has no order"),
    (compared("product", "=", 32), "rules[0].when", "never has"),
    (compared("missed_dues", ">", 127), "rules[0].when", "can never hold"),
    (compared("in_relief", "=", 1), "rules[0].when", "not of the form"),
    (compared("in_relief", "is_unknown"), "rules[0].when", "never unknown"),
    (compared("owed_ppm", "<", 0), "rules[0].when", "can never hold"),
]


@pytest.mark.parametrize("document", GOOD, ids=str)
def test_what_may_be_said(document):
    """Taken, and the same again from its journaled bytes."""
    read = ProgramDocument.model_validate(document)
    assert read_document(canonical(read)) == read


@pytest.mark.parametrize(("document", "path", "message"), BAD, ids=lambda value: str(value)[:60])
def test_what_may_not_be_said(document, path, message):
    """Refused at its place, with what is wrong there."""
    with pytest.raises(ProgramInvalid) as refused:
        read_document(json.dumps(document))
    places = {place.partition(".(")[0]: told for place, told in refused.value.problems}
    assert message in places[path]
    assert refused.value.fields == refused.value.problems
    assert (refused.value.code, refused.value.status_hint) == ("invalid_program", 422)
    assert f"{path}: " in str(refused.value)


@pytest.mark.parametrize("count", [256, 257])
def test_how_many_limits(count):
    """At most 256."""
    document = {"limits": [limit()["limits"][0] | {"id": f"x{number}"} for number in range(count)]}
    if count > 256:
        with pytest.raises(ValueError, match="at most 256"):
            ProgramDocument.model_validate(document)
    else:
        assert len(ProgramDocument.model_validate(document).limits) == 256


@pytest.mark.parametrize("count", [512, 513])
def test_how_many_rules(count):
    """At most 512."""
    document = rules(*[ALWAYS] * count)
    if count > 512:
        with pytest.raises(ValueError, match="at most 512"):
            ProgramDocument.model_validate(document)
    else:
        assert len(ProgramDocument.model_validate(document).rules) == 512


@pytest.mark.parametrize("count", [255, 256])
def test_how_many_scenes(count):
    """At most 255: so many numbers a category has for them."""
    made = [scene(f"s{number}", "dining", (f"{number:04d}", f"{number:04d}")) for number in range(count)]
    if count > 255:
        with pytest.raises(ProgramInvalid, match="scenes: List should have at most 255 items"):
            read_document(json.dumps(scenes(*made)))
    else:
        assert len(read_document(json.dumps(scenes(*made))).scenes) == 255


@pytest.mark.parametrize("count", [64, 65])
def test_how_many_needs(count):
    """At most 64, however many scenes serve each."""
    made = [
        scene(f"s{number}", f"n{number % count}", (f"{number:04d}", f"{number:04d}")) for number in range(count * 2)
    ]
    if count > 64:
        with pytest.raises(ProgramInvalid, match="scenes: scenes must serve at most 64 needs"):
            read_document(json.dumps(scenes(*made)))
    else:
        assert len(read_document(json.dumps(scenes(*made))).scenes) == 128


@pytest.mark.parametrize(
    ("window", "seconds"),
    [("90s", 90), ("15m", 900), ("24h", 86_400), ("30d", 2_592_000), ("day", None), ("1w", None), ("05m", None)],
)
def test_trailing_windows(window, seconds):
    """Seconds, minutes, hours and days; everything else has another name."""
    assert trailing_seconds(window) == seconds


def test_what_an_attribute_measures():
    """Its name says what and over which window; fixed attributes measure nothing."""
    assert meter_of("amount_30d") == ("amount", "30d")
    assert meter_of("declines_since_verification") == ("declines", "since_verification")
    assert meter_of("amount") is None
    assert meter_of("counts_24h") is None


@pytest.mark.parametrize(
    ("attribute", "form"),
    [
        ("amount", Form.MINOR_UNITS), ("amount_24h", Form.MINOR_UNITS), ("count_24h", Form.NUMBER),
        ("declines_day", Form.NUMBER), ("channel", Form.CHANNEL),
    ],
)  # fmt: skip
def test_the_form_of_an_attribute(attribute, form):
    """A sum is of minor units, a count of transactions is a number; fixed attributes have their own."""
    assert form_of(attribute) is form


@pytest.mark.parametrize(
    ("form", "good", "bad"),
    [
        (Form.BOOLEAN, [True, False], [1, "true", None]),
        (Form.DECIMAL, [1, 1.5, -(10**15) + 1], [True, "1", 10**15, -(10**15)]),
        (Form.DIGITS, ["1", "1" * 18], ["", "1" * 19, 1, "a"]),
        (Form.GROUP, ["a", "a" + "_" * 31], ["", "a" * 33, "A", "1a"]),
        (Form.SCENE, ["a", "0" * 64], ["", "A", "a" * 65, "a\n", 1, None]),
        (Form.NEED, ["a-b_c"], ["-a", 1]),
        (Form.MERCHANT, ["x", "x" * 15], ["", "x" * 16, "\n", 1]),
        (Form.CHANNEL, ["contactless"], ["CONTACTLESS", 1]),
    ],
)
def test_forms(form, good, bad):
    """How each kind of value is written."""
    for value in good:
        check_form(form, value)
    for value in bad:
        with pytest.raises(ValueError, match=f"is not of the form: {form.value}"):
            check_form(form, value)


def test_rules_are_put_in_and_taken_out():
    """By name: a new one only where there is none, one less where there is one; the others stay as they are."""
    document = ProgramDocument.model_validate(rules(ALWAYS, ALWAYS))
    new = Rule.model_validate({"id": "night-atm", "when": ALWAYS, "action": "refer"})
    longer = with_new_rule(document, new)
    assert [each.id for each in longer.rules] == ["r0", "r1", "night-atm"]
    assert find_rule(longer, "night-atm") == new
    with pytest.raises(Conflict, match="night-atm"):
        with_new_rule(longer, new)
    assert [each.id for each in without_rule(longer, "r0").rules] == ["r1", "night-atm"]
    for change in (find_rule, without_rule):
        with pytest.raises(NotFound) as refused:
            change(document, "x" * 100)
        assert str(refused.value) == "there is no rule with this identifier"


def test_the_offsets_of_a_zone():
    """Each change of summer time to the minute, from 2000 to 2100; a zone without has one offset."""
    offsets = {
        each.from_time: each.seconds for each in with_offsets(ProgramDocument(time_zone="Europe/Berlin")).utc_offsets
    }
    assert offsets[datetime(2026, 3, 29, 1, tzinfo=UTC)] == 7200
    assert offsets[datetime(2026, 10, 25, 1, tzinfo=UTC)] == 3600
    assert offsets[datetime(2000, 1, 1, tzinfo=UTC)] == 3600
    assert (min(offsets), len(offsets)) == (datetime(2000, 1, 1, tzinfo=UTC), 201)
    assert max(offsets).year == 2099
    fixed = with_offsets(ProgramDocument(time_zone="Asia/Kolkata")).utc_offsets
    assert [(each.from_time.year, each.seconds) for each in fixed] == [(2000, 19_800)]


def test_what_is_meant_where_nothing_is_said():
    """The defaults of every part."""
    document = ProgramDocument.model_validate(
        {
            "categories": [{"first": "5411", "last": "5499", "group": "grocery"}],
            "limits": [{"id": "x", "window": "day", "count_max": 1}],
            "rules": [{"id": "x", "when": {"attribute": "count_24h", "operator": ">", "value": 1}, "action": "flag"}],
        }
    )
    nothing = {name: [] for name in Filter.model_fields}
    assert document.model_dump(mode="json", by_alias=True) == {
        "description": "",
        "time_zone": "UTC",
        "utc_offsets": [],
        "categories": [
            {"first": "5411", "last": "5499", "group": "grocery", "hold_hours": 168, "tolerance_percent": "0"}
        ],
        "scenes": [],
        "limits": [
            {
                "id": "x", "scope": "account", "window": "day", "count_max": 1, "amount_max": None, "currency": None,
                "where": nothing, "reason": "exceeds_limit",
            }
        ],
        "rules": [
            {
                "id": "x", "description": "", "state": "draft", "applies_to": {"scope": "program", "id": None},
                "when": {"attribute": "count_24h", "operator": ">", "value": 1, "of": "account", "where": nothing},
                "action": "flag", "reason": "suspected_fraud",
            }
        ],
        "products": [],
        "segments": [],
            "units": [],
        "offers": [],
        "stand_in": {"amount_max": 5000, "count_max": 5, "total_max": 15000},
        "desk": {
            "one_to_one": {"seconds": 60}, "one_to_many": {"seconds": 300}, "mass": {"seconds": 1800},
            "circle": {"seconds": 3600},
        },
        "cash_verification": {"cash": "pin", "purchase_with_cash_back": "any"},
        "test_amounts": True,
        "rates": {"base": "EUR", "per_base": {}},
    }  # fmt: skip


PARTS = (
    AllOf, AnyOf, AppliesTo, CashFee, CashVerification, CategoryRange, Comparison, Filter, LateFee, Limit, Not, Product,
    ProgramDocument, Rates, Rule, Scene, Segment, StandIn, Terms, UtcOffset,
)  # fmt: skip


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.__name__)
def test_every_field_shows_what_may_stand_there(part):
    """An example for readers of the API's reference, which the field itself would take; conditions stand for any."""
    for name, field in part.model_fields.items():
        examples = field.examples or []
        assert examples, name
        if part not in (AllOf, AnyOf, Not):
            for example in examples:
                assert not isinstance(example, list) or part is ProgramDocument or example, name
                TypeAdapter(Annotated[field.annotation, field]).validate_python(example)


@pytest.mark.parametrize(("document", "twice"), [(limit, "limits"), (lambda: rules(ALWAYS), "rules")])
def test_the_first_name_that_is_there_twice(document, twice):
    """Is named, where there are several."""
    [part] = document()[twice]
    named = [part | {"id": name} for name in ("one", "first", "second", "second", "first")]
    with pytest.raises(ProgramInvalid, match=f"{twice}: first occurs twice"):
        read_document(json.dumps({twice: named}))
    with pytest.raises(ProgramInvalid, match="channels contains 'keyed' twice"):
        read_document(json.dumps(limit(where={"channels": ["keyed", "contactless", "contactless", "keyed"]})))


@pytest.mark.parametrize("attribute", [each for each in Attribute if MEANINGS[each].form in ORDERED], ids=str)
def test_what_has_an_order(attribute):
    """Numbers, amounts, times, distances and decimals may be compared by size."""
    for sign in ("<", ">=", "between"):
        read_document(json.dumps(compared(attribute.code, sign, [1, 3] if sign == "between" else 3)))


@pytest.mark.parametrize(
    "joined", [lambda one: {"all": [ALWAYS, one]}, lambda one: {"any": [ALWAYS, one]}, lambda one: {"not": one}]
)
def test_a_group_that_nobody_is_in_is_found_wherever_it_is_named(joined):
    """In conditions however deep."""
    when = joined({"all": [{"attribute": "category_group", "operator": "=", "value": "grocery"}]})
    read_document(json.dumps(rules(when) | GROCERIES))
    with pytest.raises(ProgramInvalid, match="rules: r0: no category is in a group 'grocery'"):
        read_document(json.dumps(rules(when)))


def test_the_offsets_of_a_whole_century():
    """From the first moment of 2000; the last change is that of October 2099."""
    told = [
        (each.from_time, each.seconds) for each in with_offsets(ProgramDocument(time_zone="Europe/Lisbon")).utc_offsets
    ]
    assert (told[0], len(told)) == ((datetime(2000, 1, 1, tzinfo=UTC), 0), 201)
    assert told[-1] == (datetime(2099, 10, 25, 1, tzinfo=UTC), 0)
    told = [
        (each.from_time, each.seconds) for each in with_offsets(ProgramDocument(time_zone="Asia/Kathmandu")).utc_offsets
    ]
    assert told == [(datetime(2000, 1, 1, tzinfo=UTC), 20_700)]
