"""What a merchant sends with a payment by a card-on-file token."""

import pytest
import sqlalchemy as sa

from tests.tokenvault.stories import ask_on_file, new_card
from tokenvault.events.events import list_events
from tokenvault.storage import schema
from tokenvault.tokens.file_cryptograms import make_cryptogram
from tokenvault.tokens.tokens import find_token
from tokenvault.vocabulary.errors import Conflict, FieldError


def test_every_tag_of_a_payment(vault, clock):
    """Amounts, country, currency and date as packed digits of the lengths that EMV Book 3, annex A gives them."""
    token = ask_on_file(vault, new_card(vault))
    made = make_cryptogram(vault, token.text_id, amount_minor=123_456_789_012, currency="JPY", country="392")
    shown = {tag: value.hex().upper() for tag, value in made.values.items() if tag not in ("9F26", "9F37")}
    assert shown == {
        "9F02": "123456789012",
        "9F03": "000000000000",
        "9F1A": "0392",
        "95": "0000000000",
        "5F2A": "0392",
        "9A": "261124",
        "9C": "00",
        "84": "F0000054415057",
        "82": "1980",
        "9F36": "0001",
        "9F10": f"0601{token.cryptogram_version:02X}03A00001",
        "9F27": "80",
    }
    assert (len(made.values["9F37"]), len(made.values["9F26"])) == (4, 8)
    track = made.track2
    assert (track.pan, track.expiry, track.service_code, track.discretionary) == (token.token_pan, "2911", "201", "0")
    assert made.pan_sequence_number == "01"


def test_dates_of_a_new_century(vault, clock):
    """Tag 9A has the last two digits of the year, and a month and a day of one digit have a zero before them."""
    clock.now = 4_102_444_800.0 + 31 * 24 * 3600  # 2100-02-01 00:00 UTC
    token = ask_on_file(vault, new_card(vault))
    made = make_cryptogram(vault, token.text_id, amount_minor=1, currency="EUR", country="276")
    assert made.values["9A"].hex() == "000201"


def test_each_payment_is_written_down(vault):
    """By its counter, as asked for by the wallet's side."""
    token = ask_on_file(vault, new_card(vault))
    for counter in (1, 2):
        make_cryptogram(vault, token.text_id, amount_minor=1, currency="EUR", country="276")
        event = list_events(vault, limit=1, resource_id=token.text_id)[0]
        assert (event.type, event.data["transaction_counter"]) == ("token.cryptogram_made", counter)
        assert event.data["initiator"] == "wallet"


def test_counters_are_used_up_at_last(vault):
    """The counter FFFF is the last one: then nothing is signed, and nothing counts on."""
    token = ask_on_file(vault, new_card(vault))
    with vault.transaction() as connection:
        connection.execute(sa.update(schema.tokens).values(transaction_counter=0xFFFE))
    made = make_cryptogram(vault, token.text_id, amount_minor=1, currency="EUR", country="276")
    assert made.values["9F36"].hex() == "ffff"
    with pytest.raises(Conflict) as refused:
        make_cryptogram(vault, token.text_id, amount_minor=1, currency="EUR", country="276")
    assert refused.value.code == "counter_used_up"
    assert find_token(vault, token.text_id).transaction_counter == 0xFFFF


def test_an_unknown_currency_is_named(vault):
    """The field that is wrong, before a counter is used up."""
    token = ask_on_file(vault, new_card(vault))
    with pytest.raises(FieldError) as refused:
        make_cryptogram(vault, token.text_id, amount_minor=1, currency="EURO", country="276")
    assert refused.value.field == "currency"
    assert find_token(vault, token.text_id).transaction_counter == 0
