"""Canonical JSON: one form for what says the same, and another for everything else."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenvault.calls.canonical_json import canonical_json
from tokenvault.vocabulary.errors import FieldError, Unreadable


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('{"a":1,"b":2}', '{"b":2,"a":1}'),
        ('{"a":{"c":[],"b":{}}}', ' {\n"a" : { "b": { } , "c" : [ ] } }\t'),
        ('"é€😀"', '"\\u00e9\\u20AC\\ud83d\\ude00"'),
        ('"a/b"', '"a\\/b"'),
        ("10", "10.0"),
        ("10", "1e1"),
        ("10", "1E+01"),
        ("0.5", "5e-1"),
        ("0.50", "0.5"),
        ("0", "-0"),
        ("0", "0.00e7"),
        ("-1500", "-1.5e3"),
    ],
)
def test_what_says_the_same_is_the_same(one, other):
    """Order of members, blanks, escapes and the forms of numbers do not count (RFC 8785)."""
    assert canonical_json(one.encode()) == canonical_json(other.encode()) is not None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("[1,2]", "[2,1]"),
        ('{"a":1}', '{"a":"1"}'),
        ('{"a":1}', '{"a":1,"b":null}'),
        ('{"a":true}', '{"a":1}'),
        ("1", "-1"),
        ("1", "10"),
        ("1", "true"),
        ("0", "null"),
        # What a double cannot tell apart (RFC 8785, 3.2.2.3) is told apart here.
        ("9007199254740993", "9007199254740992"),
        ("1e400", "1e401"),
        ("0.1", "0.1000000000000000055511151231257827"),
        ('"e\u0301"', '"\u00e9"'),
        ('"1e0"', "1"),
        ('["1e0"]', "[1]"),
    ],
)
def test_what_says_something_else_is_something_else(one, other):
    """No two values share a form."""
    assert canonical_json(one.encode()) != canonical_json(other.encode())


@pytest.mark.parametrize("text", ["", "{", "nan", "01", "\ufeff1 2", "'a'"])
def test_what_is_no_json_has_no_form(text):
    """Whoever reads it next refuses it."""
    assert canonical_json(text.encode()) is None


@pytest.mark.parametrize("text", ['{"a":1,"a":1}', '[{"b":{"a":1,"\\u0061":2}}]'])
def test_a_member_that_comes_twice_is_named(text):
    """However it is written."""
    with pytest.raises(FieldError) as refused:
        canonical_json(text.encode())
    assert refused.value.field == "a"


@pytest.mark.parametrize("text", ["NaN", '{"a":Infinity}', "[-Infinity]"])
def test_what_is_no_number_is_refused(text):
    """Python's parser takes them."""
    with pytest.raises(FieldError, match="not a valid JSON number"):
        canonical_json(text.encode())


@pytest.mark.parametrize("text", ["[" * 20_000, "[" * 65 + "]" * 65, '{"a":' * 65 + "1" + "}" * 65])
def test_what_is_too_deep_is_refused(text):
    """Whether or not it has an end."""
    with pytest.raises(Unreadable, match="levels"):
        canonical_json(text.encode())
    assert canonical_json(("[" * 64 + "]" * 64).encode()) is not None


@pytest.mark.parametrize("text", ['"\\ud800"', '["a\\udfff"]', '{"\\u0000":1}', '"a\\u0000"'])
def test_what_is_no_text_is_refused(text):
    """Halves of surrogate pairs, and NUL."""
    with pytest.raises(Unreadable, match="NUL"):
        canonical_json(text.encode())


def test_numbers_without_bounds_take_no_time():
    """An exponent is never carried out."""
    for text in ("1e999999999", "1e" + "9" * 4000, "1e-" + "9" * 5000, "9" * 100_000):
        assert canonical_json(text.encode()) is not None


_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(_TEXT, inner),
)


@given(_VALUES, st.booleans())
def test_however_it_is_dumped(value, escaped):
    """The form of a value does not follow from who wrote it down, and says the same as the value."""
    plain = json.dumps(value, ensure_ascii=escaped, indent=3).encode("utf-8", "surrogatepass")
    assert canonical_json(plain) == canonical_json(json.dumps(value, sort_keys=True).encode())


@given(st.decimals(allow_nan=False, allow_infinity=False), st.decimals(allow_nan=False, allow_infinity=False))
def test_numbers_are_the_same_where_their_values_are(one, other):
    """Held against Python's decimal numbers."""
    forms = [canonical_json(format(number, "E").encode()) for number in (one, other)]
    assert (forms[0] == forms[1]) == (Decimal(one) == Decimal(other))
