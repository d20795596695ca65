"""The fields of each kind of command: one layout for each kind or group of kinds, over the same bytes of `COMMAND`.

A command is read and written by the layout of its kind: ``commands.view(MESSAGE)[i]``. Kinds that share a layout mean
the same by each of its fields. The bytes are a file format, see `journal.segment_header`: a field stays
where it is, and what a journal of an earlier version holds is read by the same layout.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from authz.vocabulary.cases import CaseDecision, CaseReason
from authz.vocabulary.commands import (
    COMMAND,
    COMMAND_BYTES,
    HEAD,
    MESSAGES,
    CardholderVerification,
    Channel,
    CryptogramOutcome,
    Decider,
    Flag,
    ForcedScope,
    Kind,
    Records,
    SegmentIs,
)
from authz.vocabulary.posting_kinds import WAIVABLE
from authz.vocabulary.reasons import DECLINES
from authz.vocabulary.record_fields import Field, bits_of, laid_out
from authz.vocabulary.states import CardState, TokenState

_SIGNATURE = 2
"""A cardholder verification in journals of earlier versions; it is treated as none."""

CURRENCY_NUMBERS = range(1_000)
"""Currencies: three digits (ISO 4217)."""

CATEGORIES = range(10_000)
"""Merchant categories: four digits (ISO 18245)."""

SEGMENTS = range(256)
"""Segments of customers, each with meters of its own."""

ANY_SEGMENT = 65_535
"""Of what holds for the accounts of all segments."""

PRODUCTS = range(32)
"""Products that accounts have; 0 for none."""

CUT_DAYS = range(29)
"""Days of a month on which a statement can be cut: every month has them. 0 where an account has no product."""

UNITS = range(1, 256)
"""Units, which accounts hold, by the number that the program gives them."""

LIFE_STAGES = range(16)
"""Stages of life of the customers whom accounts belong to, as the issuer numbers them; 0 where it is not known."""

_ANY_OR_ONE = frozenset({*SEGMENTS, ANY_SEGMENT})
_OPERATIONS = range(100)  # two digits; a check decides which of them are served
_VERIFICATIONS = frozenset({*CardholderVerification, _SIGNATURE})
_APPROVED_OR_DECLINE = frozenset({0, *DECLINES})


@dataclass(frozen=True)
class Layout:
    """The layout of the commands of some kinds. fields: without those of the head.  dtype: with them."""

    name: str
    kinds: Sequence[Kind]
    fields: tuple[Field, ...]
    dtype: np.dtype[np.void]

    @property
    def all_fields(self) -> tuple[Field, ...]:
        """The fields of the head and those of the layout itself."""
        return HEAD + self.fields


LAYOUT_OF: dict[Kind, Layout] = {}
"""The layout of each kind."""


def _layout(name: str, kinds: Sequence[Kind], *fields: Field) -> np.dtype[np.void]:
    """Define the layout of some kinds, once for each kind; returns the type of their records."""
    layout = Layout(name, kinds, fields, laid_out(HEAD + fields, COMMAND_BYTES))
    for kind in kinds:
        assert kind not in LAYOUT_OF, f"{kind.name} has two layouts"
        LAYOUT_OF[kind] = layout
    return layout.dtype


MESSAGE = _layout(
    "message",
    [Kind(number) for number in MESSAGES],
    Field("amount_minor", "i8", 48, "DE 4, in minor units of DE 49."),
    Field("signed_amount_minor", "i8", 56, "Tag 9F02."),
    Field("cash_minor", "i8", 64, "DE 54, amount type 40: the cash in a purchase with cash-back."),
    Field("replacement_minor", "i8", 72, "DE 95: what remains after a partial reversal."),
    Field("acquirer", "u8", 80, "DE 32."),
    Field("original_acquirer", "u8", 88, "DE 90."),
    Field("merchant_key", "u8", 96, "DE 42 as one number, see `hash_index.text_key`; 0 where there is none."),
    Field("advice_number", "i8", 104, "The number of an advice that stand-in forwards to the issuer; 0 otherwise."),
    Field("merchant_city", "S13", 112, "DE 43, characters 26 to 38: the card acceptor's city."),
    Field("latitude", "i4", 148, "DE 59, in degrees times 100,000; `NO_POSITION` where absent."),
    Field("longitude", "i4", 152, "DE 59, in degrees times 100,000; `NO_POSITION` where absent."),
    Field("stan", "u4", 156, "DE 11."),
    Field("transmitted", "u4", 160, "DE 7, MMDDhhmmss as a number."),
    Field("original_stan", "u4", 164, "DE 90."),
    Field("original_transmitted", "u4", 168, "DE 90."),
    Field("flags", "u4", 172, "Further facts about the message, one bit each: `Flag`.", bits_of(Flag)),
    Field("signed_date", "u4", 176, "Tag 9A, YYMMDD as a number; 0 if the phone did not know it."),
    Field("retrieval_reference", "S12", 180, "DE 37."),
    Field("terminal", "S8", 192, "DE 41."),
    Field("merchant", "S15", 200, "DE 42."),
    Field("atc", "u2", 216, "Tag 9F36, the application transaction counter."),
    Field("currency", "u2", 218, "DE 49, ISO 4217 numeric.", CURRENCY_NUMBERS),
    Field("signed_currency", "u2", 220, "Tag 5F2A, ISO 4217 numeric."),
    Field("country", "u2", 222, "Tag 9F1A or DE 19, ISO 3166 numeric."),
    Field("acceptor_country", "u2", 224, "DE 43, ISO 3166 numeric; 0 where it names none."),
    Field("merchant_category", "u2", 226, "DE 18.", CATEGORIES),
    Field("entry_mode", "u2", 228, "DE 22."),
    Field("pan_sequence_number", "u2", 230, "DE 23."),
    Field("expiry", "u2", 232, "DE 35 or DE 14, YYMM."),
    Field("original_type", "u2", 234, "DE 90: the type of the original message."),
    Field("operation", "u1", 240, "DE 3, first two digits.", _OPERATIONS),
    Field("channel", "u1", 241, "How card data reached the terminal, from DE 22.", frozenset(Channel)),
    Field("cardholder_verification", "u1", 242, "How the cardholder was verified.", _VERIFICATIONS),
    Field("cryptogram_outcome", "u1", 243, "What the network found of the cryptogram.", frozenset(CryptogramOutcome)),
    Field("cryptogram_version", "u1", 244, "Tag 9F10, cryptogram version number."),
    Field("key_index", "u1", 245, "Tag 9F10, derivation key index."),
    Field("merchant_name", "S25", 247, "DE 43, characters 1 to 25: the card acceptor's name."),
    Field("limited_use_key", "u4", 276, "Tag 9F10: the index YHHHHCC of the limited-use key that signed."),
)

ACCOUNT = _layout(
    "account",
    [Kind.SET_ACCOUNT],
    Field("limit_minor", "i8", 112, "The credit limit, in minor units of the account's currency."),
    Field("transaction_limit_minor", "i8", 120, "The most for one transaction; `NO_LIMIT` where there is no limit."),
    Field("currency", "u2", 218, "The account's currency, ISO 4217 numeric.", CURRENCY_NUMBERS),
    Field("segment", "u2", 238, "The segment of customers that the account belongs to.", SEGMENTS),
    Field("product", "u1", 240, "The product whose terms hold for the account; 0 for none.", PRODUCTS),
    Field("cut_day", "u1", 241, "The day of the month on which its statement is cut; 0 without a product.", CUT_DAYS),
    Field("opened_day", "u2", 236, "When it was opened: days since 1970-01-01 in UTC; 0 for the day of the command."),
    Field("segment_is", "u1", 242, "Whether its segment is pinned: `SegmentIs`.", frozenset(SegmentIs)),
    Field("life_stage", "u1", 243, "Its customer's stage of life; 0 where it is not known.", LIFE_STAGES),
)

CARD = _layout("card", [Kind.SET_CARD], Field("state", "u2", 236, "The card's state.", frozenset(CardState)))

TOKEN = _layout(
    "token",
    [Kind.SET_TOKEN],
    Field("merchant_key", "u8", 96, "The only merchant where the token may pay; 0 for any."),
    Field("countries", "i8", 104, "Where the token may pay, see `COUNTRIES_MAX`; 0 for everywhere."),
    Field("amount_max_minor", "i8", 120, "The most for one transaction, in the account's currency; 0 for no limit."),
    Field("token_requestor", "u8", 128, "The token requestor's identifier."),
    Field("token_created", "u4", 136, "When the token was created, Unix seconds."),
    Field("device_created", "u4", 140, "When its device was first seen, Unix seconds."),
    Field(
        "channels",
        "u4",
        144,
        "The channels where the token may pay: bit 1 << `Channel` each.",
        bits_of(1 << channel for channel in Channel),
    ),
    Field("expiry", "u2", 232, "The token's expiration date, YYMM."),
    Field("state", "u2", 236, "The token's state.", frozenset(TokenState)),
    Field("cryptogram_version", "u1", 244, "The cryptogram version number of its key."),
    Field("key_index", "u1", 245, "The derivation key index of its key."),
    Field("device_risk", "u1", 246, "From 1 (trusted) to 5; 0 where it is not known."),
    Field("payment_account_reference", "S29", 247, "The payment account reference (PAR)."),
)

LIMITED_USE_KEY = _layout(
    "limited-use key",
    [Kind.SET_LIMITED_USE_KEY],
    Field("key_until", "i8", 104, "When the key ends, Unix seconds."),
    Field("key_uses", "i8", 112, "How many taps the key is good for."),
    Field("limited_use_key", "u4", 276, "The index YHHHHCC of the key."),
)

_layout("program", [Kind.ACTIVATE_PROGRAM])

_layout("time", [Kind.PASS_TIME])

FORCED_REASON = _layout(
    "forced reason",
    [Kind.FORCE_REASON],
    Field("subject", "i8", 104, "The token or card; 0 for a terminal."),
    Field("terminal", "S8", 192, "The terminal, as DE 41 has it; empty for a token or card."),
    Field("reason", "u2", 236, "The decline reason; 0 to forget what was asked for.", _APPROVED_OR_DECLINE),
    Field("scope", "u2", 238, "Whose next authorization is declined.", frozenset(ForcedScope)),
)

ISSUER_SWITCH = _layout(
    "issuer switch",
    [Kind.SWITCH_ISSUER],
    Field("is_down", "u2", 236, "1 while the issuer is down and stand-in decides; 0 otherwise.", range(2)),
)

DISPUTE = _layout(
    "dispute",
    [Kind.CHARGEBACK, Kind.REPRESENTMENT],
    Field("amount_minor", "i8", 48, "How much is disputed, in minor units of the account's currency."),
    Field("decision", "i8", 104, "The sequence of the decision that posted the charge."),
)

HOLD = _layout(
    "hold",
    [Kind.EXPIRE_HOLD],
    Field("decision", "i8", 104, "The sequence of the authorization whose hold ends."),
)

ISSUER_DECISION = _layout(
    "issuer decision",
    [Kind.ISSUER_DECISION],
    Field("amount_minor", "i8", 48, "How much is approved, in the currency of the authorization."),
    Field("cash_minor", "i8", 64, "As the authorization has it."),
    Field("merchant_key", "u8", 96, "As the authorization has it."),
    Field("decision", "i8", 104, "The sequence of the authorization that waits."),
    Field("merchant_city", "S13", 112, "As the authorization has it."),
    Field("latitude", "i4", 148, "As the authorization has it."),
    Field("longitude", "i4", 152, "As the authorization has it."),
    Field("merchant", "S15", 200, "As the authorization has it."),
    Field("currency", "u2", 218, "As the authorization has it.", CURRENCY_NUMBERS),
    Field("country", "u2", 222, "As the authorization has it."),
    Field("merchant_category", "u2", 226, "As the authorization has it.", CATEGORIES),
    Field("reason", "u2", 236, "The decline reason; 0 for an approval.", _APPROVED_OR_DECLINE),
    Field("decider", "u2", 238, "Who or what has decided.", frozenset(Decider)),
    Field("operation", "u1", 240, "As the authorization has it.", _OPERATIONS),
    Field("channel", "u1", 241, "As the authorization has it.", frozenset(Channel)),
    Field("cardholder_verification", "u1", 242, "As the authorization has it.", _VERIFICATIONS),
    Field("merchant_name", "S25", 247, "As the authorization has it."),
)

PAYMENT = _layout(
    "payment",
    [Kind.PAYMENT, Kind.ADJUST],
    Field("amount_minor", "i8", 48, "In minor units of the account's currency; an adjustment that charges is above 0."),
)

PAYMENT_RETURNED = _layout(
    "returned payment",
    [Kind.PAYMENT_RETURNED],
    Field("decision", "i8", 104, "The sequence of the payment."),
)

WAIVER = _layout(
    "waiver",
    [Kind.WAIVE],
    Field("amount_minor", "i8", 48, "How much was charged, in minor units of the account's currency."),
    Field("decision", "i8", 104, "The sequence of the posting that is given back."),
    Field("part", "u4", 156, "Which of that command's postings it is."),
    Field("posting_kind", "u2", 236, "The kind of that posting.", WAIVABLE),
)

_layout("write-off", [Kind.WRITE_OFF])

RELIEF_MONTHS = range(1, 25)
"""How many statements long a relief can be."""

RELIEF = _layout(
    "relief",
    [Kind.RELIEVE],
    Field("months", "u1", 240, "At which of the statements to come something is due again, from 1.", RELIEF_MONTHS),
    Field("is_waived", "u1", 241, "1 where nights until then bear no interest; 0 where they do.", range(2)),
)

RELIEF_RANGE = _layout(
    "relief of a range",
    [Kind.RELIEVE_RANGE],
    Field("first_row", "i8", 112, "The first row of accounts, from 0."),
    Field("rows", "i8", 120, "How many rows."),
    Field("of_segment", "u2", 236, "Whose segment this is; 65535 for those of all.", _ANY_OR_ONE),
    Field("months", "u1", 240, "As of a relief.", RELIEF_MONTHS),
    Field("is_waived", "u1", 241, "As of a relief.", range(2)),
    Field("product", "u1", 242, "Who have this product; 0 for those of all.", PRODUCTS),
)

PLAN_MONTHS = range(1, 61)
"""How many instalments a plan can have."""

PLAN_START = _layout(
    "plan start",
    [Kind.START_PLAN],
    Field("amount_minor", "i8", 48, "How much, in minor units of the account's currency; 0 for all of it."),
    Field("decision", "i8", 104, "The sequence of the purchase's posting; 0 for a statement."),
    Field(
        "statement_day", "u4", 156, "Of a statement: its day, days since 1970-01-01; 0 for the last, whichever it is."
    ),
    Field("fee_ppm", "u4", 160, "The fee with each instalment, of the principal, parts per million."),
    Field("plan_months", "u1", 240, "How many instalments.", PLAN_MONTHS),
)

PLAN_END = _layout(
    "plan end",
    [Kind.END_PLAN],
    Field("fee_min", "i8", 48, "The least fee for ending it early, minor units."),
    Field("decision", "i8", 104, "The sequence of the plan's start."),
    Field("fee_ppm", "u4", 160, "The fee, of what is left, parts per million."),
)

UNITS_MOVED = _layout(
    "units",
    [Kind.GIVE_UNITS, Kind.REDEEM],
    Field("amount", "i8", 48, "How many; below 0 for those that are taken back."),
    Field("unit", "u2", 236, "Which unit.", UNITS),
)

CASE_ANSWER = _layout(
    "case answer",
    [Kind.ANSWER_CASE],
    Field("decision", "i8", 104, "The sequence of the decision that opened the case."),
    Field("valid_seconds", "u4", 156, "Of an approval: how long its pass is good for."),
    Field("answer", "u1", 240, "What was answered: `CaseDecision`.", frozenset(CaseDecision)),
    Field("answer_reason", "u1", 241, "Why: `CaseReason`.", frozenset(CaseReason)),
)

DAY_CLOSE = _layout(
    "day close",
    [Kind.CLOSE_DAY],
    Field("first_row", "i8", 112, "The first row of accounts, from 0."),
    Field("rows", "i8", 120, "How many rows."),
    Field("day", "u4", 156, "The last local day to close: days since 1970-01-01."),
)


def new_command(kind: Kind, **values: object) -> Records:
    """One command in the layout of its kind, an array of one; what is not given is zero.

    Raises: ValueError where its kind has no such field.
    """
    layout = LAYOUT_OF[kind]
    made = np.zeros(1, layout.dtype)
    known = {field.name for field in layout.all_fields}
    for name, value in values.items():
        if name not in known:
            raise ValueError(f"a command of kind {kind.name} has no field {name}")
        made[name] = value
    made["kind"] = kind
    return made


def joined(commands: Sequence[Records]) -> Records:
    """Commands of any layouts, one behind the other: COMMAND[n]."""
    octets = [np.ascontiguousarray(each).view(np.uint8) for each in commands]
    return np.concatenate(octets).view(COMMAND)


def new_messages(count: int) -> Records:
    """So many messages, all zero: MESSAGE[n]."""
    return np.zeros(count, MESSAGE)


def read(command: np.void) -> np.void:
    """A command by the layout of its kind. command: of any layout."""
    return command.view(LAYOUT_OF[Kind(command["kind"])].dtype)


def check_layouts(layouts: dict[Kind, Layout]) -> None:
    """Whether the layouts are over one record: every kind has one, and numbers that overlap are of one form and place.

    Text may lie where other kinds have something else: nothing is computed with it.
    That the head is the same in each, and that fields of one do not overlap, follows from how they are made.
    Raises: AssertionError where they are not.
    """
    missing = ", ".join(kind.name for kind in Kind if kind not in layouts)
    assert not missing, f"without a layout: {missing}"
    owner: dict[int, Field] = {}
    for kind, layout in layouts.items():
        for field in layout.all_fields:
            if field.form.startswith("S"):
                continue
            for octet in range(field.offset, field.end):
                other = owner.setdefault(octet, field)
                same = (other.offset, other.form) == (field.offset, field.form)
                assert same, f"{field.name} of {kind.name} overlaps {other.name} of another kind"


check_layouts(LAYOUT_OF)
