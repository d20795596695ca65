"""A whole portfolio at once: the same cards and tokens as one by one."""

import pytest

from simulators import test_values
from tests.tokenvault.stories import ask_on_file, new_card, pan_of, rows
from tests.tokenvault.vaults import new_vault
from tokenvault.cards.cards import card_with_pan, list_cards
from tokenvault.errors import Conflict, FieldError
from tokenvault.events import audit, outbox
from tokenvault.pan import PanRange, is_luhn_valid
from tokenvault.provisioning.bulk_load import LoadPlan, load
from tokenvault.tokens.detokenization import detokenize
from tokenvault.tokens.file_cryptograms import make_cryptogram
from tokenvault.tokens.tokens import list_tokens

SHOP = test_values.MERCHANT_REQUESTOR_ID


def test_loaded_cards_and_tokens_work(vault, monkeypatch):
    """Each card opens and is found, each token signs and leads back to its card, and the engine is told of all."""
    monkeypatch.setattr("tokenvault.provisioning.bulk_load.CHUNK", 4)
    heard = []
    load(vault, LoadPlan(10, 6, SHOP), heard.append)
    assert heard == [4, 8, 10]
    cards, tokens = list_cards(vault, limit=100), list_tokens(vault, limit=100)
    assert (len(cards), len(tokens)) == (10, 6)
    for card in cards:
        pan = pan_of(vault, card)
        assert is_luhn_valid(pan)
        assert pan.startswith(test_values.FUNDING_BIN)
        with vault.reading() as connection:
            assert card_with_pan(vault, connection, pan) == card
    for token in tokens:
        make_cryptogram(vault, token.text_id, amount_minor=1, currency="EUR", country="276")
        assert detokenize(vault, token.token_pan).token.id == token.id
    kinds = [type(entry.notice).__name__ for entry in outbox.entries_after(vault.database, 0)]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {"AccountNotice": 10, "CardNotice": 10, "TokenNotice": 6}
    assert audit.verify(vault).sequence == len(rows(vault, "audit_entries"))


def test_notices_are_those_of_single_cards(vault):
    """The engine hears the same of a loaded card and token as of one that was issued."""
    load(vault, LoadPlan(1, 1, SHOP))
    loaded = [entry.notice for entry in outbox.entries_after(vault.database, 0)]
    before = len(loaded)
    ask_on_file(vault, new_card(vault))
    issued = [entry.notice for entry in outbox.entries_after(vault.database, 0)][before:]
    differing = {"account_id", "card_id", "token_id", "token_pan", "payment_account_reference", "credit_limit_minor",
                 "transaction_limit_minor"}  # fmt: skip

    def comparable(notices):
        newest = {type(notice).__name__: notice.__dict__ for notice in notices}
        return {
            kind: {name: value for name, value in told.items() if name not in differing}
            for kind, told in newest.items()
        }

    assert comparable(loaded) == comparable(issued)


def test_a_full_range_is_a_conflict(clock):
    """And more tokens than accounts are a bad field."""
    vault = new_vault(clock, funding_range=PanRange("99990010999999", 16))
    with pytest.raises(Conflict) as refused:
        load(vault, LoadPlan(11, 0, SHOP))
    assert refused.value.code == "pan_range_exhausted"
    assert rows(vault, "cards") == []
    with pytest.raises(FieldError):
        LoadPlan(1, 2, SHOP)
    vault.database.dispose()
