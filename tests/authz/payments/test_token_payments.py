"""A phone's list of payments: what each was for, and what has become of it."""

import pytest

from authz.payments.token_payments import PaymentState, payments_of_token
from authz.vocabulary.commands import Flag, Kind, Operation
from tests.authz.bank import HOUR_US
from tests.authz.commands import NOW_US, command, referring, refund, reversal, tap
from tests.authz.payments.story import Story

TOKEN = 701
SALE = tap(1, 500, kind=Kind.FINANCIAL_REQUEST)
HELD = tap(1, 500, flags=Flag.PREAUTHORIZATION)
COMPLETION = referring(Kind.FINANCIAL_ADVICE, HELD, amount_minor=450, stan=600_001)
NOTHING = referring(Kind.FINANCIAL_ADVICE, HELD, amount_minor=0, stan=600_003)
MUCH_LATER = command(Kind.PASS_TIME, time_us=NOW_US + 3_000 * HOUR_US)


@pytest.fixture
def story(tmp_path):
    """A history with an account, its card and its token."""
    made = Story(tmp_path / "history.db")
    yield made
    made.database.dispose()


@pytest.mark.parametrize(
    ("messages", "state", "amount", "owed", "refunded"),
    [
        ([HELD], "pending", 500, 500, 0),
        ([HELD, referring(Kind.AUTHORIZATION_REQUEST, HELD, amount_minor=200)], "pending", 700, 700, 0),
        ([HELD, reversal(HELD)], "reversed", 500, 0, 0),
        ([HELD, reversal(HELD, remaining=300)], "pending", 500, 300, 0),
        ([HELD, COMPLETION], "posted", 450, 450, 0),
        ([HELD, COMPLETION, refund(COMPLETION, amount_minor=50, stan=600_002)], "posted", 450, 400, 50),
        ([HELD, COMPLETION, refund(COMPLETION, stan=600_002)], "refunded", 450, 0, 450),
        ([HELD, NOTHING], "reversed", 500, 0, 0),
        ([HELD, NOTHING, COMPLETION], "posted", 450, 450, 0),
        ([HELD, MUCH_LATER], "expired", 500, 0, 0),
        ([HELD, MUCH_LATER, COMPLETION], "posted", 450, 450, 0),
        ([SALE], "posted", 500, 500, 0),
        ([SALE, reversal(SALE)], "reversed", 500, 0, 0),
        ([SALE, reversal(SALE, remaining=200)], "posted", 500, 200, 0),
        ([tap(1, 999_999)], "declined", 999_999, 0, 0),
        ([tap(1, 300, kind=Kind.FINANCIAL_ADVICE)], "posted", 300, 300, 0),
    ],
)
def test_what_has_become_of_a_payment(story, messages, state, amount, owed, refunded):
    """One entry, whatever followed the first message."""
    for message in messages:
        story.tell(message)
    (payment,) = payments_of_token(story.database, TOKEN, limit=9)
    assert (payment.state, payment.amount_minor) == (PaymentState(state), amount)
    assert (payment.billing_minor, payment.refunded_minor) == (owed, refunded)
    assert (payment.currency, payment.billing_currency) == ("EUR", "EUR")


def test_a_refund_that_names_no_purchase(story):
    """Is an entry of its own, with a negative amount."""
    story.tell(SALE)
    story.tell(tap(2, 200, kind=Kind.FINANCIAL_ADVICE, operation=Operation.REFUND))
    given, paid = payments_of_token(story.database, TOKEN, limit=9)
    assert (given.state, given.amount_minor, given.billing_minor, given.refunded_minor) == ("refunded", -200, -200, 200)
    assert (paid.state, paid.amount_minor) == ("posted", 500)


def test_what_is_no_payment_is_not_listed(story):
    """A balance inquiry, a verification of nothing, a reversal of nothing; another token's payments."""
    story.tell(tap(1, 0))
    story.tell(tap(2, 0, operation=Operation.BALANCE_INQUIRY))
    story.tell(reversal(tap(9, 10)))
    assert payments_of_token(story.database, TOKEN, limit=9) == []
    story.tell(tap(3, 10))
    assert payments_of_token(story.database, TOKEN + 1, limit=9) == []
    assert len(payments_of_token(story.database, TOKEN, limit=9)) == 1


def test_pages(story):
    """The newest first, each once."""
    for atc in range(1, 6):
        story.tell(tap(atc, 100 * atc))
    seen, before = [], None
    while page := payments_of_token(story.database, TOKEN, limit=2, before=before):
        seen, before = seen + page, page[-1].sequence
    assert [payment.amount_minor for payment in seen] == [500, 400, 300, 200, 100]
