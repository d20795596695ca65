"""Lines of deliveries: what they say of events, and that nothing that a sender may write does harm."""

import json

import pytest

from simulators.listening.delivery_lines import delivery_line, json_line

NOON = 1_790_000_000 - 1_790_000_000 % 86_400 + 43_200


def line(event, verdict="signature valid"):
    """The line of an event, behind its time."""
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    time, _, rest = delivery_line(NOON, body, verdict).partition("  ")
    assert time == "12:00:00"
    return rest


def event(type_="authorization.declined", **data):
    """An event."""
    return {"id": "evt_0000000000001", "type": type_, "resource_id": "auth_0000000000004", "data": data}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (
            {"reason": "exceeds_limit", "amount": 999900, "currency": "EUR", "merchant": "X", "merchant_name": "CAFE"},
            "exceeds_limit  9999.00 EUR  CAFE",
        ),
        (
            {"outcome": "approved", "amount": 1250, "currency": "JPY", "merchant": {"name": "CAFE"}},
            "approved  1250 JPY  CAFE",
        ),
        ({"released_amount": 300, "currency": "EUR"}, "3.00 EUR"),
        ({"id": "tok_0000000000001", "state": "active"}, "active"),
    ],
)
def test_what_an_event_says(data, said):
    """As its issuer, its wallet and a network are told it."""
    assert line(event(**data)) == f"authorization.declined  auth_0000000000004  {said}  signature valid"


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff", b"[" * 100_000, b"1" * 5_000, b"NaN", b'"text"', b"{}", b'{"type": 1}', b'{"type": "\\ud800"}',
     json.dumps(event(reason=1, amount=10**30, currency="EUR", merchant={"name": 2})).encode(),
     json.dumps(event(amount=1, currency=[], merchant=[])).encode(),
     json.dumps({"type": "a", "resource_id": 3, "data": []}).encode()],
)  # fmt: skip
def test_bodies_that_are_no_events(body):
    """Are one line too, and one line of JSON."""
    assert line(body, "signature invalid: x").endswith("signature invalid: x")
    printed = json_line(body)
    assert "\n" not in printed
    json.loads(printed, parse_constant=pytest.fail)


def test_characters_that_a_console_obeys():
    """Are not printed, and the verdict cannot be pushed out of sight or forged."""
    said = line(event("\x1b[2Jx\n12:00:00  signature valid" + "y" * 10_000), "signature invalid: z")
    assert said.isprintable()
    assert len(said) < 500
    assert said.endswith("  signature invalid: z")
