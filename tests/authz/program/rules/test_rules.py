"""Rules: conditions against a plain evaluation, scopes, states, actions, order; and the document that holds them."""

import operator

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from authz.program.document import ProgramDocument, ProgramInvalid, Rule, canonical, read_document
from authz.program.rules.changes import with_rule
from authz.vocabulary.reasons import Reason
from tests.authz.bank import Bank
from tests.authz.commands import tap

_PLAIN = {"=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
_NUMBERS = st.sampled_from([0, 1_249, 1_250, 1_251, 5_814])
_COMPARISONS = st.one_of(
    st.builds(
        lambda attribute, sign, value: {"attribute": attribute, "operator": sign, "value": value},
        st.sampled_from(["amount", "available_credit"]),
        st.sampled_from(sorted(_PLAIN)),
        _NUMBERS,
    ),
    st.builds(
        lambda sign, value: {"attribute": "device_risk_score", "operator": sign, "value": value},
        st.sampled_from(sorted(_PLAIN)),
        st.integers(1, 5),
    ),
    st.builds(
        lambda sign, values: {"attribute": "amount", "operator": sign, "value": values},
        st.sampled_from(["in", "not_in"]),
        st.lists(_NUMBERS, min_size=1, max_size=3, unique=True),
    ),
    st.builds(
        lambda one, other: {"attribute": "amount", "operator": "between", "value": sorted([one, other])},
        _NUMBERS,
        _NUMBERS,
    ),
    st.just({"attribute": "device_risk_score", "operator": "is_unknown"}),
)
_CONDITIONS = st.recursive(
    _COMPARISONS,
    lambda inner: st.one_of(
        st.builds(lambda parts: {"all": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda parts: {"any": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda part: {"not": part}, inner),
    ),
    max_leaves=8,
)
_VALUES = {"amount": 1_250, "available_credit": 100_000, "device_risk_score": None}


def plainly(condition):
    """A condition evaluated the plain way."""
    if "all" in condition:
        return all(plainly(part) for part in condition["all"])
    if "any" in condition:
        return any(plainly(part) for part in condition["any"])
    if "not" in condition:
        return not plainly(condition["not"])
    seen, sign, value = _VALUES[condition["attribute"]], condition["operator"], condition.get("value")
    if sign == "is_unknown":
        return seen is None
    if seen is None:
        return False
    if sign in ("in", "not_in"):
        return (seen in value) == (sign == "in")
    if sign == "between":
        return value[0] <= seen <= value[1]
    return _PLAIN[sign](seen, value)


def rule(when, identifier="one", **values):
    """A live rule that declines."""
    return {"id": identifier, "state": "live", "when": when, "action": "decline", **values}


ALWAYS = {"attribute": "amount", "operator": ">=", "value": 0}
NEVER = {"attribute": "amount", "operator": ">", "value": 10**14}


@given(_CONDITIONS)
def test_conditions_mean_what_they_say(condition):
    """Compiled to instructions and back from the journal's bytes, a condition holds where it plainly does."""
    try:
        document = ProgramDocument.model_validate({"rules": [rule(condition)]})
    except ValidationError:  # it can never hold, see test_contradictions
        assume(False)
    assert read_document(canonical(document)) == document
    bank = Bank(rules=[rule(condition)])
    assert (bank.send(tap(1)) is Reason.SUSPECTED_FRAUD) == plainly(condition)


ACTIONS = [
    ("decline", {"reason": "lost_card"}, Reason.LOST_CARD),
    ("step_up", {}, Reason.STEP_UP_REQUIRED),
    ("refer", {}, Reason.REFER_TO_ISSUER),
    ("flag", {}, Reason.APPROVED),
    ("allow", {}, Reason.APPROVED),
    ("ask", {}, Reason.AWAITING_ISSUER),
]


@pytest.mark.parametrize(("action", "more", "reason"), ACTIONS)
def test_actions(action, more, reason):
    """Each action does its own."""
    bank = Bank(rules=[rule(ALWAYS, action=action, **more)])
    assert bank.send(tap(1)) is reason
    assert (bank.result["is_flagged"], bank.result["is_asked"]) == (action == "flag", action == "ask")


def test_order_and_allow():
    """The first that decides does; an allow keeps later live rules from being asked, not the shadow ones."""
    rules = [rule(ALWAYS, "a", action="allow"), rule(ALWAYS, "b"), rule(ALWAYS, "c", state="shadow")]
    bank = Bank(rules=rules)
    assert bank.send(tap(1)) is Reason.APPROVED
    assert bank.findings.rules[:3].tolist() == [2, 0, 2]
    bank = Bank(rules=[rule(NEVER, "a"), rule(ALWAYS, "b", reason="lost_card"), rule(ALWAYS, "c")])
    assert bank.send(tap(1)) is Reason.LOST_CARD
    assert bank.findings.rules[:3].tolist() == [1, 2, 0]


def test_states():
    """A draft is not looked at, a shadow reports, and only a live one decides; matches are counted."""
    bank = Bank(rules=[rule(ALWAYS, "a", state="draft"), rule(ALWAYS, "b", state="shadow")])
    assert bank.send(tap(1)) is Reason.APPROVED
    assert bank.state.matches[:2].tolist() == [1, 0]


SCOPES = [
    ({"scope": "program"}, True),
    ({"scope": "segment", "id": "0"}, True),
    ({"scope": "segment", "id": "1"}, False),
    ({"scope": "account", "id": "acct_0000000000007"}, True),
    ({"scope": "account", "id": "acct_0000000000008"}, False),
    ({"scope": "card", "id": "card_0000000000026"}, True),
    ({"scope": "card", "id": "card_0000000000027"}, False),
    ({"scope": "token", "id": "tok_00000000000NX"}, True),
    ({"scope": "token", "id": "tok_00000000000NY"}, False),
]


@pytest.mark.parametrize(("applies_to", "applies"), SCOPES)
def test_scopes(applies_to, applies):
    """A rule applies to the program, or one segment, account, card or token."""
    bank = Bank(rules=[rule(ALWAYS, applies_to=applies_to)])
    assert (bank.send(tap(1)) is Reason.SUSPECTED_FRAUD) == applies


BAD = [
    ('{"rules": [{"id": "x"}]}', "rules[0].when"),
    ('{"rules": 1}', "rules"),
    ('{"limits": [{"id": "x", "window": "32d", "count_max": 1}]}', "limits[0].window"),
    ('{"limits": [{"id": "x", "window": "day", "amount_max": 1}]}', "limits[0]"),
    ('{"limits": [{"id": "x", "window": "day"}]}', "limits[0]"),
    ('{"time_zone": "Mars/Base"}', "time_zone"),
    ('{"rates": {"per_base": {"XYZ": "1"}}}', "rates"),
    ('{"limits": [{"id": "x", "window": "since_verification", "count_max": 1}]}', "limits[0]"),
    ('{"limits": [{"id": "x", "window": "day", "count_max": 1, "where": {"countries": ["278"]}}]}', "limits[0].where"),
    (
        '{"limits": [{"id": "x", "window": "day", "count_max": 1, "where": {"categories": ["1234"]}}]}',
        "limits[0].where",
    ),
    ('{"limits": [{"id": "x", "window": "day", "amount_max": 1, "currency": "XAU"}]}', "limits[0].currency"),
    ("nonsense", "document"),
]


@pytest.mark.parametrize(("content", "path"), BAD)
def test_problems_name_their_path(content, path):
    """What is wrong with a document is said with its place in it."""
    with pytest.raises(ProgramInvalid) as refused:
        read_document(content)
    assert refused.value.problems[0][0] == path


@pytest.mark.parametrize(
    ("attribute", "assigned", "unassigned"),
    [("currency", "KWD", "XAU"), ("country", "528", "278"), ("merchant_category", "5411", "1234")],
)
def test_codes_that_are_assigned_to_nothing(attribute, assigned, unassigned):
    """Are refused in a condition, alone or in a list; those of the standards are taken."""
    for value in (assigned, [assigned]):
        operator_name = "in" if isinstance(value, list) else "="
        Rule.model_validate(rule({"attribute": attribute, "operator": operator_name, "value": value}))
    for value in (unassigned, [assigned, unassigned], 1, None):
        operator_name = "in" if isinstance(value, list) else "="
        with pytest.raises(ValueError, match=r"is not an ISO (4217|3166-1|18245) "):
            Rule.model_validate(rule({"attribute": attribute, "operator": operator_name, "value": value}))


def test_a_rule_is_replaced_where_it_stands():
    """Changing a rule keeps the order; a new one comes last."""
    document = ProgramDocument.model_validate({"rules": [rule(ALWAYS, "a"), rule(ALWAYS, "b")]})
    changed = with_rule(document, Rule.model_validate(rule(NEVER, "a")))
    assert [each.id for each in changed.rules] == ["a", "b"]
    assert changed.rules[0].when.operator == NEVER["operator"]
    assert [each.id for each in with_rule(document, Rule.model_validate(rule(NEVER, "c"))).rules] == ["a", "b", "c"]
