"""DE 39 of ISO 8583:1993 and of 1987: each in place of the other."""

import pytest

from authz.iso8583.action_codes import ACTION_CODES, action_code, response_code
from authz.vocabulary.reasons import ANSWERS


@pytest.mark.parametrize(
    ("code", "action"), [("00", "000"), ("10", "002"), ("30", "904"), ("12", "902"), ("40", "902"), ("A0", "916")]
)
def test_action_codes_that_are_published(code, action):
    """As docs/wire.md has them."""
    assert action_code(code) == action


PUBLISHED = {
    "000": "00 85", "002": "10", "100": "05", "101": "54", "102": "59", "104": "62", "106": "75", "107": "01",
    "110": "13 64", "111": "14", "112": "1A 70", "116": "51", "117": "55", "119": "57", "120": "58", "121": "61",
    "122": "63 82 88", "123": "65", "125": "46", "208": "41", "209": "43", "902": "12 40", "904": "30", "909": "96",
    "912": "91", "913": "94", "914": "21 25", "916": "A0",
}  # fmt: skip
"""Action codes of ISO 8583:1993, and the response codes of 1987 that mean the same."""


def test_every_response_code_has_the_action_code_of_its_meaning():
    """A code that went would reach terminals as `100`, do not honour; one that comes must be published."""
    assert {code: action for action, codes in PUBLISHED.items() for code in codes.split()} == ACTION_CODES
    assert {answer.response_code for answer in ANSWERS.values()} <= set(ACTION_CODES)


def test_a_response_code_without_an_action_code():
    """Is a decline that says no more: 100, do not honour."""
    assert "99" not in ACTION_CODES
    assert action_code("99") == "100"


@pytest.mark.parametrize(
    ("action", "code"),
    [
        ("000", "00"), ("100", "05"), ("110", "13"), ("112", "1A"), ("116", "51"), ("122", "63"), ("902", "12"),
        ("914", "21"), ("001", "00"), ("012", "00"), ("103", "05"), ("199", "05"), ("999", "05"),
    ],
)  # fmt: skip
def test_response_codes_of_action_codes(action, code):
    """The first of several; where there is none, approved (0xx) or declined."""
    assert response_code(action) == code


@pytest.mark.parametrize("code", ["", "00", "1A", "0000", "1A0", "-10", "\u00b2\u00b2\u00b2", "\u0663\u0663\u0663"])
def test_what_is_no_action_code_stays_as_it_is(code):
    """A code of 1987 has two characters; digits of other scripts are none of a message."""
    assert response_code(code) == code


def test_action_codes_say_whose_word_it_is():
    """Whoever is answered with a code of three digits learns from the first whether it was approved."""
    for reason, answer in ANSWERS.items():
        assert action_code(answer.response_code).startswith("0") == reason.is_approval, reason
