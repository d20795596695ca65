"""Reasons of decisions: a stable vocabulary with DE 39. Their numbers are stored in journals and never change."""

from dataclasses import dataclass
from enum import IntEnum


class Reason(IntEnum):
    """Outcome of a command: the approvals, then the declines, the first of them about in the order of the checks."""

    APPROVED = 0
    PARTIALLY_APPROVED = 1
    VERIFIED = 2
    TOKEN_NOT_FOUND = 3
    OPERATION_NOT_SUPPORTED = 4
    CHANNEL_NOT_ALLOWED = 5
    MISSING_CRYPTOGRAM = 6
    INVALID_CRYPTOGRAM = 7
    CRYPTOGRAM_DATA_MISMATCH = 8
    REPLAYED_CRYPTOGRAM = 9
    TOKEN_INACTIVE = 10
    TOKEN_SUSPENDED = 11
    TOKEN_DEACTIVATED = 12
    TOKEN_EXPIRED = 13
    EXPIRATION_MISMATCH = 14
    CARD_FROZEN = 15
    DUPLICATE_TRANSMISSION = 16
    ALREADY_REVERSED = 17
    MISSING_ORIGINAL_AUTHORIZATION = 18
    AUTHORIZATION_CLOSED = 19
    CURRENCY_NOT_SUPPORTED = 20
    INVALID_AMOUNT = 21
    ORIGINAL_AMOUNT_MISMATCH = 22
    EXCEEDS_AUTHORIZED_AMOUNT = 23
    EXCEEDS_LIMIT = 24
    INSUFFICIENT_FUNDS = 25
    DECLINED_BY_STAND_IN = 26
    # From here on in no order: reasons that rules, limits and simulations give.
    STEP_UP_REQUIRED = 27
    REFER_TO_ISSUER = 28
    SUSPECTED_FRAUD = 29
    SUSPECTED_CARD_TESTING = 30
    EXCEEDS_COUNT_LIMIT = 31
    TOKEN_REQUESTOR_MISMATCH = 32
    WRONG_ENTRY_MODE = 33
    MERCHANT_NOT_ALLOWED = 34
    CVV2_MISMATCH = 35
    PIN_MISMATCH = 36
    PIN_TRIES_EXCEEDED = 37
    LOST_CARD = 38
    STOLEN_CARD = 39
    RESTRICTED_CARD = 40
    CARD_CLOSED = 41
    DO_NOT_HONOR = 42
    ISSUER_UNAVAILABLE = 43
    SYSTEM_MALFUNCTION = 44
    AWAITING_ISSUER = 45  # no answer: it has none yet
    COUNTRY_NOT_ALLOWED = 46
    LIMITED_USE_KEY_EXPIRED = 47
    LIMITED_USE_KEY_USED_UP = 48
    TRANSACTION_COUNTER_JUMP = 49
    PIN_REQUIRED = 50
    ORIGINAL_OPERATION_MISMATCH = 51
    ORIGINAL_TERMINAL_MISMATCH = 52
    ORIGINAL_MERCHANT_MISMATCH = 53
    ORIGINAL_CURRENCY_MISMATCH = 54
    UNDEFINED_VALUE = 55
    NOTHING_TO_REVERSE = 56
    EXCEEDS_REMAINDER = 57
    ACQUIRER_NOT_AUTHORIZED = 58
    SIGNED_CASH_MISMATCH = 59
    SIGNED_DATE_MISMATCH = 60
    SIGNED_COUNTRY_MISMATCH = 61
    TRANSMISSION_TIME_MISMATCH = 62
    PAYMENT_OVERDUE = 63
    # What the issuer's own commands about accounts are refused with.
    ACCOUNT_NOT_FOUND = 64
    ACCOUNT_WITHOUT_PRODUCT = 65
    ALREADY_GIVEN_BACK = 66
    NOTHING_OWED = 67
    DAY_NOT_OVER = 68
    NOT_SPLITTABLE = 69
    TOO_MANY_PLANS = 70
    NOT_THE_LAST_STATEMENT = 71
    UNIT_NOT_FOUND = 72
    NOT_REDEEMABLE = 73
    NOT_ENOUGH_UNITS = 74
    TOO_MANY_HOLDINGS = 75
    CASE_CLOSED = 76

    @property
    def code(self) -> str:
        """The name outside: snake_case."""
        return self.name.lower()

    @property
    def is_approval(self) -> bool:
        """Whether something was approved."""
        return self <= LAST_APPROVAL


LAST_APPROVAL = Reason.VERIFIED
LAST_REASON = max(Reason)
OF_BANK_COMMANDS = frozenset(
    {
        Reason.ACCOUNT_NOT_FOUND,
        Reason.ACCOUNT_WITHOUT_PRODUCT,
        Reason.ALREADY_GIVEN_BACK,
        Reason.NOTHING_OWED,
        Reason.DAY_NOT_OVER,
        Reason.NOT_SPLITTABLE,
        Reason.TOO_MANY_PLANS,
        Reason.NOT_THE_LAST_STATEMENT,
        Reason.UNIT_NOT_FOUND,
        Reason.NOT_REDEEMABLE,
        Reason.NOT_ENOUGH_UNITS,
        Reason.TOO_MANY_HOLDINGS,
        Reason.CASE_CLOSED,
    }
)
"""What only the issuer's own commands are refused with: no message, rule or limit has these."""

DECLINES = tuple(
    reason
    for reason in Reason
    if not reason.is_approval and reason is not Reason.AWAITING_ISSUER and reason not in OF_BANK_COMMANDS
)
"""The reasons that the answer to a message can have for saying no."""


@dataclass(frozen=True)
class Answer:
    """What a reason looks like outside. response_code: DE 39 (ISO 8583:1987, table of response codes)."""

    response_code: str
    sentence: str
    advice: str


_R = Reason
ANSWERS: dict[Reason, Answer] = {
    _R.APPROVED: Answer("00", "Approved.", "Nothing to do."),
    _R.PARTIALLY_APPROVED: Answer(
        "10",
        "Approved for a part of the amount.",
        "Collect the rest by other means; DE 4 of the answer is the approved amount.",
    ),
    _R.VERIFIED: Answer("85", "No reason to decline: the token can pay.", "Nothing to do; no amount was held."),
    _R.TOKEN_NOT_FOUND: Answer(
        "14", "No token has this number.", "Check DE 2 and DE 35, and that the token was issued by this server."
    ),
    _R.OPERATION_NOT_SUPPORTED: Answer(
        "40",
        "This network does not support this transaction type.",
        "Send one of the supported processing codes in DE 3.",
    ),
    _R.CHANNEL_NOT_ALLOWED: Answer(
        "57", "The token may not be used in this channel.", "Check DE 22, or use a token whose domain includes it."
    ),
    _R.MISSING_CRYPTOGRAM: Answer(
        "88", "The cryptogram is missing.", "Send DE 55 with an ARQC (tags 9F26, 9F27 and the data that it covers)."
    ),
    _R.INVALID_CRYPTOGRAM: Answer(
        "88", "The cryptogram is not valid for this token and data.", "Check the card key and the input of the ARQC."
    ),
    _R.CRYPTOGRAM_DATA_MISMATCH: Answer(
        "88",
        "The amount, currency or transaction type differs from the one that the phone signed.",
        "Make DE 4 equal 9F02, DE 49 equal 5F2A, and the first two digits of DE 3 equal 9C.",
    ),
    _R.REPLAYED_CRYPTOGRAM: Answer(
        "63", "This transaction counter was used before, or is too old.", "Tap again for a new cryptogram."
    ),
    _R.TOKEN_INACTIVE: Answer("62", "The token has not been activated.", "Activate it from its device."),
    _R.TOKEN_SUSPENDED: Answer("62", "The token is suspended.", "Have each party that suspended it resume it."),
    _R.TOKEN_DEACTIVATED: Answer("14", "The token is deactivated, which is final.", "Provision a new token."),
    _R.TOKEN_EXPIRED: Answer("54", "The token has expired.", "Provision a new token."),
    _R.EXPIRATION_MISMATCH: Answer(
        "54",
        "The expiry date is not the token's.",
        "Send the expiry date from the token credentials in DE 14 and DE 35.",
    ),
    _R.CARD_FROZEN: Answer("62", "The card behind the token is frozen.", "Have the issuer unfreeze the card."),
    _R.DUPLICATE_TRANSMISSION: Answer(
        "94",
        "This acquirer has already sent this STAN with this transmission time.",
        "Give each transaction its own DE 11.",
    ),
    _R.ALREADY_REVERSED: Answer(
        "05",
        "The transaction was reversed before, or its reversal arrived before it.",
        "Start a new transaction with its own DE 11.",
    ),
    _R.MISSING_ORIGINAL_AUTHORIZATION: Answer(
        "25", "DE 90 names no approved transaction of this token.", "Send the original's DE 7, 11 and 32 in DE 90."
    ),
    _R.AUTHORIZATION_CLOSED: Answer(
        "25",
        "The original has no hold any more: it was completed, or the hold has expired.",
        "Ask for a new authorization, or send an advice.",
    ),
    _R.CURRENCY_NOT_SUPPORTED: Answer(
        "12",
        "There is no conversion rate to the account's currency.",
        "Send DE 49 in the account's currency, or add a rate to the authorization program.",
    ),
    _R.INVALID_AMOUNT: Answer(
        "13",
        "The amount is not possible for this transaction type.",
        "Send a DE 4 greater than zero that includes any cash-back.",
    ),
    _R.ORIGINAL_AMOUNT_MISMATCH: Answer(
        "64",
        "The amount does not match the remaining amount of the original.",
        "Reverse the full amount, or a part with DE 95.",
    ),
    _R.EXCEEDS_AUTHORIZED_AMOUNT: Answer(
        "64", "The amount exceeds the authorized amount.", "Request an incremental authorization first."
    ),
    _R.EXCEEDS_LIMIT: Answer(
        "61",
        "A limit is exceeded: of the account, of the token, or of the authorization program.",
        "See the failed check in the decision for the limit; request less, wait for its window to end, or raise it.",
    ),
    _R.INSUFFICIENT_FUNDS: Answer(
        "51",
        "The available credit does not cover the amount.",
        "Request a smaller amount, or reverse amounts that are held.",
    ),
    _R.DECLINED_BY_STAND_IN: Answer(
        "05",
        "Stand-in processing declined the transaction.",
        "Ask the sender of the advice, or raise the stand-in limits of the authorization program.",
    ),
    _R.STEP_UP_REQUIRED: Answer(
        "1A", "The cardholder must be verified.", "Verify the cardholder (device, PIN) and try again."
    ),
    _R.REFER_TO_ISSUER: Answer(
        "01", "The issuer asks to be contacted.", "Call the issuer, or send the transaction again later."
    ),
    _R.SUSPECTED_FRAUD: Answer(
        "59", "A risk rule suspects fraud.", "See the rules in the decision; change the rule or the transaction."
    ),
    _R.SUSPECTED_CARD_TESTING: Answer(
        "59", "Too many attempts that look like card testing.", "Wait, or lower the rate of attempts."
    ),
    _R.EXCEEDS_COUNT_LIMIT: Answer(
        "65", "Too many transactions within a window.", "Wait until the window has moved on, or raise the limit."
    ),
    _R.TOKEN_REQUESTOR_MISMATCH: Answer(
        "05", "The token belongs to another token requestor.", "Use the token of the wallet that requested it."
    ),
    _R.WRONG_ENTRY_MODE: Answer(
        "57", "The phone signed for another entry mode than DE 22 names.", "Check DE 22, and the last byte of tag 9F10."
    ),
    _R.MERCHANT_NOT_ALLOWED: Answer(
        "57", "The token may not pay at this merchant.", "Use a token whose domain includes the merchant."
    ),
    _R.CVV2_MISMATCH: Answer("82", "The card verification value (CVV2) is wrong.", "Send the correct value."),
    _R.PIN_MISMATCH: Answer("55", "The PIN is wrong.", "Enter the correct PIN."),
    _R.PIN_TRIES_EXCEEDED: Answer("75", "A wrong PIN was entered too many times.", "Have the issuer unlock the PIN."),
    _R.LOST_CARD: Answer("41", "The card was reported lost.", "Use another card."),
    _R.STOLEN_CARD: Answer("43", "The card was reported stolen.", "Use another card."),
    _R.RESTRICTED_CARD: Answer("62", "The card is restricted.", "Ask the issuer."),
    _R.CARD_CLOSED: Answer("46", "The card's account is closed.", "Use another card."),
    _R.DO_NOT_HONOR: Answer("05", "The issuer declined without giving a reason.", "Ask the issuer."),
    _R.ISSUER_UNAVAILABLE: Answer("91", "The issuer cannot be reached.", "Send the message again later."),
    _R.COUNTRY_NOT_ALLOWED: Answer(
        "57", "The token may not pay in this country.", "Use a token whose domain includes the country."
    ),
    _R.LIMITED_USE_KEY_EXPIRED: Answer(
        "54",
        "The limited-use key has expired, or does not belong to this token.",
        "Replenish the phone's limited-use key.",
    ),
    _R.LIMITED_USE_KEY_USED_UP: Answer(
        "65", "The limited-use key is used up.", "Replenish the phone's limited-use key."
    ),
    _R.TRANSACTION_COUNTER_JUMP: Answer(
        "63", "The transaction counter is too far above the last one.", "Provision a new token to the phone."
    ),
    _R.PIN_REQUIRED: Answer(
        "70",
        "Cash requires the cardholder to be verified by PIN.",
        "Enter the PIN (DE 52); for cash-back, verification by the device is enough.",
    ),
    _R.ORIGINAL_OPERATION_MISMATCH: Answer(
        "12", "The original has another transaction type.", "Send the original's DE 3."
    ),
    _R.ORIGINAL_TERMINAL_MISMATCH: Answer(
        "25",
        "The original came from another terminal.",
        "Send it from the original's terminal, with the original's DE 41.",
    ),
    _R.ORIGINAL_MERCHANT_MISMATCH: Answer("25", "The original is another merchant's.", "Send the original's DE 42."),
    _R.ORIGINAL_CURRENCY_MISMATCH: Answer(
        "64", "The original is in another currency.", "Send DE 4 and DE 49 in the original's currency."
    ),
    _R.UNDEFINED_VALUE: Answer(
        "30", "The message or command has a value that is not defined.", "Use only the documented values."
    ),
    _R.NOTHING_TO_REVERSE: Answer(
        "21",
        "Nothing of the original is left to reverse: it was completed, or its amount was given back.",
        "Refund it, or reverse its completion.",
    ),
    _R.EXCEEDS_REMAINDER: Answer(
        "64",
        "The amount exceeds the remainder: what was paid, less what was given back.",
        "Give back at most the amount paid, less all reversals, refunds and chargebacks so far.",
    ),
    _R.ACQUIRER_NOT_AUTHORIZED: Answer(
        "58",
        "The connection may not speak for the acquirer in DE 32.",
        "Send it on a connection of that acquirer: its port, its message authentication key or its client certificate.",
    ),
    _R.SIGNED_CASH_MISMATCH: Answer(
        "88",
        "The cash-back amount differs from the one that the phone signed.",
        "Make the cash-back in DE 54 equal 9F03, or leave both out.",
    ),
    _R.SIGNED_DATE_MISMATCH: Answer(
        "88",
        "The date that the phone signed differs from the message's date or is far from the network's clock.",
        "Make 9A equal the date in DE 13, and close to the network's clock.",
    ),
    _R.SIGNED_COUNTRY_MISMATCH: Answer(
        "88",
        "The country that the phone signed differs from the one in DE 43.",
        "Make 9F1A equal the country at the end of DE 43.",
    ),
    _R.TRANSMISSION_TIME_MISMATCH: Answer(
        "12", "DE 7 is too far from the network's clock.", "Send the time of transmission (UTC) in DE 7."
    ),
    _R.PAYMENT_OVERDUE: Answer(
        "62",
        "Payments of the account are overdue.",
        "Pay the minimum in time: payments are approved again once its due has passed.",
    ),
    _R.ACCOUNT_NOT_FOUND: Answer("14", "There is no such account.", "Name an account of this network."),
    _R.ACCOUNT_WITHOUT_PRODUCT: Answer(
        "57", "The account has no product, and so no books.", "Give the account a product first."
    ),
    _R.ALREADY_GIVEN_BACK: Answer("21", "This was returned or waived before.", "Nothing to do."),
    _R.NOTHING_OWED: Answer("21", "The account owes nothing.", "Nothing to do."),
    _R.NOT_SPLITTABLE: Answer(
        "57",
        "This cannot be paid in instalments.",
        "Name a purchase without cash that is not in instalments, and that no statement has carried over unpaid.",
    ),
    _R.TOO_MANY_PLANS: Answer(
        "65", "The account has as many instalment plans as it can have.", "Wait for one to end, or end it early."
    ),
    _R.NOT_THE_LAST_STATEMENT: Answer(
        "21",
        "This is not the account's last statement.",
        "Name the day of the last statement: a later one may have come.",
    ),
    _R.UNIT_NOT_FOUND: Answer("25", "The program in force has no such unit.", "Name a unit of the program."),
    _R.NOT_REDEEMABLE: Answer("57", "Units of this kind have no price.", "Redeem units that have one."),
    _R.NOT_ENOUGH_UNITS: Answer("51", "The account holds fewer units.", "Redeem at most as many as it holds."),
    _R.TOO_MANY_HOLDINGS: Answer(
        "65",
        "The account holds units of as many kinds and last days as it can.",
        "Wait until some are spent or expire.",
    ),
    _R.DAY_NOT_OVER: Answer("21", "The day is not over.", "Close days that are over in the program's time zone."),
    _R.CASE_CLOSED: Answer("21", "The case was answered before, or has expired.", "Read the case."),
    _R.AWAITING_ISSUER: Answer(
        "91", "The real-time decisioning webhook has been sent.", "Wait for the issuer's response."
    ),
    _R.SYSTEM_MALFUNCTION: Answer("96", "An internal error occurred in the network.", "Send the message again later."),
}
