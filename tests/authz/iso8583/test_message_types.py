"""Message types: what may be answered, and by what."""

import pytest

from authz.iso8583.message_types import answer_type, asks_for_an_answer, is_of_another_version


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("0100", "0110"), ("0101", "0110"), ("0120", "0130"), ("0121", "0130"), ("0421", "0430"), ("0800", "0810"),
        ("0202", "0212"), ("0203", "0212"), ("0204", "0214"), ("0205", "0214"), ("1140", "1150"), ("2160", "2170"),
    ],
)  # fmt: skip
def test_answers(asked, answered):
    """The next function by the same origin; the answer to a repeat is that to its first."""
    assert answer_type(asked) == answered
    assert asks_for_an_answer(asked)
    assert not asks_for_an_answer(answered)


@pytest.mark.parametrize(
    "asked", [None, "", "010", "01000", "01x0", "0\u0661\u0662\u0660", "0000", "0110", "0130", "0180", "0190"]
)
def test_what_is_not_answered(asked):
    """Answers, reserved classes and functions, and what is no message type."""
    assert not asks_for_an_answer(asked)


def test_versions():
    """Only those of 1987 are ours; where there is no type, nothing says that it is another."""
    assert not is_of_another_version("0100")
    assert not is_of_another_version(None)
    assert is_of_another_version("1100")
    assert is_of_another_version("x100")
