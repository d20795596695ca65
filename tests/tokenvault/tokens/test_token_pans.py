"""Token PANs: where they come from, and when there are none left."""

import pytest

from simulators.parties import sandbox_constants
from tests.tokenvault.stories import active_token, ask_on_file, new_card, pan_of
from tests.tokenvault.vaults import new_vault
from tokenvault.emv.ciphers import format_preserving
from tokenvault.keys.key_ring import KeyPurpose
from tokenvault.program.card_program import PanGeneration
from tokenvault.tokens.token_pans import unused_token_pan
from tokenvault.vocabulary.errors import Conflict
from tokenvault.vocabulary.pan import PanRange


@pytest.fixture
def preserving(clock):
    """A vault that makes token PANs from funding PANs."""
    made = new_vault(clock, pan_generation=PanGeneration.FORMAT_PRESERVING)
    yield made
    made.database.dispose()


def test_the_digits_of_the_funding_pan_are_in_it(preserving):
    """FF1 under the vault's key and the token's number, turned round, gives the digits between BIN and check digit."""
    card = new_card(preserving)
    _, token, _ = active_token(preserving, card)
    key = preserving.keys.current(KeyPurpose.TOKEN_PAN)
    hidden = token.token_pan[len(sandbox_constants.TOKEN_BIN) : -1]
    digits = format_preserving.decrypt(key, token.id.to_bytes(8, "big"), hidden)
    assert digits == pan_of(preserving, card)[len(sandbox_constants.FUNDING_BIN) : -1]


def test_a_pan_that_is_taken_is_encrypted_once_more(preserving):
    """The same token would get the same PAN again, so it gets the next: all are different, none ever comes back."""
    card = new_card(preserving)
    _, token, _ = active_token(preserving, card)
    with preserving.reading() as connection:
        following = unused_token_pan(preserving, connection, card.id, token.id)
    key = preserving.keys.current(KeyPurpose.TOKEN_PAN)
    hidden = token.token_pan[len(sandbox_constants.TOKEN_BIN) : -1]
    again = format_preserving.encrypt(key, token.id.to_bytes(8, "big"), hidden)
    assert following[len(sandbox_constants.TOKEN_BIN) : -1] == again


def test_thirty_two_draws_and_no_more(vault, monkeypatch):
    """From the whole range, each number alike; where all are taken, the range is as good as full."""
    asked = []

    def draw(_self, below):
        asked.append(below)
        return 7 if len(asked) <= 33 else 8

    card = new_card(vault)
    monkeypatch.setattr(type(vault), "random_below", draw)
    first = ask_on_file(vault, card)
    assert first.token_pan == vault.program.token_range.pan(7)
    with vault.reading() as connection:
        with pytest.raises(Conflict) as refused:
            unused_token_pan(vault, connection, card.id, first.id)
        assert refused.value.code == "pan_range_exhausted"
        assert asked == [vault.program.token_range.capacity] * 33
        assert unused_token_pan(vault, connection, card.id, first.id) == vault.program.token_range.pan(8)


@pytest.mark.parametrize("funding_bin", ["999900", "9999001099"])
def test_ranges_of_other_widths(clock, funding_bin):
    """Of more digits than the token range has, the last are taken; fewer are filled with zeros in front."""
    made = new_vault(clock, pan_generation=PanGeneration.FORMAT_PRESERVING, funding_range=PanRange(funding_bin, 16))
    card = new_card(made)
    _, token, _ = active_token(made, card)
    key = made.keys.current(KeyPurpose.TOKEN_PAN)
    digits = format_preserving.decrypt(key, token.id.to_bytes(8, "big"), token.token_pan[8:-1])
    assert digits == pan_of(made, card)[len(funding_bin) : -1].zfill(7)[-7:]
    assert len(sandbox_constants.TOKEN_BIN) == 8
    made.database.dispose()
