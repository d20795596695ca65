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
