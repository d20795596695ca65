"""Who stood at the terminal: what cash asks for, in both passes, and whose word begins a count anew."""

import pytest

from authz.vocabulary.commands import CardholderVerification, CryptogramOutcome, Flag, Kind, Operation
from authz.vocabulary.reasons import Reason
from tests.authz.bank import Bank
from tests.authz.commands import command, referring, tap

NONE, PIN, DEVICE = CardholderVerification.NONE, CardholderVerification.PIN, CardholderVerification.DEVICE
CASH, CASH_BACK = Operation.CASH, Operation.PURCHASE_WITH_CASH_BACK
ENOUGH = {"pin": {PIN}, "any": {PIN, DEVICE}, "none": {NONE, PIN, DEVICE}}
DEFAULTS = {CASH: "pin", CASH_BACK: "any"}


def paying(operation, verification, **values):
    """A tap for cash, or with some cash in it."""
    cash = 500 if operation == CASH_BACK else 0
    return tap(1, 1_000, operation=operation, cash_minor=cash, cardholder_verification=verification, **values)


@pytest.mark.parametrize("verification", [NONE, PIN, DEVICE])
@pytest.mark.parametrize("wanted", [None, "pin", "any", "none"])
@pytest.mark.parametrize("operation", [CASH, CASH_BACK])
@pytest.mark.parametrize("issuer_is_down", [False, True])
@pytest.mark.parametrize("kind", [Kind.AUTHORIZATION_REQUEST, Kind.FINANCIAL_REQUEST])
def test_cash_asks_for_a_verified_cardholder(verification, wanted, operation, issuer_is_down, kind):
    """A withdrawal for a PIN, cash-back for any verification, unless the program says otherwise; stand-in asks too."""
    document = {} if wanted is None else {"cash_verification": {operation.name.lower(): wanted}}
    bank = Bank(**document)
    bank.send(command(Kind.SWITCH_ISSUER, is_down=int(issuer_is_down)))
    is_enough = verification in ENOUGH[wanted or DEFAULTS[operation]]
    expected = Reason.APPROVED if is_enough else Reason.PIN_REQUIRED
    assert bank.send(paying(operation, verification, kind=kind)) is expected


def test_what_pays_out_no_cash_asks_for_nothing():
    """A purchase, a balance, and the completion of cash that was authorized; more cash asks again."""
    bank = Bank()
    assert bank.send(tap(1)) is Reason.APPROVED
    assert bank.send(tap(2, 0, operation=Operation.BALANCE_INQUIRY)) is Reason.APPROVED
    withdrawal = tap(3, 1_000, operation=CASH, cardholder_verification=PIN)
    assert bank.send(withdrawal) is Reason.APPROVED
    more = referring(Kind.AUTHORIZATION_REQUEST, withdrawal, operation=CASH, stan=4)
    assert bank.send(more) is Reason.PIN_REQUIRED
    assert bank.send(referring(Kind.FINANCIAL_REQUEST, withdrawal, operation=CASH, stan=5)) is Reason.APPROVED
    assert bank.posted == 1_000


def test_cash_in_a_purchase_must_be_called_so():
    """DE 54 with cash in a plain purchase would pass by the question who is asking."""
    bank, purchase = Bank(), tap(1, 1_000)
    assert bank.send(tap(2, 1_000, cash_minor=500)) is Reason.INVALID_AMOUNT
    assert bank.send(purchase) is Reason.APPROVED
    for kind in (Kind.AUTHORIZATION_REQUEST, Kind.FINANCIAL_REQUEST):
        assert bank.send(referring(kind, purchase, cash_minor=500, stan=4)) is Reason.INVALID_AMOUNT
    assert (bank.held, bank.posted) == (1_000, 0)


def test_an_advice_of_cash_is_taken():
    """The money is in somebody's hands already."""
    bank = Bank()
    assert bank.send(paying(CASH, NONE, kind=Kind.FINANCIAL_ADVICE)) is Reason.APPROVED
    assert bank.posted == 1_000


@pytest.mark.parametrize("issuer_is_down", [False, True])
def test_a_wrong_pin_comes_first(issuer_is_down):
    """Whoever enters a wrong PIN hears that, not that one is missing."""
    bank = Bank()
    bank.send(command(Kind.SWITCH_ISSUER, is_down=int(issuer_is_down)))
    assert bank.send(paying(CASH, NONE, flags=Flag.PIN_ENTERED | Flag.PIN_WRONG)) is Reason.PIN_MISMATCH


@pytest.mark.parametrize("issuer_is_down", [False, True])
@pytest.mark.parametrize("operation", [Operation.PURCHASE, CASH])
def test_what_the_phone_signed_as_cash_is_sent_as_nothing_else(operation, issuer_is_down):
    """A transaction type that differs from DE 3 is refused before the counter is spent."""
    bank = Bank()
    bank.send(command(Kind.SWITCH_ISSUER, is_down=int(issuer_is_down)))
    altered = paying(operation, PIN, flags=Flag.SIGNED_FOR_ANOTHER_OPERATION)
    assert bank.send(altered) is Reason.CRYPTOGRAM_DATA_MISMATCH
    assert bank.send(paying(operation, PIN)) is Reason.APPROVED


@pytest.mark.parametrize("kind", [Kind.AUTHORIZATION_ADVICE, Kind.FINANCIAL_ADVICE])
def test_a_terminals_advice_begins_no_count_anew(kind):
    """Its cryptogram may be an old one: nobody saw that its counter was new. Stand-in's own advice was seen."""
    limit = {"id": "unverified", "scope": "token", "window": "since_verification", "count_max": 1}
    bank = Bank(limits=[limit | {"where": {"cardholder_verification": ["none"]}}])
    assert bank.send(tap(1)) is Reason.APPROVED
    told = tap(2, kind=kind, cardholder_verification=DEVICE, cryptogram_outcome=CryptogramOutcome.VALID)
    assert bank.send(told) is Reason.APPROVED
    assert bank.send(tap(3)) is Reason.EXCEEDS_LIMIT
    bank.send(command(Kind.SWITCH_ISSUER, is_down=1))
    assert bank.send(tap(4, cardholder_verification=DEVICE)) is Reason.APPROVED
    bank.send(command(Kind.SWITCH_ISSUER, is_down=0))
    bank.send(bank.state.advices[:1])
    assert bank.send(tap(5)) is Reason.APPROVED
