"""What becomes of an authorization: time, completions, clearing, refunds, disputes and other currencies."""

import pytest

from authz.kernel.accounts.conversion import conversion_rate, converted
from authz.program.compilation import compiled_program
from authz.program.document import ProgramDocument
from authz.state.tables import Counter
from authz.vocabulary.commands import NO_LIMIT, CardholderVerification, Flag, Kind, Operation
from authz.vocabulary.exception_reasons import ExceptionReason
from authz.vocabulary.layouts import joined
from authz.vocabulary.reasons import ANSWERS, Reason
from tests.authz.bank import HOUR_US, Bank
from tests.authz.commands import EUR, NOW_US, USD, command, referring, refund, reversal, set_account, tap

JPY, KWD, GBP = 392, 414, 826
DOCUMENT = {
    "categories": [
        {"first": "0000", "last": "9999", "group": "other", "hold_hours": 168},
        {"first": "5542", "last": "5542", "group": "fuel", "hold_hours": 2},
        {"first": "7011", "last": "7011", "group": "lodging", "hold_hours": 744, "tolerance_percent": 15},
    ],
    "rates": {"base": "EUR", "per_base": {"USD": "1.08", "JPY": "163.5", "KWD": "0.332", "GBP": "0.85"}},
}
PROGRAM = compiled_program(ProgramDocument.model_validate(DOCUMENT), version=3)


@pytest.fixture
def bank():
    """An account of 1000.00 EUR with a card and a token."""
    return Bank(**DOCUMENT)


@pytest.mark.parametrize(("category", "hours"), [(5542, 2), (5814, 168), (7011, 744)])
def test_a_hold_ends_with_the_hour_in_which_its_time_is_up(bank, category, hours):
    """By merchant category; never early, and at the latest an hour later."""
    bank.send(tap(1, 1_250, merchant_category=category))
    bank.pass_time(hours)
    assert bank.held == 1_250
    bank.pass_time(hours + 1)
    assert bank.held == 0
    assert bank.send(referring(Kind.FINANCIAL_REQUEST, tap(1))) is Reason.AUTHORIZATION_CLOSED
    assert bank.send(referring(Kind.FINANCIAL_ADVICE, tap(1), stan=600_000)) is Reason.APPROVED
    assert (bank.held, bank.posted) == (0, 1_250)


def test_many_holds_end_in_their_own_hours_over_a_long_silence(bank):
    """Holds of three lengths over weeks: each is released once, also where nothing happens for two months."""
    for number in range(1, 60):
        bank.send(tap(number, 10, merchant_category=(5542, 5814, 7011)[number % 3], time_us=NOW_US + number * HOUR_US))
    fuel = [number for number in range(1, 60) if number % 3 == 0 and number + 2 >= 59]
    assert bank.held == 10 * (len(fuel) + 40)
    bank.pass_time(60 + 168)
    assert bank.held == 10 * 20
    bank.pass_time(2_000)
    assert bank.held == 0


def test_an_increment_adds_and_begins_the_time_anew(bank):
    """A fuel hold that grew after an hour ends two hours after that."""
    first = tap(1, 1_000, merchant_category=5542, flags=Flag.PREAUTHORIZATION)
    bank.send(first)
    more = referring(Kind.AUTHORIZATION_REQUEST, first, amount_minor=500, time_us=NOW_US + HOUR_US + 1)
    assert bank.send(more) is Reason.APPROVED
    assert bank.held == 1_500
    bank.pass_time(3)
    assert bank.held == 1_500
    bank.pass_time(4)
    assert bank.held == 0


@pytest.mark.parametrize(
    ("amount", "reason", "posted"),
    [
        (8_000, Reason.APPROVED, 8_000),
        (10_000, Reason.APPROVED, 10_000),
        (11_500, Reason.APPROVED, 11_500),
        (11_501, Reason.EXCEEDS_AUTHORIZED_AMOUNT, 0),
    ],
)
def test_completions_within_tolerance(bank, amount, reason, posted):
    """Less, equal, more within the category's tolerance, and beyond it."""
    stay = tap(1, 10_000, merchant_category=7011, flags=Flag.PREAUTHORIZATION)
    bank.send(stay)
    assert bank.send(referring(Kind.FINANCIAL_REQUEST, stay, amount_minor=amount)) is reason
    assert (bank.held, bank.posted) == ((0, posted) if posted else (10_000, 0))


def test_several_completions(bank):
    """Each takes its part of the hold; the last one frees the rest."""
    order = tap(1, 10_000)
    bank.send(order)
    flags = Flag.HAS_ORIGINAL | Flag.MORE_FOLLOWS
    bank.send(referring(Kind.FINANCIAL_ADVICE, order, amount_minor=3_000, flags=flags, stan=11))
    assert (bank.held, bank.posted) == (7_000, 3_000)
    bank.send(referring(Kind.FINANCIAL_ADVICE, order, amount_minor=2_000, flags=flags, stan=12))
    bank.send(referring(Kind.FINANCIAL_ADVICE, order, amount_minor=2_000, flags=flags, stan=12))
    assert (bank.held, bank.posted) == (5_000, 5_000)
    bank.send(referring(Kind.FINANCIAL_ADVICE, order, amount_minor=1_000, stan=13))
    assert (bank.held, bank.posted) == (0, 6_000)


def test_clearing_finds_its_authorization_by_trace(bank):
    """A posting under the trace of an authorization completes it; without one it is posted all the same."""
    bank.send(tap(1, 10_000))
    assert bank.send(tap(1, 9_000, kind=Kind.FINANCIAL_ADVICE)) is Reason.APPROVED
    assert (bank.held, bank.posted) == (0, 9_000)
    assert bank.send(tap(2, 150_000, kind=Kind.FINANCIAL_ADVICE)) is Reason.APPROVED
    assert bank.posted == 159_000
    assert bank.result["available_minor"] == 100_000 - 159_000


def test_a_balance_and_a_verification_hold_nothing(bank):
    """Both pass every check of the card."""
    assert bank.send(tap(1, 0, operation=Operation.BALANCE_INQUIRY)) is Reason.APPROVED
    assert bank.result["available_minor"] == 100_000
    assert bank.send(tap(2, 0)) is Reason.VERIFIED
    assert bank.send(tap(3, 5, operation=Operation.BALANCE_INQUIRY)) is Reason.INVALID_AMOUNT
    assert bank.held == 0


@pytest.mark.parametrize(
    ("cash", "reason"), [(0, Reason.INVALID_AMOUNT), (2_000, Reason.APPROVED), (5_001, Reason.INVALID_AMOUNT)]
)
def test_cash_back_is_part_of_the_amount(bank, cash, reason):
    """More than nothing and no more than the whole."""
    verified = {"cardholder_verification": CardholderVerification.DEVICE}
    made = tap(1, 5_000, operation=Operation.PURCHASE_WITH_CASH_BACK, cash_minor=cash, **verified)
    assert bank.send(made) is reason


def test_refunds_give_back_what_was_paid_and_no_more(bank):
    """In parts, up to the purchase; an advice of a refund is acknowledged, and gives back nothing more."""
    sale = tap(1, 10_000, kind=Kind.FINANCIAL_REQUEST)
    bank.send(sale)
    assert bank.send(refund(sale, amount_minor=6_000, stan=11)) is Reason.APPROVED
    assert bank.send(refund(sale, amount_minor=4_001, stan=12)) is Reason.EXCEEDS_REMAINDER
    assert bank.send(refund(sale, amount_minor=4_000, stan=13)) is Reason.APPROVED
    assert bank.posted == 0
    assert bank.send(refund(sale, amount_minor=1, stan=14, kind=Kind.FINANCIAL_ADVICE)) is Reason.APPROVED
    assert (bank.posted, int(bank.result["exception"])) == (0, ExceptionReason.BEYOND_REMAINDER)


def test_a_reversed_refund_is_owed_again(bank):
    """And can be given back once more."""
    sale = tap(1, 10_000, kind=Kind.FINANCIAL_REQUEST)
    bank.send(sale)
    back = refund(sale, stan=11)
    bank.send(back)
    assert bank.send(reversal(back, stan=12)) is Reason.APPROVED
    assert bank.posted == 10_000
    assert bank.send(refund(sale, stan=13)) is Reason.APPROVED


def test_chargebacks_and_representments(bank):
    """What is charged back is given back; presented again, it is owed again; never more than was posted."""
    bank.send(tap(1, 10_000, kind=Kind.FINANCIAL_REQUEST))
    reference = int(bank.result["sequence"])

    def dispute(kind, amount):
        return bank.send(command(kind, decision=reference, amount_minor=amount, account_id=7))

    assert dispute(Kind.REPRESENTMENT, 1) is Reason.EXCEEDS_REMAINDER
    assert dispute(Kind.CHARGEBACK, 7_000) is Reason.APPROVED
    assert bank.posted == 3_000
    assert dispute(Kind.CHARGEBACK, 3_001) is Reason.EXCEEDS_REMAINDER
    assert dispute(Kind.REPRESENTMENT, 5_000) is Reason.APPROVED
    assert bank.posted == 8_000
    assert dispute(Kind.CHARGEBACK, 0) is Reason.INVALID_AMOUNT
    reference = 1
    assert dispute(Kind.CHARGEBACK, 1) is Reason.MISSING_ORIGINAL_AUTHORIZATION
    rows = bank.state.transactions[: int(bank.state.counters[Counter.TRANSACTIONS])]
    assert rows["posted_minor"].sum() == bank.posted


@pytest.mark.parametrize(
    ("currency", "amount", "billing", "rate"),
    [
        (EUR, 1_000, 1_000, 0),
        (USD, 1_080, 1_000, 7_9259259),
        (USD, 1, 1, 7_9259259),
        (JPY, 1_635, 1_000, 9_6116208),
        (KWD, 1_000, 301, 6_3012048),
        (GBP, 999_999, 1_176_470, 6_1176471),
    ],
)
def test_conversion(currency, amount, billing, rate):
    """To euro, with the exponents of both currencies, rounded half away from zero; the rate as DE 10 carries it."""
    found = conversion_rate(PROGRAM, currency, EUR)
    assert found == rate
    assert converted(PROGRAM, amount, found, currency, EUR) == billing


def test_conversion_rounds_halves_up_and_never_overflows():
    """Exact halves go away from zero; the greatest amounts stay below a bound."""
    halves = compiled_program(
        ProgramDocument.model_validate({"rates": {"base": "EUR", "per_base": {"USD": "2", "KWD": "0.0000001"}}}), 1
    )
    rate = conversion_rate(halves, USD, EUR)
    assert [converted(halves, amount, rate, USD, EUR) for amount in (1, 2, 3, 5)] == [1, 1, 2, 3]
    greatest = converted(halves, 10**12 - 1, conversion_rate(halves, EUR, USD), EUR, USD)
    assert greatest == 2 * (10**12 - 1)


def test_a_purchase_in_another_currency(bank):
    """Held in the account's currency; declined where there is no rate; reversed to nothing."""
    trip = tap(1, 10_800, currency=USD, signed_currency=USD)
    assert bank.send(trip) is Reason.APPROVED
    assert (bank.held, int(bank.result["billing_minor"]), int(bank.result["conversion_rate"])) == (
        10_000,
        10_000,
        7_9259259,
    )
    assert bank.send(reversal(trip, remaining=5_400, stan=9)) is Reason.APPROVED
    assert bank.held == 5_000
    assert bank.send(reversal(trip, remaining=0, stan=10)) is Reason.APPROVED
    assert bank.held == 0
    assert bank.send(tap(2, 1, currency=756, signed_currency=756)) is Reason.CURRENCY_NOT_SUPPORTED
    assert bank.result["program_version"] == 1


def test_a_part_is_approved_in_the_terminals_currency(bank):
    """The greatest part that the credit covers, also across currencies."""
    bank.send(tap(1, 50_000))
    bank.send(tap(2, 45_000))
    assert bank.send(tap(3, 10_000, currency=USD, signed_currency=USD, flags=Flag.PARTIAL_APPROVAL)) is (
        Reason.PARTIALLY_APPROVED
    )
    assert (int(bank.result["approved_minor"]), int(bank.result["billing_minor"])) == (5_400, 5_000)
    assert bank.held == 100_000
    assert bank.send(tap(4, 1, flags=Flag.PARTIAL_APPROVAL)) is Reason.INSUFFICIENT_FUNDS


def test_traces_survive_growth(bank):
    """After the table has grown, every message is still found by its trace."""
    taps = [tap(number, 1, kind=Kind.AUTHORIZATION_REQUEST) for number in range(1, 200)]
    for message in taps:
        assert bank.send(message) is Reason.APPROVED
    bank.send(joined([reversal(message) for message in taps]))
    assert bank.held == 0


@pytest.mark.parametrize(
    ("limit", "flags", "reason", "approved"),
    [
        (NO_LIMIT, Flag.PARTIAL_APPROVAL, Reason.PARTIALLY_APPROVED, 3_000),
        (NO_LIMIT, 0, Reason.INSUFFICIENT_FUNDS, 0),
        (4_999, Flag.PARTIAL_APPROVAL, Reason.EXCEEDS_LIMIT, 0),
        (5_000, Flag.PARTIAL_APPROVAL, Reason.PARTIALLY_APPROVED, 3_000),
        (0, 0, Reason.EXCEEDS_LIMIT, 0),
    ],
)
def test_an_account_without_a_limit_of_its_own(bank, limit, flags, reason, approved):
    """50.00 on an account of 30.00: only a limit that somebody set answers before the available credit does."""
    bank.send(set_account(4, limit_minor=3_000, transaction_limit_minor=limit))
    assert bank.send(tap(1, 5_000, flags=flags)) is reason
    assert int(bank.result["approved_minor"]) == bank.held == approved


def completed(bank, amount, *, more_follows=False, tap_amount=10_000):
    """An authorization and a completion of it, both as they were sent."""
    authorization = tap(1, tap_amount)
    flags = Flag.HAS_ORIGINAL | (Flag.MORE_FOLLOWS if more_follows else 0)
    completion = referring(Kind.FINANCIAL_ADVICE, authorization, amount_minor=amount, flags=flags, stan=100)
    assert [bank.send(authorization), bank.send(completion)] == [Reason.APPROVED] * 2
    return authorization, completion


@pytest.mark.parametrize("kind", [Kind.REVERSAL_REQUEST, Kind.REVERSAL_ADVICE])
@pytest.mark.parametrize("values", [{}, {"replacement_minor": 100, "flags": Flag.HAS_ORIGINAL | Flag.HAS_REPLACEMENT}])
def test_a_completed_authorization_has_nothing_to_reverse(bank, kind, values):
    """DE 39 = 21: no action was taken. What was posted goes back by a refund, or by the reversal of the completion."""
    authorization, completion = completed(bank, 9_000)
    assert bank.send(referring(kind, authorization, stan=101, **values)) is Reason.NOTHING_TO_REVERSE
    assert ANSWERS[Reason.NOTHING_TO_REVERSE].response_code == "21"
    assert (bank.held, bank.posted) == (0, 9_000)
    assert bank.send(referring(kind, completion, stan=102)) is Reason.APPROVED
    assert (bank.held, bank.posted) == (0, 0)
    assert bank.send(referring(kind, authorization, stan=103)) is Reason.APPROVED


def test_a_reversal_leaves_what_was_completed(bank):
    """After one of several completions only the rest of the hold is freed; then nothing is left to reverse."""
    authorization, _ = completed(bank, 4_000, more_follows=True)
    assert bank.send(reversal(authorization, stan=101)) is Reason.APPROVED
    assert int(bank.result["billing_minor"]) == 6_000
    assert (bank.held, bank.posted) == (0, 4_000)
    assert bank.send(reversal(authorization, stan=102, amount_minor=0)) is Reason.NOTHING_TO_REVERSE


def test_limits_remember_what_was_completed(bank):
    """An authorization that is reversed after a part of it was posted does not give that part's room back."""
    bank.use(**DOCUMENT, limits=[{"id": "day", "window": "day", "amount_max": 10_000, "currency": "EUR"}])
    authorization, _ = completed(bank, 9_000, more_follows=True)
    bank.send(reversal(authorization, stan=101))
    assert bank.send(tap(2, 1_001)) is Reason.EXCEEDS_LIMIT
    assert bank.send(tap(3, 1_000)) is Reason.APPROVED


def test_an_increment_of_a_completed_authorization(bank):
    """Its reversal finds nothing; after a part was completed, it frees no more than what is beyond that part."""
    authorization = tap(1, 1_000)
    increment = referring(Kind.AUTHORIZATION_REQUEST, authorization, amount_minor=500, stan=2)
    flags = Flag.HAS_ORIGINAL | Flag.MORE_FOLLOWS
    part = referring(Kind.FINANCIAL_ADVICE, authorization, amount_minor=1_200, flags=flags, stan=3)
    assert [bank.send(each) for each in (authorization, increment, part)] == [Reason.APPROVED] * 3
    assert bank.send(reversal(increment, stan=4)) is Reason.APPROVED
    assert (bank.held, bank.posted, int(bank.result["billing_minor"])) == (0, 1_200, 300)
    other = tap(5, 1_000)
    more = referring(Kind.AUTHORIZATION_REQUEST, other, amount_minor=500, stan=6)
    whole = referring(Kind.FINANCIAL_ADVICE, other, amount_minor=1_500, stan=7)
    assert [bank.send(each) for each in (other, more, whole)] == [Reason.APPROVED] * 3
    assert bank.send(reversal(more, stan=8)) is Reason.NOTHING_TO_REVERSE


def test_reversals_of_what_is_over(bank):
    """An expired hold and one that was reversed: accepted, and nothing changes. A declined one is not there."""
    expired, undone, declined = tap(1, 1_000, merchant_category=5542), tap(2, 1_000), tap(3, 99_999)
    assert [bank.send(each) for each in (expired, undone)] == [Reason.APPROVED] * 2
    assert bank.send(declined) is Reason.EXCEEDS_LIMIT
    assert [bank.send(reversal(undone, stan=4)), bank.send(reversal(undone, stan=5))] == [Reason.APPROVED] * 2
    bank.pass_time(4)
    assert bank.held == 0
    assert bank.send(reversal(expired, stan=6, time_us=NOW_US + 4 * HOUR_US)) is Reason.APPROVED
    assert bank.send(reversal(declined, stan=7)) is Reason.MISSING_ORIGINAL_AUTHORIZATION
    assert (bank.held, bank.posted) == (0, 0)


def test_nothing_is_given_back_twice(bank):
    """By reversal, refund and chargeback together no more than was paid; a completion and its hold are one purchase."""
    paid = tap(1, 1_000, kind=Kind.FINANCIAL_REQUEST)
    bank.send(paid)
    sequence = int(bank.result["sequence"])
    assert bank.send(reversal(paid, remaining=600, stan=2)) is Reason.APPROVED
    assert bank.send(refund(paid, amount_minor=601, stan=3)) is Reason.EXCEEDS_REMAINDER
    assert bank.send(refund(paid, amount_minor=500, stan=4)) is Reason.APPROVED
    assert bank.send(reversal(paid, stan=5)) is Reason.EXCEEDS_REMAINDER
    chargeback = command(Kind.CHARGEBACK, account_id=7, decision=sequence, amount_minor=101)
    assert bank.send(chargeback) is Reason.EXCEEDS_REMAINDER
    chargeback["amount_minor"] = 100
    assert bank.send(chargeback) is Reason.APPROVED
    assert bank.send(reversal(paid, stan=6)) is Reason.NOTHING_TO_REVERSE
    assert bank.posted == 0


@pytest.mark.parametrize("first_names_the_hold", [True, False])
def test_a_refund_of_a_completion_or_of_its_authorization(bank, first_names_the_hold):
    """Whichever is named, what was given back counts for both, and so does taking the refund back."""
    pair = completed(bank, 9_000)
    named, other = pair if first_names_the_hold else pair[::-1]
    given = refund(named, amount_minor=9_000, stan=101)
    assert bank.send(given) is Reason.APPROVED
    assert bank.send(refund(other, amount_minor=1, stan=102)) is Reason.EXCEEDS_REMAINDER
    assert bank.send(reversal(pair[1], stan=103)) is Reason.NOTHING_TO_REVERSE
    assert bank.send(reversal(given, stan=104)) is Reason.APPROVED
    assert bank.send(refund(other, amount_minor=9_000, stan=105)) is Reason.APPROVED
    assert bank.posted == 0


def test_a_representment_is_not_charged_back(bank):
    """What is disputed again is the purchase, so that nothing is counted twice."""
    bank.send(tap(1, 1_000, kind=Kind.FINANCIAL_REQUEST))
    paid = int(bank.result["sequence"])
    dispute = {"account_id": 7, "amount_minor": 1_000}
    assert bank.send(command(Kind.CHARGEBACK, decision=paid, **dispute)) is Reason.APPROVED
    assert bank.send(command(Kind.REPRESENTMENT, decision=paid, **dispute)) is Reason.APPROVED
    again = int(bank.result["sequence"])
    assert bank.send(command(Kind.CHARGEBACK, decision=again, **dispute)) is Reason.MISSING_ORIGINAL_AUTHORIZATION
    assert bank.send(command(Kind.CHARGEBACK, decision=paid, **dispute)) is Reason.APPROVED
    assert bank.posted == 0


@pytest.mark.parametrize("kind", [Kind.CHARGEBACK, Kind.REPRESENTMENT])
def test_a_dispute_belongs_to_its_purchase(kind):
    """Its row says which."""
    bank = Bank()
    bank.send(tap(1, 500))
    assert bank.send(tap(2, 1_000, kind=Kind.FINANCIAL_REQUEST)) is Reason.APPROVED
    told = {"account_id": 7, "decision": int(bank.result["sequence"]), "amount_minor": 1_000}
    for each in dict.fromkeys((Kind.CHARGEBACK, kind)):
        assert bank.send(command(each, **told)) is Reason.APPROVED
    count = int(bank.state.counters[Counter.TRANSACTIONS])
    assert bank.state.transactions["original"][2:count].tolist() == [2] * (count - 2)


def test_a_result_names_what_its_transaction_is_about(bank):
    """Increment, completion, refund, reversal and dispute tell which earlier decision they follow; others none."""

    def original_of(message, reason=Reason.APPROVED):
        assert bank.send(message) is reason
        return int(bank.result["original"])

    def sequence():
        return int(bank.result["sequence"])

    held, sale = tap(1, 1_000), tap(3, 700, kind=Kind.FINANCIAL_REQUEST)
    assert original_of(held) == 0
    first = sequence()
    assert original_of(referring(Kind.AUTHORIZATION_REQUEST, held, amount_minor=200)) == first
    completion = referring(Kind.FINANCIAL_ADVICE, held, amount_minor=1_200, stan=600_001)
    assert original_of(completion) == first
    completed = sequence()
    assert original_of(refund(completion, amount_minor=100, stan=600_002)) == completed
    assert original_of(sale) == 0
    sold = sequence()
    assert original_of(reversal(sale, remaining=500)) == sold
    assert original_of(command(Kind.CHARGEBACK, account_id=7, decision=sold, amount_minor=100)) == sold
    assert original_of(command(Kind.REPRESENTMENT, account_id=7, decision=sold, amount_minor=50)) == sold
    assert original_of(tap(4, 10)) == 0
    assert original_of(reversal(tap(9, 10)), Reason.MISSING_ORIGINAL_AUTHORIZATION) == 0
    assert original_of(command(Kind.PASS_TIME, time_us=NOW_US + HOUR_US)) == 0
