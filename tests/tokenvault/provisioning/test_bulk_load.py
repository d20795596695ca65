"""A whole portfolio at once: the same cards and tokens as one by one."""

import pytest

from simulators.parties import sandbox_constants
from tests.tokenvault.stories import ask_on_file, new_card, pan_of, rows
from tests.tokenvault.vaults import new_vault
from tokenvault.cards.accounts import list_accounts
from tokenvault.cards.cards import card_with_pan, list_cards
from tokenvault.events import audit, outbox
from tokenvault.events.events import list_events
from tokenvault.key_management.key_rotation import start_rotation
from tokenvault.keys.key_ring import KeyPurpose
from tokenvault.provisioning.bulk_load import LoadPlan, load
from tokenvault.tokens.detokenization import detokenize
from tokenvault.tokens.file_cryptograms import make_cryptogram
from tokenvault.tokens.tokens import list_tokens
from tokenvault.vocabulary.errors import Conflict, FieldError
from tokenvault.vocabulary.identifiers import Prefix, to_text
from tokenvault.vocabulary.pan import PanRange, is_luhn_valid

SHOP = sandbox_constants.MERCHANT_REQUESTOR_ID


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
        assert pan.startswith(sandbox_constants.FUNDING_BIN)
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


def test_nothing_is_loaded_while_the_lookup_key_is_rotated(vault):
    """Cards are found by two keys then; the load is refused, and nothing of it is kept."""
    new_card(vault)  # a card that keeps the rotation running
    start_rotation(vault, KeyPurpose.PAN_LOOKUP)
    before = rows(vault, "accounts"), rows(vault, "cards"), rows(vault, "outbox")
    with pytest.raises(Conflict) as refused:
        load(vault, LoadPlan(1, 0, SHOP))
    assert refused.value.code == "rotation_running"
    assert (rows(vault, "accounts"), rows(vault, "cards"), rows(vault, "outbox")) == before


def test_what_a_plan_leaves_open(vault):
    """Accounts in euros with a credit of 2,500.00; the event of the load names the account that came last."""
    load(vault, LoadPlan(3, 0, SHOP))
    accounts = list_accounts(vault, limit=9)
    assert {(each.currency, each.credit_limit_minor) for each in accounts} == {("EUR", 250_000)}
    [event] = list_events(vault, limit=9)
    last = [entry.notice for entry in outbox.entries_after(vault.database, 0) if hasattr(entry.notice, "segment")][-1]
    assert event.resource_id == to_text(Prefix.ACCOUNT, last.account_id)


@pytest.mark.parametrize(
    ("billed", "kept"), [({}, (0, None)), ({"product": 3}, (3, 1)), ({"product": 3, "cut_day": 5}, (3, 5))]
)
def test_accounts_are_loaded_with_a_product(vault, billed, kept):
    """Kept and told to the engine as of accounts that are opened one by one."""
    load(vault, LoadPlan(2, 0, SHOP, **billed))
    assert {(each.product, each.cut_day) for each in list_accounts(vault, limit=9)} == {kept}
    notices = [entry.notice for entry in outbox.entries_after(vault.database, 0)]
    accounts = [notice for notice in notices if isinstance(notice, outbox.AccountNotice)]
    assert [(each.product, each.cut_day) for each in accounts] == [kept, kept]


def test_loaded_accounts_are_pinned_to_no_segment(vault):
    """They were opened now, as they show, and the engine classifies them."""
    load(vault, LoadPlan(2, 0, SHOP))
    kept = {(each.segment, each.life_stage, each.created_at) for each in list_accounts(vault, limit=9)}
    assert kept == {(None, 0, vault.now())}
    notices = [entry.notice for entry in outbox.entries_after(vault.database, 0)]
    accounts = [notice for notice in notices if isinstance(notice, outbox.AccountNotice)]
    assert {(each.segment, each.life_stage, each.opened_at) for each in accounts} == kept


@pytest.mark.parametrize(
    ("billed", "field"),
    [({"product": 32}, "product"), ({"cut_day": 5}, "cut_day"), ({"product": 1, "cut_day": 29}, "cut_day")],
)
def test_a_plan_of_an_impossible_product(billed, field):
    """It is refused before anything is loaded."""
    with pytest.raises(FieldError) as refused:
        LoadPlan(2, 0, SHOP, **billed)
    assert refused.value.field == field


def test_an_empty_plan_loads_nothing(vault):
    """No account, no event, and nobody is told of a chunk."""
    heard = []
    load(vault, LoadPlan(0, 0, SHOP), heard.append)
    assert (heard, rows(vault, "accounts"), list_events(vault, limit=9)) == ([], [], [])


def test_loaded_cards_are_kept_like_issued_ones(vault):
    """Last digits, expiry, tries of the PIN and no contacts: every column but those that are a card's own."""
    issued = new_card(vault)
    load(vault, LoadPlan(1, 0, SHOP))
    loaded = next(row for row in rows(vault, "cards") if row.id != issued.id)
    single = next(row for row in rows(vault, "cards") if row.id == issued.id)
    own = {"id", "account_id", "last4", "payment_account_reference", "pan_lookup", "sealed_pan", "sequence"}
    kept = {name: value for name, value in loaded._mapping.items() if name not in own and "seal" not in name}
    assert kept == {name: single._mapping[name] for name in kept}
    card = next(each for each in list_cards(vault, limit=9) if each.id == loaded.id)
    assert pan_of(vault, card)[-4:] == loaded.last4


def test_a_drawn_number_that_somebody_has_is_drawn_anew(clock):
    """In a range of ten numbers the load finds those that are left, whatever comes up."""
    vault = new_vault(clock, funding_range=PanRange("99990010999999", 16))
    for count in (4, 3, 2):
        load(vault, LoadPlan(count, 0, SHOP))
    assert len({pan_of(vault, card) for card in list_cards(vault, limit=99)}) == 9
    vault.database.dispose()
