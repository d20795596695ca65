"""Identifiers: every number has one text, and no other text names it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenvault.vocabulary.errors import NotFound
from tokenvault.vocabulary.identifiers import Prefix, new_number, to_number, to_text

numbers = st.integers(1, 2**63 - 1)


@given(st.sampled_from(Prefix), numbers)
def test_text_and_number_belong_together(prefix, number):
    """Out and in again gives the same number; under another prefix it names nothing."""
    text = to_text(prefix, number)
    assert to_number(prefix, text) == number
    for other in set(Prefix) - {prefix}:
        with pytest.raises(NotFound):
            to_number(other, text)


@given(numbers, numbers)
def test_texts_sort_like_numbers(first, second):
    """Texts are as wide as each other, so that they sort like the numbers inside."""
    texts = (to_text(Prefix.TOKEN, first), to_text(Prefix.TOKEN, second))
    assert (texts[0] < texts[1]) == (first < second)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tok",
        "tok_",
        "tok_0000000000000",
        "tok_8000000000000",
        "tok_ZZZZZZZZZZZZZ",
        "tok_00000000000I1",
        "tok_1",
        "TOK_0000000000001",
        "tok_000000000000a",
        "tok_0000000000001 ",
        "tok_000000000000१",
    ],
)
def test_other_texts_name_nothing(text):
    """Zero, too large, another alphabet, another length: not found."""
    with pytest.raises(NotFound):
        to_number(Prefix.TOKEN, text)


@pytest.mark.parametrize(("octets", "number"), [(b"\xff" * 8, 2**63 - 1), (bytes(8), 1), (b"\x80" + bytes(7), 1)])
def test_new_numbers_fit(octets, number):
    """Whatever the random bytes, the number is positive and has 63 bits."""
    assert new_number(lambda count: octets[:count]) == number
