"""The last value that is taken and the first that is not, check by check, as a terminal would meet them."""

import pytest

from authz.state.transaction_flags import TransactionFlag
from authz.vocabulary.commands import NO_LIMIT, CardholderVerification, Channel, Flag, Kind, Operation
from authz.vocabulary.reasons import Reason
from tests.authz.bank import HOUR_US, Bank
from tests.authz.commands import EUR, NOW_US, USD, command, referring, set_account, set_card, set_token, tap

JPY, VND = 392, 704
RATES = {"base": "EUR", "per_base": {"USD": "1.08", "JPY": "163.5"}}
DEVICE = {"cardholder_verification": CardholderVerification.DEVICE}
CASH_BACK = {"operation": Operation.PURCHASE_WITH_CASH_BACK, **DEVICE}
REMOTE, QR_CODE = Flag.SIGNED_FOR_REMOTE, Flag.SIGNED_FOR_QR_CODE
OPEN = {"signed_amount_minor": 0, "signed_currency": 0, "channel": Channel.QR_CODE}


@pytest.fixture
def bank():
    """An account of 1000.00 EUR whose token pays everywhere."""
    bank = Bank(rates=RATES)
    bank.send(set_token(4, channels=sum(1 << channel for channel in Channel)))
    return bank


@pytest.mark.parametrize(
    ("before", "counter", "reason"),
    [
        ([100], 37, Reason.APPROVED),
        ([99, 100, 164], 163, Reason.APPROVED),
        ([100], 36, Reason.REPLAYED_CRYPTOGRAM),
        ([100, 37], 37, Reason.REPLAYED_CRYPTOGRAM),
        ([100, 99], 98, Reason.APPROVED),
        ([1, 64], 1, Reason.REPLAYED_CRYPTOGRAM),
        ([1, 64], 2, Reason.APPROVED),
        ([1, 65], 2, Reason.APPROVED),
        ([10, 11, 74], 11, Reason.REPLAYED_CRYPTOGRAM),
        ([10, 11, 75], 12, Reason.APPROVED),
        ([1, 2, 900], 899, Reason.APPROVED),
        ([100, 90, 101], 90, Reason.REPLAYED_CRYPTOGRAM),
        ([100, 90, 101], 91, Reason.APPROVED),
        ([], 1_000, Reason.APPROVED),
        ([], 1_001, Reason.TRANSACTION_COUNTER_JUMP),
        ([1_001 - 1, 2_000], 3_001, Reason.TRANSACTION_COUNTER_JUMP),
        ([1_001 - 1, 2_000], 3_000, Reason.APPROVED),
    ],
)
def test_transaction_counters(bank, before, counter, reason):
    """Each once, at most 63 behind the highest and 1000 above it; late ones do not move the highest."""
    for number in before:
        assert bank.send(tap(number, 1)) is Reason.APPROVED
    assert bank.send(tap(counter, 1, stan=999_999)) is reason


@pytest.mark.parametrize(
    ("channel", "flags", "reason"),
    [
        (Channel.CONTACTLESS, 0, Reason.APPROVED),
        (Channel.CONTACTLESS, REMOTE, Reason.WRONG_ENTRY_MODE),
        (Channel.CONTACTLESS, QR_CODE, Reason.WRONG_ENTRY_MODE),
        (Channel.E_COMMERCE, REMOTE, Reason.APPROVED),
        (Channel.E_COMMERCE, 0, Reason.WRONG_ENTRY_MODE),
        (Channel.E_COMMERCE, QR_CODE, Reason.WRONG_ENTRY_MODE),
        (Channel.QR_CODE, QR_CODE, Reason.APPROVED),
        (Channel.QR_CODE, 0, Reason.WRONG_ENTRY_MODE),
        (Channel.QR_CODE, REMOTE, Reason.WRONG_ENTRY_MODE),
        (Channel.KEYED, 0, Reason.APPROVED),
    ],
)
def test_data_must_come_by_the_way_it_was_signed_for(bank, channel, flags, reason):
    """What a phone signed for an app is not read at a till, nor the other way round."""
    assert bank.send(tap(1, channel=channel, flags=flags)) is reason


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"flags": QR_CODE, **OPEN}, Reason.APPROVED),
        ({"flags": QR_CODE, **OPEN, "signed_amount_minor": 1}, Reason.CRYPTOGRAM_DATA_MISMATCH),
        ({"flags": QR_CODE, **OPEN, "signed_currency": EUR}, Reason.CRYPTOGRAM_DATA_MISMATCH),
        ({"flags": QR_CODE, **OPEN, "signed_amount_minor": 1_250}, Reason.CRYPTOGRAM_DATA_MISMATCH),
        ({"flags": REMOTE, **OPEN, "channel": Channel.E_COMMERCE}, Reason.CRYPTOGRAM_DATA_MISMATCH),
        ({**OPEN, "channel": Channel.CONTACTLESS}, Reason.CRYPTOGRAM_DATA_MISMATCH),
        ({"signed_amount_minor": 1_251}, Reason.CRYPTOGRAM_DATA_MISMATCH),
        ({"signed_currency": USD}, Reason.CRYPTOGRAM_DATA_MISMATCH),
    ],
)
def test_only_a_qr_code_may_leave_the_amount_open(bank, values, reason):
    """And then amount and currency both."""
    assert bank.send(tap(1, **values)) is reason


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"cash_minor": 0, **CASH_BACK}, Reason.INVALID_AMOUNT),
        ({"cash_minor": 1, **CASH_BACK}, Reason.APPROVED),
        ({"cash_minor": 1_250, **CASH_BACK}, Reason.APPROVED),
        ({"cash_minor": 1_251, **CASH_BACK}, Reason.INVALID_AMOUNT),
        ({"cash_minor": 1}, Reason.INVALID_AMOUNT),
        ({"amount": 1, "operation": Operation.BALANCE_INQUIRY}, Reason.INVALID_AMOUNT),
        ({"amount": 0, "operation": Operation.BALANCE_INQUIRY}, Reason.APPROVED),
        ({"amount": 1, "operation": Operation.CASH, "cardholder_verification": 1}, Reason.APPROVED),
        ({"amount": 0, "operation": Operation.CASH, "cardholder_verification": 1}, Reason.INVALID_AMOUNT),
    ],
)
def test_amounts_fit_their_operation(bank, values, reason):
    """Nothing for a balance, cash-back within the purchase, else more than nothing."""
    assert bank.send(tap(1, **values)) is reason


def test_a_follow_up_of_nothing_is_no_verification(bank):
    """Zero completes or adds nothing, one cent does; cash in either is none of a plain purchase."""
    stay = tap(1)
    bank.send(stay)
    for kind in (Kind.AUTHORIZATION_REQUEST, Kind.FINANCIAL_REQUEST):
        assert bank.send(referring(kind, stay, amount_minor=0, stan=int(kind))) is Reason.INVALID_AMOUNT
        cash = referring(kind, stay, amount_minor=1, cash_minor=1, stan=100 + int(kind))
        assert bank.send(cash) is Reason.INVALID_AMOUNT
        assert bank.send(referring(kind, stay, amount_minor=1, stan=200 + int(kind))) is Reason.APPROVED


@pytest.mark.parametrize(("amount", "reason"), [(3_000, Reason.APPROVED), (3_001, Reason.EXCEEDS_LIMIT)])
def test_an_increment_and_what_it_adds_to_are_one_transaction(bank, amount, reason):
    """To the account's limit for one; a completion counts only itself."""
    bank.send(set_account(5, transaction_limit_minor=5_000))
    stay = tap(1, 2_000)
    bank.send(stay)
    assert bank.send(referring(Kind.AUTHORIZATION_REQUEST, stay, amount_minor=amount, stan=2)) is reason


@pytest.mark.parametrize(
    ("amount", "values", "reason", "approved"),
    [
        (1_000, {}, Reason.APPROVED, 1_000),
        (1_001, {}, Reason.INSUFFICIENT_FUNDS, 0),
        (1_001, {"flags": Flag.PARTIAL_APPROVAL}, Reason.PARTIALLY_APPROVED, 1_000),
        (1_000, {"flags": Flag.PARTIAL_APPROVAL}, Reason.APPROVED, 1_000),
        (1_001, {"flags": Flag.PARTIAL_APPROVAL, "cash_minor": 1, **CASH_BACK}, Reason.INSUFFICIENT_FUNDS, 0),
        (0, {}, Reason.VERIFIED, 0),
        (0, {"operation": Operation.BALANCE_INQUIRY}, Reason.APPROVED, 0),
    ],
)
def test_the_last_ten_euros(bank, amount, values, reason, approved):
    """All of it, a part where the terminal takes one, and nothing of a purchase with cash."""
    bank.send(set_account(5, limit_minor=1_000))
    assert bank.send(tap(1, amount, **values)) is reason
    assert (int(bank.result["approved_minor"]), bank.held) == (approved, approved)


@pytest.mark.parametrize("spent", [1_000, 1_500])
def test_nothing_is_left(bank, spent):
    """No part of a purchase, but a verification and a balance all the same, at the limit and beyond it."""
    bank.send(tap(1, spent, kind=Kind.FINANCIAL_ADVICE))
    bank.send(set_account(5, limit_minor=1_000))
    assert bank.send(tap(2, 1, flags=Flag.PARTIAL_APPROVAL)) is Reason.INSUFFICIENT_FUNDS
    assert bank.send(tap(3, 0)) is Reason.VERIFIED
    assert bank.send(tap(4, 0, operation=Operation.BALANCE_INQUIRY)) is Reason.APPROVED
    assert int(bank.result["available_minor"]) == 1_000 - spent


def test_the_last_cent(bank):
    """May be spent as a part."""
    bank.send(set_account(5, limit_minor=1))
    assert bank.send(tap(1, 2, flags=Flag.PARTIAL_APPROVAL)) is Reason.PARTIALLY_APPROVED
    assert bank.held == 1


def test_a_hold_pays_for_its_completion_but_for_no_increment(bank):
    """Where all is held, the completion needs nothing more; an increment is not approved in part."""
    bank.send(set_account(5, limit_minor=1_000))
    stay = tap(1, 1_000)
    bank.send(stay)
    more = referring(
        Kind.AUTHORIZATION_REQUEST, stay, amount_minor=1, stan=2, flags=Flag.HAS_ORIGINAL | Flag.PARTIAL_APPROVAL
    )
    assert bank.send(more) is Reason.INSUFFICIENT_FUNDS
    bank.send(set_account(6, limit_minor=1_500))
    more = referring(
        Kind.AUTHORIZATION_REQUEST, stay, amount_minor=501, stan=3, flags=Flag.HAS_ORIGINAL | Flag.PARTIAL_APPROVAL
    )
    assert bank.send(more) is Reason.INSUFFICIENT_FUNDS
    assert bank.send(referring(Kind.FINANCIAL_REQUEST, stay, stan=4)) is Reason.APPROVED
    assert (bank.held, bank.posted) == (0, 1_000)


@pytest.mark.parametrize(("limit", "approved"), [(1_000, 1_635), (999, 1_634), (1, 2), (500, 818)])
def test_the_greatest_part_in_yen(bank, limit, approved):
    """The most yen that the credit covers, to the last: one more would cost a cent more than there is."""
    bank.send(set_account(5, limit_minor=limit, transaction_limit_minor=NO_LIMIT))
    asked = tap(1, 20_000, currency=JPY, signed_currency=JPY, flags=Flag.PARTIAL_APPROVAL)
    assert bank.send(asked) is Reason.PARTIALLY_APPROVED
    assert (int(bank.result["approved_minor"]), bank.held) == (approved, limit)


@pytest.mark.parametrize(
    ("limit", "reason", "approved"),
    [(240, Reason.INSUFFICIENT_FUNDS, 0), (241, Reason.PARTIALLY_APPROVED, 1), (482, Reason.PARTIALLY_APPROVED, 2)],
)
def test_no_part_of_a_cent(limit, reason, approved):
    """A cent of a dollar costs 241 dong: who has less can pay no part, and a part of nothing is no approval."""
    bank = Bank(rates={"base": "USD", "per_base": {"VND": "24100", "EUR": "0.9"}})
    bank.send(set_account(4, 8, limit_minor=limit, transaction_limit_minor=NO_LIMIT, currency=VND))
    bank.send(set_card(5, 80, 8))
    bank.send(set_token(6, 800, 80, 8))
    asked = tap(1, 20_000, 800, currency=USD, signed_currency=USD, flags=Flag.PARTIAL_APPROVAL)
    assert bank.send(asked) is reason
    assert (int(bank.result["approved_minor"]), bank.result["held_change_minor"]) == (approved, 241 * approved)


def test_a_hold_ends_with_its_own_hour_and_no_other(bank):
    """Holds of one hour, two hours and a day, told apart."""
    hours = [{"first": str(n), "last": str(n), "group": "g", "hold_hours": n - 7000} for n in (7001, 7002, 7024)]
    bank.use(categories=hours, rates=RATES)
    for number, category in enumerate((7001, 7002, 7024, 7001), 1):
        bank.send(tap(number, 10**number, merchant_category=category))
    begin = NOW_US // HOUR_US * HOUR_US
    ends = []
    for hours_later in (1.99, 2, 2.99, 3, 24.99, 25):
        bank.send(command(Kind.PASS_TIME, time_us=int(begin + hours_later * HOUR_US)))
        ends.append(bank.held)
    assert ends == [11_110, 1_100, 1_100, 1_000, 1_000, 0]


def test_an_increment_moves_the_end_of_a_hold_whose_hour_was_looked_at(bank):
    """It waits on, and ends once; what is held afterwards is nothing."""
    bank.use(categories=[{"first": "7001", "last": "7001", "group": "g", "hold_hours": 2}])
    stay = tap(1, 100, merchant_category=7001)
    bank.send(stay)
    for number in (2, 3, 4):
        more = referring(Kind.AUTHORIZATION_REQUEST, stay, amount_minor=100, stan=number)
        more["time_us"] = NOW_US + (number - 1) * HOUR_US
        assert bank.send(more) is Reason.APPROVED
    bank.pass_time(5)
    assert bank.held == 400
    bank.pass_time(6)
    assert bank.held == 0


@pytest.mark.parametrize("hours", range(1_020, 1_032))
def test_a_hold_ends_however_long_nothing_happens(bank, hours):
    """The ring of hours has gone round once, and its last place is looked at, too."""
    bank.use(categories=[{"first": "5814", "last": "5814", "group": "food", "hold_hours": 2}])
    assert bank.send(tap(1, 1_000)) is Reason.APPROVED
    bank.pass_time(hours)
    assert bank.held == 0


def test_a_hold_of_a_cent_ends(bank):
    """Like any other; what was completed before its time was up has not expired."""
    bank.use(categories=[{"first": "5814", "last": "5814", "group": "food", "hold_hours": 2}])
    done = tap(2, 1_000)
    messages = (tap(1, 1), done, referring(Kind.FINANCIAL_REQUEST, done, stan=3))
    assert [bank.send(message) for message in messages] == [Reason.APPROVED] * 3
    assert bank.held == 1
    bank.pass_time(4)
    assert bank.held == 0
    is_expired = (bank.state.transactions["flags"][:2] & TransactionFlag.EXPIRED) != 0
    assert is_expired.tolist() == [True, False]
