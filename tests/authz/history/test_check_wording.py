"""What an explanation says of each check: the words of what it saw, and of the bound that it held it against."""

import pytest

from authz.history.check_wording import Currencies, worded
from authz.kernel.checks.numbers import Check
from authz.kernel.checks.order import ORDER, Row, writes_its_own_findings
from authz.program.tables import CashVerification
from authz.vocabulary.commands import (
    COUNTRY_BITS,
    NO_LIMIT,
    CardholderVerification,
    Channel,
    CryptogramOutcome,
    Flag,
    Operation,
)
from authz.vocabulary.follow_ups import FollowUp, SharedField
from authz.vocabulary.reasons import Reason
from authz.vocabulary.states import CardState, TokenState
from tests.authz.commands import EUR, USD

PAID_IN_DOLLARS = Currencies(transaction="USD", account="EUR")
TOKEN_PAYS_AT = (1 << Channel.CONTACTLESS) | (1 << Channel.QR_CODE)
GERMANY_AND_FRANCE = 276 | 250 << COUNTRY_BITS
REVERSED_FIELDS = "equal: DE 2/35, DE 4, DE 32, DE 41, DE 42, DE 49"
COMPLETED_FIELDS = "equal: DE 2/35, DE 32, DE 42, DE 49"
NO_DECISION, DECISION_33 = "none", "auth_0000000000011"  # identifiers are written in base 32

SAID = [
    (Check.TOKEN, 1, 1, "known", "a token of this network"),
    (Check.TOKEN, 0, 1, "unknown", "a token of this network"),
    (Check.OPERATION, Operation.CASH, 0, "cash", "one that is served"),
    (Check.OPERATION, 98, 0, "98", "one that is served"),
    (Check.CHANNEL, Channel.KEYED, TOKEN_PAYS_AT, "keyed", "one of: contactless, qr_code"),
    (Check.CHANNEL, Channel.KEYED, 0, "keyed", "one of: none"),
    (Check.MERCHANT, 1, 0, "a merchant", "any"),
    (Check.MERCHANT, 0, 1, "another merchant", "the token's merchant"),
    (Check.MERCHANT, 1, 1, "the token's merchant", "the token's merchant"),
    (Check.COUNTRY, 36, GERMANY_AND_FRANCE, "036", "276, 250"),
    (Check.COUNTRY, 840, 36, "840", "036"),
    (Check.COUNTRY, 840, 0, "840", "any"),
    (Check.CRYPTOGRAM, CryptogramOutcome.ABSENT, CryptogramOutcome.VALID, "absent", "valid, of the token's version"),
    (Check.ENTRY_MODE, Channel.E_COMMERCE, 0, "e_commerce", "signed by the phone: a tap"),
    (Check.ENTRY_MODE, Channel.KEYED, Flag.SIGNED_FOR_REMOTE, "keyed", "signed by the phone: an app"),
    (Check.ENTRY_MODE, Channel.KEYED, Flag.SIGNED_FOR_QR_CODE, "keyed", "signed by the phone: a QR code"),
    (
        Check.ENTRY_MODE, Channel.KEYED, Flag.SIGNED_FOR_REMOTE | Flag.SIGNED_FOR_QR_CODE, "keyed",
        "signed by the phone: none that is defined (11)",
    ),
    (Check.SIGNED_OPERATION, Operation.CASH, 1, "cash", "another one than the phone signed (9C)"),
    (Check.SIGNED_OPERATION, Operation.CASH, 0, "cash", "the one that the phone signed (9C)"),
    (Check.SIGNED_AMOUNT, 1_250, 1_249, "12.50 USD", "signed by the phone: 12.49 USD"),
    (Check.SIGNED_CURRENCY, USD, EUR, "USD", "signed by the phone: EUR"),
    (
        Check.SIGNED_CIRCUMSTANCES, Flag.SIGNED_FOR_OTHER_CASH | Flag.SENT_AT_ANOTHER_TIME, 0,
        "other cash-back (9F03), sent at another time (DE 7)",
        "cash-back, day and country as signed by the phone, and DE 7 near the network's clock",
    ),
    (
        Check.SIGNED_CIRCUMSTANCES, Flag.SIGNED_ON_ANOTHER_DAY | Flag.SIGNED_IN_ANOTHER_COUNTRY, 0,
        "another day (9A), another country (9F1A)",
        "cash-back, day and country as signed by the phone, and DE 7 near the network's clock",
    ),
    (
        Check.SIGNED_CIRCUMSTANCES, 0, 0, "as signed",
        "cash-back, day and country as signed by the phone, and DE 7 near the network's clock",
    ),
    (Check.DUPLICATE, 50, 33, "STAN 000050", f"not sent before; found {DECISION_33}"),
    (Check.DUPLICATE, 50, 0, "STAN 000050", f"not sent before; found {NO_DECISION}"),
    (
        Check.TRANSACTION_COUNTER, 60, 50, "counter 60",
        "not used before, and at most 1000 above the highest so far, 50",
    ),
    (Check.LIMITED_USE_KEY, 0, 0, "the card key", "no limit"),
    (Check.LIMITED_USE_KEY, 2, 3, "index 0000002", "3 taps left, and not too old"),
    (Check.LIMITED_USE_KEY, 3, 0, "index 0000003", "0 taps left, and not too old"),
    (Check.SIMULATION, Reason.DO_NOT_HONOR, 0, "do_not_honor", "no decline asked for"),
    (Check.SIMULATION, 0, 0, "nothing forced", "no decline asked for"),
    (Check.TOKEN_STATE, TokenState.SUSPENDED, TokenState.ACTIVE, "suspended", "active"),
    (Check.TOKEN_EXPIRY, 2611, 908, "month 2611", "at most 0908"),
    (Check.EXPIRATION_DATE, 911, 2912, "0911", "equal to 2912"),
    (Check.CARD_STATE, CardState.FROZEN, CardState.ACTIVE, "frozen", "active"),
    (Check.PIN, Flag.PIN_ENTERED, 0, "a PIN", "the card's, if any"),
    (Check.PIN, 0, 0, "no PIN", "the card's, if any"),
    (
        Check.CARDHOLDER_VERIFICATION, CardholderVerification.DEVICE, CashVerification.PIN,
        "verified by the device, which signed for it (9F10)", "verified by PIN",
    ),
    (
        Check.CARDHOLDER_VERIFICATION, CardholderVerification.NONE, CashVerification.ANY,
        "not verified, as far as proven", "verified by PIN or by the device",
    ),
    (
        Check.CARDHOLDER_VERIFICATION, CardholderVerification.PIN, CashVerification.NONE,
        "verified by PIN", "none: no cash, or not required by the program",
    ),
    (Check.CARDHOLDER_VERIFICATION, 9, CashVerification.PIN, "9", "verified by PIN"),
    (Check.EARLY_REVERSAL, 60, 33, "STAN 000060", f"not reversed before; found {DECISION_33}"),
    (Check.ORIGINAL, 51, 0, "STAN 000051", f"approved and open; found {NO_DECISION}"),
    (Check.SHARED_FIELDS, -1, FollowUp.REVERSAL, "as in the original", REVERSED_FIELDS),
    (
        Check.SHARED_FIELDS, SharedField.TOKEN, FollowUp.COMPLETION_ADVICE,
        "another DE 2/35 than the original's", COMPLETED_FIELDS,
    ),
    (
        Check.SHARED_FIELDS, SharedField.CURRENCY, FollowUp.COMPLETION_ADVICE,
        "another DE 49 than the original's", COMPLETED_FIELDS,
    ),
    (Check.CURRENCY, USD, EUR, "USD", "EUR, or a rate to it"),
    (Check.CURRENCY, 999, EUR, "999", "EUR, or a rate to it"),
    (Check.AMOUNT, 1_250, 500, "12.50 USD", "fits the transaction; cash in it 5.00 USD"),
    (Check.AMOUNT, 1_250, 0, "12.50 USD", "fits the transaction"),
    (Check.ORIGINAL_AMOUNT, 600, 500, "6.00 EUR", "what is left: 5.00 EUR"),
    (Check.TOKEN_LIMIT, 1_250, 0, "the amount", "no limit of the token's own"),
    (Check.TOKEN_LIMIT, 1_250, 1_249, "12.50 EUR", "at most 12.49 EUR"),
    (Check.TRANSACTION_LIMIT, 1_250, NO_LIMIT, "the amount", "no limit of the account's"),
    (Check.TRANSACTION_LIMIT, 1_250, 0, "12.50 EUR", "at most 0.00 EUR"),
    (Check.AVAILABLE_CREDIT, 1_250, -1, "12.50 EUR", "at most -0.01 EUR"),
    (Check.ACCOUNT_STANDING, 2, 2, "2 missed in a row", "fewer than 2 dues"),
    (Check.ACCOUNT_STANDING, 7, 0, "7 missed in a row", "any number of dues"),
    (Check.CASH_LIMIT, 1_250, 1_249, "12.50 EUR", "at most 12.49 EUR in cash"),
    (Check.CASH_LIMIT, 0, NO_LIMIT, "0.00 EUR", "no limit for cash"),
    (Check.STAND_IN, 1_250, 5_000, "12.50 EUR", "stand-in approves at most 50.00 EUR"),
]  # fmt: skip


@pytest.mark.parametrize(("check", "seen", "bound", "saw", "held_against"), SAID, ids=lambda each: str(each)[:40])
def test_the_words_of_a_check(check, seen, bound, saw, held_against):
    """Of a payment in dollars from an account in euro: each amount is in the currency that the check compares in."""
    assert worded(check.name.lower(), int(seen), int(bound), PAID_IN_DOLLARS) == (saw, held_against)


def test_every_check_has_words():
    """A check that is added must be added here."""
    assert {check for check, *_ in SAID} == set(Check)


def test_words_are_given_once_for_each_name():
    """Where rows for several passes share a name, those of the first count, so that others would never be shown."""
    named = set()
    for row in ORDER:
        if not writes_its_own_findings(row):
            assert ((row.saw, row.bound) == (Row.saw, Row.bound)) == (row.name in named), row.check.__name__
            named.add(row.name)
