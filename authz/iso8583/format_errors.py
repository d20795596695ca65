"""Format errors of messages: a documented code for DE 44, and a sentence for people.

In compiled code a problem is one number: its kind, plus the field's number, plus `PART` times which part of the field.
"""

from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field

NO_PROBLEM = 0

KIND = 1_000
"""The kinds are multiples of this: what lies below is the number of the field."""
PART = 100_000
"""Which part of a field, counted from 1, where a kind is about a part; see `authz.iso8583.chip.chip_data`."""

MISSING = 1 * KIND
CUT_OFF = 2 * KIND
BAD_LENGTH = 3 * KIND
BAD_CHARACTERS = 4 * KIND
BAD_CONTENT = 5 * KIND
IMPOSSIBLE_DATE = 6 * KIND
IMPOSSIBLE_TIME = 7 * KIND
IMPOSSIBLE_CODE = 8 * KIND
CONTRADICTION = 9 * KIND
MISSING_TAG = 10 * KIND
BAD_TAG = 11 * KIND
MISSING_SUBELEMENT = 12 * KIND
BAD_SUBELEMENT = 13 * KIND
TRAILING_BYTES = 14 * KIND
TOO_LONG = 15 * KIND


@dataclass(frozen=True)
class FormatErrorKind:
    """code: in DE 44.  verb: what the field does, ``{part}`` in place of a tag or subelement.  cause: for documents."""

    code: str
    verb: str
    cause: str


KINDS = {
    MISSING: FormatErrorKind("missing", "is missing", "A mandatory field is missing or empty."),
    CUT_OFF: FormatErrorKind("cut_off", "is cut off", "The message ends inside the field."),
    BAD_LENGTH: FormatErrorKind(
        "wrong_length",
        "has a length that its table does not allow",
        "The length prefix of the field is not a number, or exceeds the field's maximum.",
    ),
    BAD_CHARACTERS: FormatErrorKind(
        "wrong_characters",
        "has characters that are not allowed",
        "Characters other than digits in a field of class n, or after C or D in one of class x+n (DE 28 to 31, 97); "
        "control characters or non-ASCII characters in a text field.",
    ),
    BAD_CONTENT: FormatErrorKind(
        "wrong_structure", "does not have the required structure", "The field does not have the required structure."
    ),
    IMPOSSIBLE_DATE: FormatErrorKind("impossible_date", "has an impossible date", "The month or day does not exist."),
    IMPOSSIBLE_TIME: FormatErrorKind("impossible_time", "has an impossible time", "The time is later than 23:59:59."),
    IMPOSSIBLE_CODE: FormatErrorKind(
        "impossible_code",
        "has a code that its standard cannot assign",
        "`000` for a currency or country, `0000` for a merchant category, a service code with reserved digits.",
    ),
    CONTRADICTION: FormatErrorKind(
        "contradiction",
        "contradicts another field",
        "DE 2 or DE 14 differs from DE 35; DE 54 is not in the currency of DE 49.",
    ),
    MISSING_TAG: FormatErrorKind(
        "missing_tag", "lacks tag {part}", "A mandatory tag is missing in DE 55; DE 44 names it."
    ),
    BAD_TAG: FormatErrorKind(
        "wrong_tag",
        "has tag {part} twice, or with an invalid value",
        "A tag in DE 55 occurs twice, or has a wrong length or an impossible value; DE 44 names it.",
    ),
    MISSING_SUBELEMENT: FormatErrorKind(
        "missing_subelement", "lacks subelement {part}", "A mandatory subelement is missing in DE 48; DE 44 names it."
    ),
    BAD_SUBELEMENT: FormatErrorKind(
        "wrong_subelement",
        "has an invalid subelement {part}",
        "A subelement of DE 48 has a wrong format; DE 44 names it.",
    ),
    TRAILING_BYTES: FormatErrorKind(
        "trailing_bytes", "is followed by trailing bytes", "Bytes follow the last field that the bitmaps announce."
    ),
    TOO_LONG: FormatErrorKind(
        "too_long", "exceeds the maximum length of a message", "The message has more than 4,096 bytes."
    ),
}
"""Every kind of format error, by its number in compiled code."""

_OF_CODE = {kind.code: number for number, kind in KINDS.items()}

_SENTENCES = {
    (2, MISSING): "DE 2 and DE 35 are both missing",
    (23, MISSING): "DE 23 is missing, which DE 55 requires",
    (2, CONTRADICTION): "DE 2 is not the PAN in DE 35",
    (14, CONTRADICTION): "DE 14 is not the expiry in DE 35",
    (54, CONTRADICTION): "DE 54 has cash-back in a currency other than DE 49",
    (35, BAD_CONTENT): "DE 35 is not a PAN of 8 to 19 digits, a separator and an expiry",
    (35, IMPOSSIBLE_DATE): "DE 35 has an expiry date with an impossible month",
    (35, IMPOSSIBLE_CODE): "DE 35 has an impossible service code",
    (14, IMPOSSIBLE_DATE): "DE 14 has an impossible month",
    (48, BAD_CONTENT): "DE 48 is not a list of subelements of name (2 digits), length (2 digits) and content",
    (54, BAD_CONTENT): "DE 54 is not a list of amounts of 20 characters: two types, currency, C or D, 12 digits",
    (55, BAD_CONTENT): "DE 55 is not valid BER-TLV",
    (59, BAD_CONTENT): "DE 59 is not a position in ISO 6709 format",
    (60, BAD_CONTENT): "DE 60 is not a completion number (2 digits) and the total number of completions (2 digits)",
    (90, BAD_CONTENT): "DE 90 has a message type that cannot be an original",
    (90, IMPOSSIBLE_DATE): "DE 90 has an impossible transmission date",
    (90, IMPOSSIBLE_TIME): "DE 90 has an impossible transmission time",
    (95, BAD_CONTENT): "DE 95 does not begin with an amount of 12 digits",
}
"""More precise texts for some kinds of errors."""


@dataclass(frozen=True)
class FormatError:
    """One format error. Nothing in it is content of the message.

    field: number of the field; 0 for the message type or the whole message, 1 for a bitmap.
    kind: one of `KINDS`.  part: the tag or subelement that it is about, where it is about one.
    offset: where the field is, or where the message breaks off, in bytes from the message's beginning; None where the
    field is not there, or the message is one to be written.
    """

    field: int
    kind: int
    part: str = ""
    offset: int | None = dataclass_field(default=None, compare=False)

    @property
    def code(self) -> str:
        """The documented code."""
        return KINDS[self.kind].code

    @property
    def sentence(self) -> str:
        """What is wrong, for people."""
        if (self.field, self.kind) in _SENTENCES:
            return _SENTENCES[self.field, self.kind]
        return f"{_name_of(self.field, self.kind)} {KINDS[self.kind].verb.format(part=self.part)}"

    @property
    def additional_response_data(self) -> str:
        """DE 44, at most 25 characters: the field's number (3 digits), the code, and the part where there is one."""
        return f"{self.field:03d} {self.code} {self.part}".rstrip()

    @property
    def in_digits(self) -> str:
        """DE 44 where a dialect has room for digits only: the field's number, then the code's, 3 digits each."""
        return f"{self.field:03d}{self.kind // KIND:03d}"

    def found_at(self, offset: int | None) -> "FormatError":
        """The same error, of a field that begins there."""
        return replace(self, offset=offset)

    @classmethod
    def read(cls, additional_response_data: str) -> "FormatError | None":
        """The format error in a DE 44, or None where it holds something else."""
        field, _, rest = additional_response_data.partition(" ")
        code, _, part = rest.partition(" ")
        if not (len(field) == 3 and field.isascii() and field.isdigit() and code in _OF_CODE):
            return None
        return cls(int(field), _OF_CODE[code], part)


def _name_of(field: int, kind: int) -> str:
    if kind in (TRAILING_BYTES, TOO_LONG):
        return "the message"
    return {0: "the message type", 1: "a bitmap"}.get(field, f"DE {field}")
