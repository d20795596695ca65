"""Conditions that can never hold are refused where somebody writes them, and go on deciding where somebody has."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz.program.contradictions import Claim, Domain, can_hold, check_claim
from authz.program.document import ProgramInvalid, journaled_document, read_document


def _program(when, **more):
    return json.dumps({"rules": [{"id": "one", "when": when, "action": "flag"}], **more})


def _is(attribute, operator, value=None, **more):
    return {"attribute": attribute, "operator": operator, "value": value, **more}


NONSENSE = [
    (_is("amount", "between", [5, 1]), "lower bound first"),
    (_is("hour_of_day", "between", [22, 6]), "lower bound first"),
    (_is("amount", "in", [1, 2, 1]), "twice"),
    (_is("amount_z_score", "in", [2, 2.0]), "twice"),
    (_is("wallet_type", "not_in", ["07", "7"]), "twice"),
    (_is("hour_of_day", "=", 24), "0 to 23"),
    (_is("hour_of_day", "!=", -1), "0 to 23"),
    (_is("day_of_week", "in", [0, 1]), "1 to 7"),
    (_is("device_risk_score", ">", 5), "1 to 5"),
    (_is("segment", ">=", 256), "0 to 255"),
    (_is("amount", "<", 0), "0 or more"),
    (_is("count_24h", "<", 0), "0 or more"),
    (_is("amount_to_mean", "<=", -0.01), "or more"),
    (_is("amount", "is_unknown"), "never unknown"),
    (_is("count_24h", "is_unknown"), "never unknown"),
    (_is("is_new_merchant", "not_in", [True, False]), "one of 0, 1"),
    (_is("hour_of_day", "not_in", list(range(24))), "0 to 23"),
    (_is("amount_z_score", ">", 1.005), "two decimals"),
    (_is("amount_z_score", ">", 1e-9), "two decimals"),
    (_is("count_24h", ">", 1, where={"channels": ["contactless", "contactless"]}), "twice"),
    (_is("count_24h", ">", 1, where={"merchants": ["CAFÉ"]}), "pattern"),
    ({"all": [_is("amount", ">", 500), _is("amount", "<", 100)]}, "contradict"),
    ({"all": [_is("amount", ">", 5), _is("amount", "<", 6)]}, "contradict"),
    ({"all": [_is("currency", "=", "EUR"), _is("currency", "=", "USD")]}, "contradict"),
    ({"all": [_is("currency", "=", "EUR"), _is("currency", "not_in", ["EUR", "USD"])]}, "contradict"),
    ({"all": [_is("channel", "=", "contactless"), {"all": [_is("channel", "!=", "contactless")]}]}, "contradict"),
    ({"all": [_is("device_risk_score", "is_unknown"), _is("device_risk_score", "<", 3)]}, "contradict"),
    ({"not": {"any": [{"all": [_is("hour_of_day", "<", 6), _is("hour_of_day", ">", 22)]}]}}, "contradict"),
]


@pytest.mark.parametrize(("when", "said"), NONSENSE)
def test_what_can_never_hold_is_refused(when, said):
    """Turned round, listed twice, outside of what an attribute can be, or at odds with itself."""
    with pytest.raises(ProgramInvalid, match=said) as refused:
        read_document(_program(when))
    assert refused.value.fields[0][0].startswith("rules[0].when")


@pytest.mark.parametrize("value", [[1], {"a": 1}, None, float("nan"), float("inf"), 10**400, "٣٣٣", True])
@pytest.mark.parametrize("attribute", ["channel", "amount", "amount_z_score", "country", "merchant", "wallet_type"])
def test_values_of_another_kind_are_refused(attribute, value):
    """Lists, objects, numbers that are none and digits of other scripts: an error of the writer's, not of ours."""
    with pytest.raises(ProgramInvalid):
        read_document(_program(_is(attribute, "=", value)))


@pytest.mark.parametrize(
    "when",
    [
        _is("amount", "between", [5, 5]),
        _is("hour_of_day", "<", 24),
        _is("amount", ">=", 0),
        _is("available_credit", "<", 0),
        _is("amount_z_score", "<", -1.25),
        _is("device_risk_score", "is_unknown"),
        _is("is_new_merchant", "=", False),
        {"all": [_is("count_1h", ">", 5), _is("count_24h", "<", 5)]},
        {"all": [_is("count_1h", ">", 5), _is("count_1h", "<", 5, of="token")]},
        {"all": [_is("hour_of_day", ">", 22), _is("amount", ">", 1), _is("hour_of_day", "!=", 0)]},
        {"any": [_is("amount", ">", 500), _is("amount", "<", 100)]},
        {"all": [_is("amount", ">", 4), _is("amount", "<", 6)]},
    ],
)
def test_what_may_hold_is_taken(when):
    """Narrow, or about different things."""
    assert read_document(_program(when)).rules


@pytest.mark.parametrize("when", [when for when, said in NONSENSE if said != "pattern"])
def test_what_was_in_force_is_read_again(when):
    """A journal that holds such a rule from before is replayed: what it decided then it decides now."""
    assert journaled_document(_program(when).encode()).rules


@pytest.mark.parametrize(
    "when",
    [
        _is("merchant_category", "in", ["0001", "5411"]),
        _is("country", "=", "001"),
        _is("count_1h", ">", 1, where={"categories": ["0001"], "countries": ["001"]}),
    ],
)
def test_codes_that_are_assigned_to_nothing_are_read_from_a_journal_only(when):
    """A category or country may be withdrawn while a rule that names it is in force."""
    with pytest.raises(ProgramInvalid, match="ISO"):
        read_document(_program(when))
    assert journaled_document(_program(when).encode()).rules


def test_limits_name_each_thing_once():
    """What a limit is about is a set."""
    limit = {"id": "a", "window": "day", "count_max": 1, "where": {"operations": ["cash", "cash"]}}
    with pytest.raises(ProgramInvalid, match="twice"):
        read_document(json.dumps({"limits": [limit]}))


_VALUES = st.integers(0, 6)
_CLAIMS = st.one_of(
    st.builds(Claim, st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), st.tuples(_VALUES)),
    st.builds(Claim, st.sampled_from(["in", "not_in"]), st.sets(_VALUES).map(tuple)),
    st.builds(Claim, st.just("between"), st.tuples(_VALUES, _VALUES)),
)


def _plainly(claim, value):
    first, last = (claim.values[0], claim.values[-1]) if claim.values else (None, None)
    return {
        "=": lambda: value == first,
        "!=": lambda: value != first,
        "<": lambda: value < first,
        "<=": lambda: value <= first,
        ">": lambda: value > first,
        ">=": lambda: value >= first,
        "in": lambda: value in claim.values,
        "not_in": lambda: value not in claim.values,
        "between": lambda: first <= value <= last,
    }[claim.operator]()


@given(st.lists(_CLAIMS, min_size=1, max_size=5), st.sampled_from([Domain(0, 6), Domain(0), Domain(), Domain(2, 4)]))
def test_claims_hold_together_where_a_value_fits_them_all(claims, domain):
    """Neither a good condition is refused nor a contradiction taken: tried with every value there is."""
    values = [value for value in range(-3, 12) if domain.holds(value)]
    assert can_hold(claims, domain) == any(all(_plainly(claim, value) for claim in claims) for value in values)


def test_values_of_a_domain():
    """Those between its bounds, or the few that are listed."""
    assert [value for value in range(-1, 8) if Domain(0, 6).holds(value)] == list(range(7))
    assert [value for value in range(-1, 8) if Domain(members=frozenset({0, 1})).holds(value)] == [0, 1]
    assert [Domain(members=frozenset({"EUR"})).holds(text) for text in ("EUR", "USD")] == [True, False]
    assert Domain(0, 6).holds("EUR"), "text is between no numbers, and bounded by none"
    with pytest.raises(ValueError, match="never has: it is one of 0, 1"):
        check_claim(Claim("=", (2,)), Domain(members=frozenset({0, 1})))
