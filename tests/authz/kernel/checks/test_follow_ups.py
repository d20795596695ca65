"""Every cell of the table of follow-ups: what must be equal, what is bounded, what is free, in both passes."""

import pytest

from authz.state.tables import Counter
from authz.vocabulary.commands import CardholderVerification, Flag, Kind, Operation
from authz.vocabulary.follow_ups import REFUSED_FOR, RULES, FollowUp, Rule, SharedField
from authz.vocabulary.reasons import Reason
from tests.authz.bank import Bank
from tests.authz.commands import EUR, USD, command, referring, refund, reversal, set_token, tap

JPY = 392
RATES = {"base": "EUR", "per_base": {"USD": "1.08", "JPY": "163.5"}}
TOLERANT = [{"first": "5814", "last": "5814", "group": "food", "tolerance_percent": 20}]
AMOUNT = 10_000

ALTERED = {
    SharedField.TOKEN: {"token_pan": 701},
    SharedField.OPERATION: {"operation": Operation.CASH, "cardholder_verification": CardholderVerification.PIN},
    SharedField.ACQUIRER: {"acquirer": 54321},
    SharedField.TERMINAL: {"terminal": b"TERM0002"},
    SharedField.MERCHANT: {"merchant_key": 78},
    SharedField.CURRENCY: {"currency": USD, "signed_currency": USD},
}
ADVICES = (FollowUp.INCREMENT_ADVICE, FollowUp.COMPLETION_ADVICE, FollowUp.REFUND_ADVICE)
REFUNDS = (FollowUp.REFUND_REQUEST, FollowUp.REFUND_ADVICE)
TAKE_BACK = (FollowUp.REVERSAL, FollowUp.PARTIAL_REVERSAL)
REFUSABLE = tuple(each for each in FollowUp if each < FollowUp.INCREMENT_ADVICE)


def paid(follow_up):
    """What is followed: a sale for refunds, else an authorization."""
    kind = Kind.FINANCIAL_REQUEST if follow_up in REFUNDS else Kind.AUTHORIZATION_REQUEST
    return tap(1, AMOUNT, kind=kind, merchant_key=77)


def following(follow_up, original, **values):
    """A follow-up that says all that its original said; values: what it says otherwise."""
    values = {"merchant_key": 77} | values
    match follow_up:
        case FollowUp.INCREMENT:
            return referring(Kind.AUTHORIZATION_REQUEST, original, **values)
        case FollowUp.COMPLETION_REQUEST:
            return referring(Kind.FINANCIAL_REQUEST, original, **values)
        case FollowUp.REFUND_REQUEST:
            return refund(original, **values)
        case FollowUp.REVERSAL:
            return reversal(original, **values)
        case FollowUp.PARTIAL_REVERSAL:
            return reversal(original, remaining=values.pop("replacement_minor", 4_000), **values)
        case FollowUp.INCREMENT_ADVICE:
            return referring(Kind.AUTHORIZATION_ADVICE, original, **values)
        case FollowUp.COMPLETION_ADVICE:
            return referring(Kind.FINANCIAL_ADVICE, original, **values)
        case FollowUp.REFUND_ADVICE:
            return refund(original, kind=Kind.FINANCIAL_ADVICE, **values)
    raise AssertionError(follow_up)


def a_bank(original):
    """A bank that has approved the original, and knows a second token of the same card."""
    bank = Bank(rates=RATES, categories=TOLERANT)
    bank.send(set_token(4, 701))
    assert bank.send(original) is Reason.APPROVED
    return bank


def cells(follow_ups, *rules):
    """The cells of some rows that have one of these rules, but for amounts, which are tried one by one."""
    return [
        (follow_up, field)
        for follow_up in follow_ups
        for field in ALTERED
        if RULES[follow_up][field] in rules and not (field is SharedField.OPERATION and follow_up in REFUNDS)
    ]


@pytest.mark.parametrize("follow_up", [*REFUSABLE, *ADVICES])
def test_a_follow_up_that_says_the_same_is_taken(follow_up):
    """So that what is refused below is refused for the one thing that differs."""
    original = paid(follow_up)
    bank = a_bank(original)
    assert bank.send(following(follow_up, original)) is Reason.APPROVED
    assert is_linked(bank, follow_up)


def is_linked(bank, follow_up):
    """Whether the original has changed by what followed it."""
    entry = bank.state.transactions[0]
    if follow_up in REFUNDS:
        return entry["given_back_minor"] != 0
    return entry["held_minor"] != AMOUNT


@pytest.mark.parametrize(("follow_up", "field"), cells(REFUSABLE, Rule.EQUAL))
def test_what_must_be_equal_and_is_not_is_refused(follow_up, field):
    """For the field's own reason; nothing is held, posted or released."""
    original = paid(follow_up)
    bank = a_bank(original)
    before = bank.held, bank.posted
    assert bank.send(following(follow_up, original, **ALTERED[field])) is REFUSED_FOR[field]
    assert (bank.held, bank.posted) == before
    assert not is_linked(bank, follow_up)


@pytest.mark.parametrize(("follow_up", "field"), cells(REFUSABLE, Rule.FREE))
def test_what_is_free_may_differ(follow_up, field):
    """Another terminal completes, another kind of transaction is taken back."""
    original = paid(follow_up)
    bank = a_bank(original)
    assert bank.send(following(follow_up, original, **ALTERED[field])) is Reason.APPROVED
    assert is_linked(bank, follow_up)


@pytest.mark.parametrize("follow_up", ADVICES)
def test_an_advice_of_another_acquirers_message_is_refused(follow_up):
    """Nobody completes, adds to or refunds what another acquirer's terminals have sold; nothing is taken on its own."""
    original = paid(follow_up)
    bank = a_bank(original)
    before = bank.held, bank.posted
    altered = following(follow_up, original, **ALTERED[SharedField.ACQUIRER])
    assert bank.send(altered) is REFUSED_FOR[SharedField.ACQUIRER]
    assert (bank.held, bank.posted) == before


@pytest.mark.parametrize(
    ("follow_up", "field"), [cell for cell in cells(ADVICES, Rule.EQUAL) if cell[1] is not SharedField.ACQUIRER]
)
def test_an_advice_that_differs_is_taken_on_its_own(follow_up, field):
    """Its money has moved already, but what it names is not its original: that stays as it was."""
    original = paid(follow_up)
    bank = a_bank(original)
    before = bank.held, bank.posted
    assert bank.send(following(follow_up, original, **ALTERED[field])) is Reason.APPROVED
    assert not is_linked(bank, follow_up)
    assert (bank.held, bank.posted) != before


@pytest.mark.parametrize(("follow_up", "field"), cells(ADVICES, Rule.FREE))
def test_an_advice_may_differ_where_it_is_free(follow_up, field):
    """It belongs to its original all the same."""
    original = paid(follow_up)
    bank = a_bank(original)
    assert bank.send(following(follow_up, original, **ALTERED[field])) is Reason.APPROVED
    assert is_linked(bank, follow_up)


AMOUNTS = [
    (FollowUp.INCREMENT, 1, Reason.APPROVED),
    (FollowUp.INCREMENT, 40_000, Reason.APPROVED),
    (FollowUp.COMPLETION_REQUEST, 12_000, Reason.APPROVED),
    (FollowUp.COMPLETION_REQUEST, 12_001, Reason.EXCEEDS_AUTHORIZED_AMOUNT),
    (FollowUp.REFUND_REQUEST, 10_000, Reason.APPROVED),
    (FollowUp.REFUND_REQUEST, 10_001, Reason.EXCEEDS_REMAINDER),
    (FollowUp.REVERSAL, 10_000, Reason.APPROVED),
    (FollowUp.REVERSAL, 9_999, Reason.ORIGINAL_AMOUNT_MISMATCH),
    (FollowUp.REVERSAL, 10_001, Reason.ORIGINAL_AMOUNT_MISMATCH),
    (FollowUp.PARTIAL_REVERSAL, 10_000, Reason.APPROVED),
    (FollowUp.PARTIAL_REVERSAL, 9_999, Reason.ORIGINAL_AMOUNT_MISMATCH),
    (FollowUp.PARTIAL_REVERSAL, 10_001, Reason.ORIGINAL_AMOUNT_MISMATCH),
    (FollowUp.INCREMENT_ADVICE, 90_000, Reason.APPROVED),
    (FollowUp.COMPLETION_ADVICE, 90_000, Reason.APPROVED),
    (FollowUp.REFUND_ADVICE, 90_000, Reason.APPROVED),
]


@pytest.mark.parametrize(("follow_up", "amount", "reason"), AMOUNTS)
def test_amounts(follow_up, amount, reason):
    """Equal, or at the bound and one beyond; what is free is bounded by nothing of its original's."""
    original = paid(follow_up)
    bank = a_bank(original)
    assert bank.send(following(follow_up, original, amount_minor=amount)) is reason


def test_every_row_has_its_amounts_tried():
    """A row that is added to the table must be added here, and what is not equal or bounded must be free."""
    assert {follow_up for follow_up, _, _ in AMOUNTS} == {*REFUSABLE, *ADVICES}
    assert set(RULES) == set(FollowUp)
    assert {len(rules) for rules in RULES.values()} == {len(SharedField)}


@pytest.mark.parametrize(
    ("remaining", "reason"),
    [(0, Reason.APPROVED), (AMOUNT, Reason.APPROVED), (AMOUNT + 1, Reason.ORIGINAL_AMOUNT_MISMATCH)],
)
@pytest.mark.parametrize("issuer_is_down", [False, True])
def test_what_remains_is_bounded(remaining, reason, issuer_is_down):
    """By what there was."""
    original = paid(FollowUp.PARTIAL_REVERSAL)
    bank = a_bank(original)
    bank.send(command(Kind.SWITCH_ISSUER, is_down=int(issuer_is_down)))
    assert bank.send(following(FollowUp.PARTIAL_REVERSAL, original, replacement_minor=remaining)) is reason


@pytest.mark.parametrize("came_during_the_outage", [False, True])
@pytest.mark.parametrize("kind", [Kind.REVERSAL_REQUEST, Kind.REVERSAL_ADVICE])
@pytest.mark.parametrize(
    ("follow_up", "field"), [cell for cell in cells(TAKE_BACK, Rule.EQUAL) if cell[1] is not SharedField.TOKEN]
)
def test_stand_in_refuses_a_reversal_that_differs(follow_up, field, kind, came_during_the_outage):
    """It remembers what was approved, by itself or before; nothing is kept for the issuer."""
    original = tap(1, 1_000, merchant_key=77)
    bank = Bank(rates=RATES)
    bank.send(command(Kind.SWITCH_ISSUER, is_down=int(came_during_the_outage)))
    assert bank.send(original) is Reason.APPROVED
    bank.send(command(Kind.SWITCH_ISSUER, is_down=1))
    stored = int(bank.state.counters[Counter.STORED_ADVICES])
    altered = following(follow_up, original, replacement_minor=400, **ALTERED[field])
    altered["kind"] = kind
    assert bank.send(altered) is REFUSED_FOR[field]
    assert int(bank.state.counters[Counter.STORED_ADVICES]) == stored
    right = following(follow_up, original, replacement_minor=400)
    right["kind"] = kind
    assert bank.send(right) is Reason.APPROVED
    assert int(bank.state.counters[Counter.STORED_ADVICES]) == stored + 1


def test_stand_in_takes_a_reversal_of_what_it_does_not_know():
    """What it did not approve, or never saw, is the issuer's to judge."""
    bank = Bank()
    bank.send(command(Kind.SWITCH_ISSUER, is_down=1))
    assert bank.send(reversal(tap(1, 1_000))) is Reason.APPROVED


@pytest.mark.parametrize("kind", [Kind.REVERSAL_REQUEST, Kind.REVERSAL_ADVICE])
def test_a_reversal_in_yen_does_not_release_euros(kind):
    """2000 JPY is not 20.00 EUR, though DE 4 reads the same."""
    original = tap(1, 2_000)
    bank = a_bank(original)
    yen = reversal(original, currency=JPY)
    yen["kind"] = kind
    assert bank.send(yen) is Reason.ORIGINAL_CURRENCY_MISMATCH
    assert bank.held == 2_000


def test_a_reversal_of_what_was_approved_in_part():
    """Names what was asked for, or what was approved of it; nothing in between."""
    bank = a_bank(tap(9, 40_000))
    bank.send(tap(8, 45_000))
    asked = tap(1, 20_000, flags=Flag.PARTIAL_APPROVAL)
    assert bank.send(asked) is Reason.PARTIALLY_APPROVED
    assert bank.send(reversal(asked, amount_minor=17_000, stan=2)) is Reason.ORIGINAL_AMOUNT_MISMATCH
    assert bank.send(reversal(asked, amount_minor=15_000, stan=3)) is Reason.APPROVED
    assert bank.held == 85_000


@pytest.mark.parametrize("silent", ["original", "follow-up"])
def test_a_merchant_that_one_of_them_leaves_out_is_not_compared(silent):
    """DE 42 is optional, and a follow-up comes from the original's own terminal."""
    original = tap(1, AMOUNT, merchant_key=0 if silent == "original" else 77)
    bank = a_bank(original)
    told = following(FollowUp.REVERSAL, original, merchant_key=77 if silent == "original" else 0)
    assert bank.send(told) is Reason.APPROVED


@pytest.mark.parametrize("follow_up", [FollowUp.INCREMENT, FollowUp.COMPLETION_REQUEST, FollowUp.REFUND_REQUEST])
@pytest.mark.parametrize("is_its_terminal", [False, True])
def test_another_terminal_must_say_the_merchant(follow_up, is_its_terminal):
    """Else whoever shares an acquirer completes or refunds another merchant's payment by saying nothing of himself."""
    kind = Kind.FINANCIAL_REQUEST if follow_up is FollowUp.REFUND_REQUEST else Kind.AUTHORIZATION_REQUEST
    original = tap(1, AMOUNT, merchant_key=77, kind=kind)
    bank = a_bank(original)
    terminal = original["terminal"] if is_its_terminal else b"ANOTHER1"
    told = following(follow_up, original, merchant_key=0, terminal=terminal)
    assert bank.send(told) is (Reason.APPROVED if is_its_terminal else Reason.ORIGINAL_MERCHANT_MISMATCH)


@pytest.mark.parametrize("issuer_is_down", [False, True])
@pytest.mark.parametrize("field", [*ALTERED, SharedField.AMOUNT])
def test_a_repeat_must_say_the_same(field, issuer_is_down):
    """What is marked as a repeat and says something else is not answered from memory."""
    bank = Bank(rates=RATES)
    bank.send(set_token(4, 701))
    bank.send(command(Kind.SWITCH_ISSUER, is_down=int(issuer_is_down)))
    first = tap(1, 1_000, merchant_key=77)
    bank.send(first)
    sequence = int(bank.result["sequence"])
    again = tap(1, 1_000, merchant_key=77, flags=Flag.REPEAT)
    assert bank.send(again) is Reason.APPROVED
    assert bank.result["sequence"] == sequence
    amount = {"amount_minor": 1_001, "signed_amount_minor": 1_001}
    for name, value in (ALTERED | {SharedField.AMOUNT: amount})[field].items():
        again[name] = value
    bank.send(again)
    assert bank.result["sequence"] != sequence


@pytest.mark.parametrize(
    "field",
    [field for field in ALTERED if RULES[FollowUp.TOLD_AGAIN][field] is Rule.FREE],
    ids=lambda field: field.name,
)
def test_a_reversal_told_again_moves_nothing(field):
    """Whatever else it says, it is answered from memory."""
    original = paid(FollowUp.PARTIAL_REVERSAL)
    bank = a_bank(original)
    first = following(FollowUp.PARTIAL_REVERSAL, original)
    assert bank.send(first) is Reason.APPROVED
    assert bank.held == 4_000
    again = following(FollowUp.PARTIAL_REVERSAL, original, replacement_minor=0, **ALTERED[field])
    assert bank.send(again) is Reason.APPROVED
    assert bank.held == 4_000


def test_what_was_approved_elsewhere_counts_in_its_own_currency():
    """An 0120 that overrules a decline brings amount and currency; a reversal in that currency then fits."""
    bank = Bank(rates=RATES)
    declined = tap(1, 60_000)
    assert bank.send(declined) is Reason.EXCEEDS_LIMIT
    told = tap(1, 1_080, kind=Kind.AUTHORIZATION_ADVICE, currency=USD)
    assert bank.send(told) is Reason.APPROVED
    assert bank.held == 1_000
    assert bank.send(reversal(declined, amount_minor=1_080, currency=EUR, stan=2)) is Reason.ORIGINAL_CURRENCY_MISMATCH
    assert bank.send(reversal(declined, amount_minor=1_080, currency=USD, stan=3)) is Reason.APPROVED
    assert bank.held == 0


@pytest.mark.parametrize("kind", [Kind.AUTHORIZATION_REQUEST, Kind.FINANCIAL_REQUEST])
def test_a_charge_is_neither_completed_nor_added_to(kind):
    """There is no hold that more could be added to or taken from."""
    sale = tap(1, 1_000, kind=Kind.FINANCIAL_REQUEST)
    bank = a_bank(sale)
    assert bank.send(referring(kind, sale, amount_minor=500)) is Reason.MISSING_ORIGINAL_AUTHORIZATION
    assert (bank.held, bank.posted) == (0, 1_000)


def test_an_advice_that_names_a_decline_is_a_purchase_of_its_own():
    """So limits count it, which they would not of a part of another purchase."""
    bank = Bank(limits=[{"id": "day", "window": "day", "amount_max": 10_000, "currency": "EUR"}])
    declined = tap(1, 10_001)
    assert bank.send(declined) is Reason.EXCEEDS_LIMIT
    assert bank.send(referring(Kind.FINANCIAL_ADVICE, declined, amount_minor=4_000)) is Reason.APPROVED
    assert bank.send(tap(2, 6_001)) is Reason.EXCEEDS_LIMIT
    assert bank.send(tap(3, 6_000)) is Reason.APPROVED
