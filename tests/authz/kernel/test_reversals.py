"""What reversals give back: to the account, to its limits, and to what may follow the same purchase."""

import pytest

from authz.state.tables import Counter
from authz.vocabulary.commands import Flag, Kind
from authz.vocabulary.reasons import Reason
from tests.authz.bank import Bank
from tests.authz.commands import USD, command, referring, refund, reversal, tap

JPY = 392
RATES = {"base": "EUR", "per_base": {"USD": "1.08", "JPY": "163.5"}}
DAY = {"id": "day", "window": "day", "amount_max": 10_000, "count_max": 5, "currency": "EUR"}
MORE = Flag.HAS_ORIGINAL | Flag.MORE_FOLLOWS
SALE = {"kind": Kind.FINANCIAL_REQUEST}


@pytest.fixture
def bank():
    """An account of 1000.00 EUR, which may spend 100.00 a day."""
    return Bank(rates=RATES, limits=[DAY])


def approve(bank, *messages):
    """Send messages that must all be approved."""
    for message in messages:
        assert bank.send(message) is Reason.APPROVED


def told(bank):
    """What the answer says of amounts: approved in the message's currency, then in the account's."""
    return int(bank.result["approved_minor"]), int(bank.result["billing_minor"])


def room(bank, stan, amount):
    """A purchase of just so much is all that the day leaves."""
    assert bank.send(tap(stan, amount + 1)) is Reason.EXCEEDS_LIMIT
    assert bank.send(tap(stan + 1, amount)) is Reason.APPROVED


@pytest.mark.parametrize("values", [{}, SALE])
def test_an_answer_tells_what_was_taken_back(bank, values):
    """The amount that the reversal names, and what came back of it, in the account's currency."""
    paid = tap(1, 1_080, currency=USD, signed_currency=USD, **values)
    approve(bank, paid, reversal(paid, remaining=432, stan=2))
    assert told(bank) == (1_080, 600)
    assert bank.result["held_change_minor"] + bank.result["posted_change_minor"] == -600
    assert bank.held + bank.posted == 400


def test_a_part_of_yen_stays(bank):
    """A currency without minor units: what remains of 1635 JPY is converted as it was held."""
    trip = tap(1, 1_635, currency=JPY, signed_currency=JPY)
    approve(bank, trip)
    assert bank.held == 1_000
    approve(bank, reversal(trip, remaining=327, stan=2))
    assert (bank.held, *told(bank)) == (200, 1_635, 800)


@pytest.mark.parametrize("remaining", [0, 1, 4_000])
@pytest.mark.parametrize("values", [{}, SALE])
def test_a_reversal_gives_the_days_room_back(bank, remaining, values):
    """Also where the limit had counted the purchase already; what remains of it is counted."""
    paid = tap(1, 6_000, **values)
    approve(bank, paid, tap(2, 100), reversal(paid, remaining=remaining, stan=3))
    room(bank, 4, 10_000 - 100 - remaining)


def test_a_reversed_increment_gives_the_days_room_back(bank):
    """The authorization stays counted, at what it was before, or at what remains of the increment."""
    stay = tap(1, 3_000)
    more = referring(Kind.AUTHORIZATION_REQUEST, stay, amount_minor=2_000, stan=2)
    approve(bank, stay, more, tap(3, 100), reversal(more, remaining=500, stan=4))
    assert (bank.held, *told(bank)) == (3_600, 2_000, 1_500)
    room(bank, 5, 10_000 - 3_600)


def test_after_an_increment_was_reversed_the_first_amount_stands(bank):
    """It bounds the completion; a reversal of the whole may name it."""
    stay = tap(1, 3_000)
    more = referring(Kind.AUTHORIZATION_REQUEST, stay, amount_minor=2_000, stan=2)
    approve(bank, stay, more, reversal(more, remaining=500, stan=3))
    completion = referring(Kind.FINANCIAL_REQUEST, stay, amount_minor=3_501, stan=4)
    assert bank.send(completion) is Reason.EXCEEDS_AUTHORIZED_AMOUNT
    assert bank.send(reversal(stay, amount_minor=3_499, stan=5)) is Reason.ORIGINAL_AMOUNT_MISMATCH
    approve(bank, reversal(stay, amount_minor=3_500, stan=6))
    assert bank.held == 0


def test_a_reversed_increment_frees_its_part_of_the_hold_only(bank):
    """What was completed with it in mind stays paid."""
    stay = tap(1, 3_000)
    more = referring(Kind.AUTHORIZATION_REQUEST, stay, amount_minor=2_000, stan=2)
    part = referring(Kind.FINANCIAL_REQUEST, stay, amount_minor=1_000, flags=MORE, stan=3)
    approve(bank, stay, more, part, reversal(more, stan=4))
    assert (bank.held, bank.posted) == (2_000, 1_000)
    approve(bank, reversal(stay, amount_minor=3_000, stan=5))
    assert (bank.held, bank.posted, *told(bank)) == (0, 1_000, 3_000, 2_000)


@pytest.mark.parametrize(("remaining", "reason"), [(399, Reason.EXCEEDS_REMAINDER), (400, Reason.APPROVED)])
def test_a_reversal_of_what_was_refunded_in_part(bank, remaining, reason):
    """Takes back no more than the rest: after a refund of 4.00 of 10.00, at least 4.00 remain."""
    sale = tap(1, 1_000, **SALE)
    approve(bank, sale, refund(sale, amount_minor=400, stan=2))
    assert bank.send(reversal(sale, remaining=remaining, stan=3)) is reason
    assert bank.posted == (0 if reason is Reason.APPROVED else 600)


def test_one_cent_that_was_refunded_stops_the_reversal_of_the_whole(bank):
    """Only the rest can be reversed."""
    sale = tap(1, 1_000, **SALE)
    approve(bank, sale, refund(sale, amount_minor=1, stan=2))
    assert bank.send(reversal(sale, stan=3)) is Reason.EXCEEDS_REMAINDER
    approve(bank, reversal(sale, remaining=1, stan=4))
    assert bank.posted == 0


def test_a_refund_in_another_currency_bounds_the_reversal(bank):
    """Both are held against the purchase in the account's currency."""
    sale = tap(1, 1_635, currency=JPY, signed_currency=JPY, **SALE)
    approve(bank, sale, refund(sale, amount_minor=654, stan=2))
    assert bank.posted == 600
    assert bank.send(reversal(sale, remaining=652, stan=3)) is Reason.EXCEEDS_REMAINDER
    approve(bank, reversal(sale, remaining=654, stan=4))
    assert bank.posted == 0


def test_a_part_of_a_refund_is_taken_back(bank):
    """So much is owed again, and can be refunded again, no more."""
    sale = tap(1, 1_000, **SALE)
    back = refund(sale, amount_minor=1_000, stan=2)
    approve(bank, sale, back, reversal(back, remaining=700, stan=3))
    assert bank.posted == 300
    assert bank.send(refund(sale, amount_minor=301, stan=4)) is Reason.EXCEEDS_REMAINDER
    approve(bank, refund(sale, amount_minor=300, stan=5))
    assert bank.posted == 0


def test_a_part_of_a_completion_is_taken_back(bank):
    """So much can be completed again."""
    order = tap(1, 5_000)
    part = referring(Kind.FINANCIAL_REQUEST, order, amount_minor=2_000, flags=MORE, stan=2)
    approve(bank, order, part, reversal(part, remaining=500, stan=3))
    assert (bank.held, bank.posted) == (3_000, 500)
    assert (
        bank.send(referring(Kind.FINANCIAL_REQUEST, order, amount_minor=4_501, stan=4))
        is Reason.EXCEEDS_AUTHORIZED_AMOUNT
    )
    approve(bank, referring(Kind.FINANCIAL_REQUEST, order, amount_minor=4_500, stan=5))
    assert (bank.held, bank.posted) == (0, 5_000)


def test_a_reversal_of_what_was_reversed_says_the_same_and_moves_nothing(bank):
    """Its answer names the amount; nothing of it comes back."""
    paid = tap(1, 1_000)
    approve(bank, paid, tap(2, 300), reversal(paid, stan=3), reversal(paid, stan=4))
    assert told(bank) == (1_000, 0)
    assert bank.held == 300


def test_a_reversal_in_parts_can_be_continued(bank):
    """What remains may be reversed, too, and what remains bounds what may remain."""
    paid = tap(1, 1_000)
    approve(bank, paid, reversal(paid, remaining=600, stan=2))
    assert bank.send(reversal(paid, remaining=601, stan=3)) is Reason.ORIGINAL_AMOUNT_MISMATCH
    approve(bank, reversal(paid, remaining=600, stan=4))
    assert (bank.held, *told(bank)) == (600, 1_000, 0)
    approve(bank, reversal(paid, remaining=100, amount_minor=600, stan=5))
    assert (bank.held, *told(bank)) == (100, 600, 500)


@pytest.mark.parametrize("values", [{}, SALE])
def test_an_early_reversal_is_told_where_its_purchase_comes(bank, values):
    """Only there: the same STAN of another acquirer is another purchase, and the early reversal is no decline of it."""
    late = tap(2, 1_000, **values)
    assert bank.send(reversal(late, stan=3)) is Reason.MISSING_ORIGINAL_AUTHORIZATION
    assert bank.send(reversal(late, stan=4)) is Reason.MISSING_ORIGINAL_AUTHORIZATION
    other = tap(1, 1_000, stan=2, acquirer=54321, **values)
    approve(bank, other)
    assert bank.send(late) is Reason.ALREADY_REVERSED
    assert bank.held + bank.posted == 1_000


def test_an_early_reversal_from_elsewhere_is_forgotten(bank):
    """Nobody undoes in advance what another acquirer will send."""
    late = tap(2, 1_000)
    assert bank.send(reversal(late, acquirer=54321, stan=3)) is Reason.MISSING_ORIGINAL_AUTHORIZATION
    approve(bank, late)


def test_a_reversal_that_is_refused_names_nothing(bank):
    """Its row in the journal refers to no purchase, and it is answered alike when it comes again."""
    paid = tap(1, 1_000)
    wrong = reversal(paid, amount_minor=999, stan=2)
    approve(bank, paid)
    assert bank.send(wrong) is Reason.ORIGINAL_AMOUNT_MISMATCH
    assert told(bank) == (0, 0)
    assert bank.send(wrong) is Reason.ORIGINAL_AMOUNT_MISMATCH
    assert bank.state.counters[Counter.TRANSACTIONS] == 2
    assert bank.state.transactions[1]["original"] == 0


def test_a_chargeback_of_an_authorization_finds_nothing_paid(bank):
    """A hold is not a charge; and a chargeback tells how much went back."""
    hold, sale = tap(1, 1_000), tap(2, 1_000, **SALE)
    approve(bank, hold)
    held = {"decision": int(bank.result["sequence"]), "account_id": 7}
    approve(bank, sale)
    paid = {"decision": int(bank.result["sequence"]), "account_id": 7}
    assert bank.send(command(Kind.CHARGEBACK, amount_minor=1, **held)) is Reason.MISSING_ORIGINAL_AUTHORIZATION
    approve(bank, command(Kind.CHARGEBACK, amount_minor=700, **paid))
    assert told(bank) == (700, 700)
    assert (bank.held, bank.posted, int(bank.result["posted_change_minor"])) == (1_000, 300, -700)
    approve(bank, command(Kind.REPRESENTMENT, amount_minor=200, **paid))
    assert told(bank) == (200, 200)


def test_what_a_completion_gave_back_counts_for_its_authorization(bank):
    """A chargeback of the completion leaves no more of the authorization to be refunded than the rest."""
    order = tap(1, 5_000)
    whole = referring(Kind.FINANCIAL_REQUEST, order, stan=2)
    approve(bank, order, whole)
    paid = {"decision": int(bank.result["sequence"]), "account_id": 7}
    approve(bank, command(Kind.CHARGEBACK, amount_minor=3_000, **paid))
    assert bank.send(refund(order, amount_minor=2_001, stan=3)) is Reason.EXCEEDS_REMAINDER
    assert bank.send(refund(whole, amount_minor=2_001, stan=4)) is Reason.EXCEEDS_REMAINDER
    approve(bank, command(Kind.REPRESENTMENT, amount_minor=3_000, **paid), refund(order, stan=5))
    assert bank.posted == 0


def test_refunds_are_bounded_by_what_each_completion_charged(bank):
    """Of two completions, each gives back its own part."""
    order = tap(1, 5_000)
    first = referring(Kind.FINANCIAL_REQUEST, order, amount_minor=2_000, flags=MORE, stan=2)
    second = referring(Kind.FINANCIAL_REQUEST, order, amount_minor=3_000, stan=3)
    approve(bank, order, first, second)
    assert bank.send(refund(first, amount_minor=2_001, stan=4)) is Reason.EXCEEDS_REMAINDER
    approve(bank, refund(first, amount_minor=2_000, stan=5), refund(order, amount_minor=1_000, stan=6))
    assert bank.send(refund(second, amount_minor=2_001, stan=7)) is Reason.EXCEEDS_REMAINDER
    approve(bank, refund(second, amount_minor=2_000, stan=8))
    assert bank.posted == 0


def test_an_authorized_refund_moves_no_money(bank):
    """An 0100 refund asks whether one would be taken; the money comes back with the 0200."""
    sale = tap(1, 1_000, **SALE)
    approve(bank, sale, refund(sale, kind=Kind.AUTHORIZATION_REQUEST, stan=2))
    assert (bank.held, bank.posted) == (0, 1_000)
    approve(bank, refund(sale, stan=3))
    assert (bank.held, bank.posted) == (0, 0)


def test_a_reversal_of_a_decline_is_no_early_one(bank):
    """What it names has been declined; an advice may still tell that stand-in has approved it."""
    declined = tap(1, 10_001)
    assert bank.send(declined) is Reason.EXCEEDS_LIMIT
    assert bank.send(reversal(declined, stan=2)) is Reason.MISSING_ORIGINAL_AUTHORIZATION
    approve(bank, tap(1, 1_000, kind=Kind.AUTHORIZATION_ADVICE))
    assert bank.held == 1_000


def test_a_reversal_refers_to_its_purchase(bank):
    """Whoever reads the rows finds the one by the other."""
    paid = tap(2, 1_000)
    approve(bank, tap(1, 500), paid, reversal(paid, stan=3))
    assert list(bank.state.transactions["original"][:3]) == [0, 0, 2]


def test_a_refund_is_not_refunded(bank):
    """Nothing was paid for it, not a cent; it is taken back by its reversal."""
    sale = tap(1, 1_000, **SALE)
    back = refund(sale, amount_minor=400, stan=2)
    approve(bank, sale, back)
    assert bank.send(refund(back, amount_minor=1, stan=3)) is Reason.EXCEEDS_REMAINDER
    assert bank.posted == 600
