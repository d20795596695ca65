"""What the vault says of accounts, cards and tokens, and what of it taps, rules and answers then show."""

import pytest

from authz.kernel.application import name_accounts
from authz.kernel.measures.calendar import DAY_US
from authz.vocabulary.attributes import Attribute
from authz.vocabulary.commands import Kind, SegmentIs
from authz.vocabulary.layouts import joined
from authz.vocabulary.reasons import Reason
from authz.vocabulary.states import CardState
from tests.authz.bank import Bank
from tests.authz.commands import EUR, NOW_US, USD, command, set_account, set_card, set_token, tap

NOW = NOW_US // 1_000_000
TOLD = {
    "token_requestor": 99_900_000_001,
    "token_created": NOW - 100,
    "device_created": NOW - 200,
    "device_risk": 4,
    "payment_account_reference": b"Q1HJZ28RKA1EBL470G9XYG90R5D3E",
    "cryptogram_version": 1,
    "key_index": 2,
}
SIGNED = {"cryptogram_version": 1, "key_index": 2}
_A = Attribute
LOOKS = {
    "id": "look",
    "state": "shadow",
    "when": {"attribute": "device_risk_score", "operator": "=", "value": 1},
    "action": "flag",
}


@pytest.fixture
def bank():
    """Two accounts, each with a card and a token; the second token with everything that can be told of one."""
    bank = Bank(rules=[LOOKS])
    for notice in (set_account(4, 8), set_card(5, 80, 8), set_token(6, 800, 80, 8, **TOLD)):
        bank.send(notice)
    return bank


def held(bank):
    """What is held of both accounts."""
    return bank.state.accounts["held_minor"][:2].tolist()


def seen(bank):
    """What rules have seen of a token."""
    places = [_A.WALLET_TYPE, _A.TOKEN_AGE, _A.DEVICE_AGE, _A.DEVICE_RISK_SCORE]
    return bank.findings.values[places].tolist()


def test_a_token_pays_from_its_own_account(bank):
    """That of its card."""
    assert bank.send(tap(1, 100)) is Reason.APPROVED
    assert bank.send(tap(1, 200, pan=800, **SIGNED)) is Reason.APPROVED
    assert held(bank) == [100, 200]
    assert bank.result["account_id"] == 8


def test_what_is_told_of_a_token_is_seen(bank):
    """By rules, in answers, and by whoever checks its cryptograms."""
    assert bank.send(tap(1, 200, pan=800, **SIGNED)) is Reason.APPROVED
    assert seen(bank) == [99_900_000_001, 100, 200, 4]
    assert bank.result["payment_account_reference"] == TOLD["payment_account_reference"]
    for wrong in ({"cryptogram_version": 0}, {"key_index": 1}):
        assert bank.send(tap(2, 200, pan=800, **SIGNED | wrong)) is Reason.INVALID_CRYPTOGRAM


def test_what_a_token_was_made_with_stays(bank):
    """A later notice changes its state, expiry, domain and risk, and nothing of what it is."""
    other = {"token_requestor": 1, "token_created": 1, "device_created": 1, "cryptogram_version": 3, "key_index": 3}
    changed = {"device_risk": 2, "expiry": 3012, "token_id": 5, "payment_account_reference": b"OTHER"}
    bank.send(set_token(7, 800, 70, 7, **other, **changed))
    assert bank.send(tap(1, 200, pan=800, expiry=3012, **SIGNED)) is Reason.APPROVED
    assert seen(bank) == [99_900_000_001, 100, 200, 2]
    assert bank.result["payment_account_reference"] == TOLD["payment_account_reference"]
    assert held(bank) == [0, 200]
    named = tap(2, pan=800)
    name_accounts(bank.state, named)
    assert [int(named[name][0]) for name in ("token_id", "card_id", "account_id")] == [801, 80, 8]


def test_an_account_keeps_its_balances_and_its_currency(bank):
    """Also when the vault tells of it again, with another limit."""
    bank.send(tap(1, 40_000))
    bank.send(set_account(7, limit_minor=60_000, currency=USD))
    assert held(bank) == [40_000, 0]
    assert bank.send(tap(2, 20_001)) is Reason.INSUFFICIENT_FUNDS
    assert bank.send(tap(3, 20_000)) is Reason.APPROVED
    assert bank.result["billing_currency"] == EUR


def test_a_card_keeps_its_account(bank):
    """A later notice changes its state, and not whose it is."""
    bank.send(set_card(7, 70, 8))
    assert bank.send(tap(1, 100)) is Reason.APPROVED
    bank.send(set_token(8, 900, 70, 8))
    assert bank.send(tap(1, 100, pan=900)) is Reason.APPROVED
    assert held(bank) == [200, 0]
    bank.send(set_card(9, 70, state=CardState.FROZEN))
    assert bank.send(tap(2, 100)) is Reason.CARD_FROZEN
    assert bank.send(tap(2, 100, pan=800, **SIGNED)) is Reason.APPROVED


@pytest.mark.parametrize(("sequence", "is_heard"), [(5, False), (6, False), (7, True), (1_000, True)])
def test_notices_are_heard_in_their_order(bank, sequence, is_heard):
    """One that was heard before, or is late, changes nothing; a gap is none of the engine's concern."""
    bank.send(set_account(sequence, limit_minor=99))
    expected = Reason.INSUFFICIENT_FUNDS if is_heard else Reason.APPROVED
    assert bank.send(tap(1, 100)) is expected
    bank.send(set_account(sequence, limit_minor=100_000))
    assert bank.send(tap(2, 100)) is expected


def test_a_segment_is_told_of_its_accounts():
    """A rule for a segment is about those that the vault puts into it."""
    always = {"attribute": "amount", "operator": ">=", "value": 0}
    applies_to = {"scope": "segment", "id": "3"}
    rule = {"id": "three", "state": "live", "when": always, "action": "decline", "applies_to": applies_to}
    bank = Bank(rules=[rule])
    assert bank.send(tap(1)) is Reason.APPROVED
    bank.send(set_account(4, segment=3))
    assert bank.send(tap(2)) is Reason.SUSPECTED_FRAUD
    bank.send(set_account(5, segment=4))
    assert bank.send(tap(3)) is Reason.APPROVED


def test_when_an_account_was_opened_and_its_stage_of_life_are_kept():
    """The day of the command counts where the vault does not tell one; a later notice that tells none leaves it."""
    bank = Bank()
    account = bank.state.accounts[0]
    assert (account["opened_day"], account["life_stage"]) == (NOW_US // DAY_US, 0)
    bank.send(set_account(4, opened_day=20_000, life_stage=3))
    assert (account["opened_day"], account["life_stage"]) == (20_000, 3)
    bank.send(set_account(5, life_stage=4))
    assert (account["opened_day"], account["life_stage"]) == (20_000, 4)


@pytest.mark.parametrize(
    ("told", "segment", "is_pinned"),
    [
        ({"segment": 3, "segment_is": SegmentIs.PINNED}, 3, 1),
        ({"segment": 0, "segment_is": SegmentIs.PINNED}, 0, 1),
        ({"segment": 3, "segment_is": SegmentIs.IMPLIED}, 3, 1),
        ({"segment": 0, "segment_is": SegmentIs.IMPLIED}, 0, 0),
        ({"segment": 0, "segment_is": SegmentIs.UNPINNED}, 0, 0),
    ],
)
def test_an_account_is_pinned_or_not(told, segment, is_pinned):
    """One without books has no statement at which it could be classified: it leaves its segment when it is unpinned."""
    bank = Bank()
    bank.send(set_account(4, segment=7, segment_is=SegmentIs.PINNED))
    bank.send(set_account(5, **told))
    assert tuple(bank.state.accounts[0][["segment", "is_pinned"]]) == (segment, is_pinned)


def test_an_account_with_books_stays_in_its_segment_when_it_is_unpinned():
    """It is classified at its next statement."""
    bank = Bank()
    bank.send(set_account(4, product=1, cut_day=5, segment=7, segment_is=SegmentIs.PINNED))
    bank.send(command(Kind.PAYMENT, account_id=7, amount_minor=100))
    bank.send(set_account(5, product=1, cut_day=5, segment_is=SegmentIs.UNPINNED))
    assert tuple(bank.state.accounts[0][["segment", "is_pinned"]]) == (7, 0)


def _key(sequence, index, uses, until=NOW + 60):
    named = {"token_pan": 700, "limited_use_key": index, "key_until": until, "key_uses": uses}
    return command(Kind.SET_LIMITED_USE_KEY, outbox_sequence=sequence, **named)


def test_two_keys_of_a_phone_are_good_at_a_time():
    """Each for as many taps, and as long, as was told of it; the one before those no longer."""
    bank = Bank()
    for notice in (_key(4, 1, 9), _key(5, 2, 1, until=NOW + 60), _key(6, 3, 2, until=NOW + 120)):
        bank.send(notice)

    def pays(atc, key, seconds=0):
        return bank.send(tap(atc, 100, limited_use_key=key, time_us=NOW_US + seconds * 1_000_000))

    assert pays(1, 1) is Reason.LIMITED_USE_KEY_EXPIRED
    assert pays(2, 2) is Reason.APPROVED
    assert pays(3, 2) is Reason.LIMITED_USE_KEY_USED_UP
    assert pays(4, 3) is Reason.APPROVED
    assert pays(5, 2, seconds=61) is Reason.LIMITED_USE_KEY_EXPIRED
    assert pays(6, 3, seconds=61) is Reason.APPROVED
    assert pays(7, 3, seconds=61) is Reason.LIMITED_USE_KEY_USED_UP
    assert pays(8, 3, seconds=121) is Reason.LIMITED_USE_KEY_EXPIRED


def test_a_restriction_can_be_taken_back():
    """A token with a merchant, a country or an amount of its own pays anywhere again when the vault says so."""
    for restriction, refused in (
        ({"merchant_key": 5}, Reason.MERCHANT_NOT_ALLOWED),
        ({"countries": 276}, Reason.COUNTRY_NOT_ALLOWED),
        ({"amount_max_minor": 99}, Reason.EXCEEDS_LIMIT),
    ):
        bank = Bank()
        bank.send(set_token(4, **restriction))
        assert bank.send(tap(1, 100)) is refused
        bank.send(set_token(5))
        assert bank.send(tap(2, 100)) is Reason.APPROVED


def test_many_are_found_again():
    """Accounts, cards and tokens that are told in one run each find their own."""
    notices = []
    for number in range(40):
        notices += [
            set_account(3 * number + 4, 1_000 + number),
            set_card(3 * number + 5, 2_000 + number, 1_000 + number),
        ]
        notices += [set_token(3 * number + 6, 3_000 + number, 2_000 + number, 1_000 + number)]
    bank = Bank()
    bank.send(joined(notices))
    bank.send(joined([tap(1, 100 + number, pan=3_000 + number) for number in range(40)]))
    assert bank.state.accounts["held_minor"][1:41].tolist() == list(range(100, 140))
