"""Commands and results: fixed-size records, the only things that enter and leave the engine.

A journal of commands is the whole truth, so how they are laid out is a file format: each layout has `COMMAND_BYTES`,
see `record_fields.laid_out`, and segments carry a digest of the layouts.
"""

from enum import IntEnum

import numpy as np
import numpy.typing as npt

from authz.vocabulary.record_fields import Field, laid_out

Records = npt.NDArray[np.void]
"""A one-dimensional structured array."""


class Kind(IntEnum):
    """What a command asks for. Messages carry the name of their class and function (ISO 8583:1987)."""

    SET_ACCOUNT = 1
    SET_CARD = 2
    SET_TOKEN = 3
    ACTIVATE_PROGRAM = 4  # the document travels beside the command
    PASS_TIME = 5  # nothing but the time of the command
    FORCE_REASON = 6  # decline the next authorization of a card, token or terminal
    SWITCH_ISSUER = 7  # the issuer is down, or back
    SET_LIMITED_USE_KEY = 8  # a phone gets a new one
    AUTHORIZATION_REQUEST = 10  # 0100
    AUTHORIZATION_ADVICE = 11  # 0120
    FINANCIAL_REQUEST = 12  # 0200
    FINANCIAL_ADVICE = 13  # 0220
    REVERSAL_REQUEST = 14  # 0400
    REVERSAL_ADVICE = 15  # 0420
    CHARGEBACK = 20
    REPRESENTMENT = 21
    ISSUER_DECISION = 22  # the issuer's decisioning webhook has answered, or its time was up
    EXPIRE_HOLD = 23  # end the hold of one authorization before its time
    PAYMENT = 30  # an account is paid
    PAYMENT_RETURNED = 31  # a payment came back: its bank did not honour it
    ADJUST = 32  # the issuer corrects what an account owes
    WAIVE = 33  # the issuer gives a fee or interest back
    WRITE_OFF = 34  # the issuer gives up what an account owes
    CLOSE_DAY = 35  # local days are over, for a range of accounts
    RELIEVE = 36  # what is due is due months later
    START_PLAN = 37  # a purchase or a statement is billed in instalments
    END_PLAN = 38  # what is left of it is billed at once
    RELIEVE_RANGE = 39  # what is due is due months later, for a range of accounts
    GIVE_UNITS = 40  # an account gets points, visits or waivers, or some are taken back
    REDEEM = 41  # units are exchanged for money
    ANSWER_CASE = 44  # a person at a desk answers a case


OF_RANGES = (Kind.CLOSE_DAY, Kind.RELIEVE_RANGE)
"""What is about a range of accounts, and names none."""


def of_ranges(kinds: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Which commands are about ranges of accounts. kinds: theirs."""
    return np.isin(kinds, OF_RANGES)


MESSAGES = range(Kind.AUTHORIZATION_REQUEST, Kind.REVERSAL_ADVICE + 1)
"""The kinds that come as messages about a token."""


class Operation(IntEnum):
    """The transaction type: the first two digits of DE 3 (processing code)."""

    PURCHASE = 0
    CASH = 1
    PURCHASE_WITH_CASH_BACK = 9
    REFUND = 20
    BALANCE_INQUIRY = 31


class Flag(IntEnum):
    """Further facts about a message, one bit each."""

    REPEAT = 1  # x1x1
    PARTIAL_APPROVAL = 2  # the terminal can take a part of what it asked for
    PREAUTHORIZATION = 4  # DE 25 = 06: the final amount comes later
    HAS_ORIGINAL = 8  # DE 90 names an earlier message
    HAS_REPLACEMENT = 16  # DE 95 names what remains of it
    MORE_FOLLOWS = 32  # another completion of the same authorization will come
    DECLINED_ELSEWHERE = 64  # an advice of a decline
    FORWARDED = 128  # stand-in's advice to the issuer; `advice_number` is its number
    PIN_ENTERED = 256  # DE 52: a PIN that the network has to have verified
    PIN_WRONG = 512  # and what came of it
    PIN_LOCKED = 1024
    SIGNED_FOR_REMOTE = 2048  # tag 9F10: the phone signed for a payment in an app or a browser,
    SIGNED_FOR_QR_CODE = 4096  # or for one by QR code, without knowing the amount
    SIGNED_FOR_ANOTHER_OPERATION = 8192  # tag 9C: another type of transaction than DE 3 names
    BEYOND_ADVICE_LIMIT = 16384  # an advice of more than its acquirer may advise of
    SIGNED_FOR_OTHER_CASH = 32768  # tag 9F03: another amount of cash-back than DE 54 names
    SIGNED_ON_ANOTHER_DAY = 65536  # tag 9A: too far from the day of the message
    SIGNED_IN_ANOTHER_COUNTRY = 131072  # tag 9F1A: not the country of DE 43
    SENT_AT_ANOTHER_TIME = 262144  # DE 7: too far from the network's clock


class Channel(IntEnum):
    """How card data reached the terminal, read from DE 22. A token's domain is a set of these, one bit each."""

    UNKNOWN = 0
    CONTACTLESS = 1
    CONTACT_CHIP = 2
    MAGNETIC_STRIPE = 3
    E_COMMERCE = 4
    QR_CODE = 5
    KEYED = 6


class CardholderVerification(IntEnum):
    """How the cardholder was verified, as far as it is proven. The terminal's claim (tag 9F34) proves nothing."""

    NONE = 0
    PIN = 1  # DE 52 behind a right cryptogram, and the issuer has found it right
    DEVICE = 3  # by the phone itself, signed in tag 9F10: fingerprint, face or its own code (CDCVM)


class CryptogramOutcome(IntEnum):
    """What the network found of a cryptogram before the engine was asked."""

    ABSENT = 0
    VALID = 1
    INVALID = 2


class Decider(IntEnum):
    """Who or what has decided on an authorization that waited for the issuer."""

    ISSUER = 0
    TIMEOUT = 1
    ERROR = 2
    BAD_SIGNATURE = 3
    NOBODY_TO_ASK = 4
    RESTART = 5  # it was still waiting when the engine stopped


class SegmentIs(IntEnum):
    """How an account comes by its segment.

    IMPLIED: as in journals of earlier versions: it is set, and pinned where it is not 0.  UNPINNED: the engine
    classifies the account; a new one begins in the segment of the command, one that there is keeps its own.
    PINNED: it is set, and stays.
    """

    IMPLIED = 0
    UNPINNED = 1
    PINNED = 2


class ForcedScope(IntEnum):
    """Whose next authorization is forced."""

    TOKEN = 0
    CARD = 1
    TERMINAL = 2


def record(fields: list[tuple[str, str]]) -> np.dtype[np.void]:
    """An aligned record without a byte between its fields.

    Padding is never copied and never zeroed: with it, equal rows would differ in bytes, and a journal would carry
    whatever memory held before.
    """
    dtype = np.dtype(fields, align=True)
    assert dtype.itemsize == sum(np.dtype(form).itemsize for _, form in fields), "fields leave a gap"
    return dtype


COMMAND_BYTES = 280

HEAD = (
    Field("time_us", "i8", 0, "Unix time in microseconds: the only clock of the engine."),
    Field("outbox_sequence", "u8", 8, "The number of the vault's notice; 0 for anything else."),
    Field("account_id", "u8", 16, "Whose balances the command touches; 0 where the token is unknown."),
    Field("card_id", "u8", 24, "The card; 0 where the token is unknown."),
    Field("token_id", "u8", 32, "The token; 0 where it is unknown."),
    Field("token_pan", "u8", 40, "The number of the token (DE 2 or DE 35)."),
    Field("kind", "u1", 215, "What the command asks for.", frozenset(Kind)),
)
"""The fields of every command, at the same place in every layout."""

COMMAND = laid_out(HEAD, COMMAND_BYTES)
"""A command of any kind, with the fields that all kinds have. Other fields are read by the layout of its kind, see
`layouts`."""

NO_POSITION = -(2**31)

NO_LIMIT = -1
"""The transaction limit of an account that has none: only its available credit bounds what is spent at once."""

COUNTRIES_MAX = 4
COUNTRY_BITS = 16
"""How a token's countries are packed in 64 bits: ISO 3166 numbers side by side, 0 for none."""

RESULT = record(
    [
        ("sequence", "i8"),  # the command's number in the journal, from 1; a repeat's is that of its first
        ("time_us", "i8"),  # the command's
        ("day", "i8"),  # the local day to which what the command itself posts belongs: days since 1970-01-01
        ("account_id", "u8"),
        ("approved_minor", "i8"),  # how much of the amount was approved, in its own currency
        ("billing_minor", "i8"),  # the same in the account's currency
        ("available_minor", "i8"),  # limit - posted - held after the command
        ("posted_minor", "i8"),
        ("posted_change_minor", "i8"),  # what the command itself posted: negative for money given back
        ("held_change_minor", "i8"),  # what it set aside or released
        ("asked_minor", "i8"),  # what an exception item asked for, in the account's currency
        ("original", "i8"),  # the sequence of what it adds to, completes, reverses, refunds or disputes; 0 for none
        ("case", "i8"),  # the sequence of the case that it opens or answers, or whose pass it meets; 0 for none
        ("approval_code", "u4"),  # 0..999999, meaningful where approved
        ("conversion_rate", "u4"),  # DE 10: how many decimals (1 digit), then 7 digits; 0 where nothing was converted
        ("billing_currency", "u2"),
        ("reason", "u2"),
        ("program_version", "u4"),
        ("expiries", "u4"),  # how many holds ended with the command: by it, or because their time was up
        ("statements", "u4"),  # how many statements were cut with the command
        ("changes", "u4"),  # how many changes of accounts came about with the command, see `account_changes`
        ("rows_closed", "u4"),  # how many rows of accounts a command about a range of them has come through
        ("rows_relieved", "u4"),  # how many of them were relieved; of a RELIEVE 1, or 0 where it changed nothing
        ("postings", "u2"),  # how many postings were made with the command: by it, or at the end of days before it
        ("posting_kind", "u2"),  # PostingKind of the first that the command itself made, 0 where there is none
        ("payment_account_reference", "S29"),
        ("is_flagged", "u1"),  # a rule asks for a review
        ("is_asked", "u1"),  # a rule requires the real-time decisioning webhook
        ("exception", "u1"),  # ExceptionReason: why an advice was applied for less than its amount
    ]
)


def new_commands(count: int) -> Records:
    """So many commands, all zero."""
    return np.zeros(count, COMMAND)


def new_results(count: int) -> Records:
    """Room for the results of so many commands."""
    return np.zeros(count, RESULT)
