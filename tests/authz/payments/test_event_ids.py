"""Identifiers of payments' events: each names one event, and no other text names any."""

import pytest

from authz.payments.event_ids import EventKey, event_id, event_key, is_of_payment
from tokenvault.vocabulary.errors import NotFound
from tokenvault.vocabulary.event_types import PAYMENT_EVENTS, EventType
from tokenvault.vocabulary.identifiers import Prefix, to_text


@pytest.mark.parametrize("event_type", sorted(PAYMENT_EVENTS))
@pytest.mark.parametrize(("sequence", "part"), [(1, 0), (2**62, 10), (42, 123_456_789)])
def test_there_and_back(event_type, sequence, part):
    """Sequence, part and type; no two types share an identifier."""
    key = EventKey(sequence, part, event_type)
    assert event_key(event_id(key)) == key
    assert is_of_payment(event_id(key))
    others = {event_id(EventKey(sequence, part, each)) for each in PAYMENT_EVENTS}
    assert len(others) == len(PAYMENT_EVENTS)


def test_the_vaults_are_shorter():
    """So that each is looked for where it is."""
    assert not is_of_payment(to_text(Prefix.EVENT, 2**62))


@pytest.mark.parametrize(
    "text",
    [
        "evt_000000000001A",
        "evt_000000000001AA",
        "evt_000000000001AA01",
        "evt_000000000001AA-1",
        "evt_000000000001AA\u0661",
        "evt_000000000001AZ0",
        "evt_000000000001Aa0",
        "evt_000000000001AA1234567890",
        "txn_000000000001AA0",
        "evt_0000000000000A0",
        "",
    ],
)
def test_what_names_nothing(text):
    """Is not found, and never another event."""
    with pytest.raises(NotFound):
        event_key(text)


def test_an_identifier_is_what_documents_show():
    """In 13 characters, a letter and a part."""
    assert event_id(EventKey(42, 0, EventType.TRANSACTION_POSTED)) == "evt_000000000001AT0"
