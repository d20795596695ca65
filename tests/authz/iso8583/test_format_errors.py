"""Format errors in words: what is wrong, and with which field."""

import pytest

from authz.iso8583.format_errors import (
    BAD_CHARACTERS,
    BAD_CONTENT,
    BAD_LENGTH,
    BAD_SUBELEMENT,
    BAD_TAG,
    CONTRADICTION,
    CUT_OFF,
    IMPOSSIBLE_CODE,
    IMPOSSIBLE_DATE,
    IMPOSSIBLE_TIME,
    MISSING,
    MISSING_SUBELEMENT,
    MISSING_TAG,
    TOO_LONG,
    TRAILING_BYTES,
    FormatError,
)


@pytest.mark.parametrize(
    ("error", "data", "sentence"),
    [
        (
            FormatError(0, BAD_CHARACTERS),
            "000 wrong_characters",
            "the message type has characters that are not allowed",
        ),
        (FormatError(0, CUT_OFF), "000 cut_off", "the message type is cut off"),
        (FormatError(1, CUT_OFF), "001 cut_off", "a bitmap is cut off"),
        (FormatError(2, CUT_OFF), "002 cut_off", "DE 2 is cut off"),
        (FormatError(0, TOO_LONG), "000 too_long", "the message exceeds the maximum length of a message"),
        (FormatError(0, TRAILING_BYTES), "000 trailing_bytes", "the message is followed by trailing bytes"),
        (FormatError(2, MISSING), "002 missing", "DE 2 and DE 35 are both missing"),
        (FormatError(3, MISSING), "003 missing", "DE 3 is missing"),
        (FormatError(23, MISSING), "023 missing", "DE 23 is missing, which DE 55 requires"),
        (FormatError(32, BAD_LENGTH), "032 wrong_length", "DE 32 has a length that its table does not allow"),
        (FormatError(2, CONTRADICTION), "002 contradiction", "DE 2 is not the PAN in DE 35"),
        (FormatError(14, CONTRADICTION), "014 contradiction", "DE 14 is not the expiry in DE 35"),
        (FormatError(54, CONTRADICTION), "054 contradiction", "DE 54 has cash-back in a currency other than DE 49"),
        (FormatError(99, CONTRADICTION), "099 contradiction", "DE 99 contradicts another field"),
        (FormatError(35, BAD_CONTENT), "035 wrong_structure", "DE 35 is not a PAN of 8 to 19 digits, a separator"),
        (FormatError(35, IMPOSSIBLE_DATE), "035 impossible_date", "DE 35 has an expiry date with an impossible month"),
        (FormatError(35, IMPOSSIBLE_CODE), "035 impossible_code", "DE 35 has an impossible service code"),
        (FormatError(14, IMPOSSIBLE_DATE), "014 impossible_date", "DE 14 has an impossible month"),
        (FormatError(7, IMPOSSIBLE_DATE), "007 impossible_date", "DE 7 has an impossible date"),
        (FormatError(7, IMPOSSIBLE_TIME), "007 impossible_time", "DE 7 has an impossible time"),
        (FormatError(49, IMPOSSIBLE_CODE), "049 impossible_code", "DE 49 has a code that its standard cannot assign"),
        (FormatError(48, BAD_CONTENT), "048 wrong_structure", "DE 48 is not a list of subelements of name (2 digits)"),
        (FormatError(54, BAD_CONTENT), "054 wrong_structure", "DE 54 is not a list of amounts of 20 characters"),
        (FormatError(55, BAD_CONTENT), "055 wrong_structure", "DE 55 is not valid BER-TLV"),
        (FormatError(59, BAD_CONTENT), "059 wrong_structure", "DE 59 is not a position in ISO 6709 format"),
        (FormatError(60, BAD_CONTENT), "060 wrong_structure", "DE 60 is not a completion number (2 digits)"),
        (FormatError(62, BAD_CONTENT), "062 wrong_structure", "DE 62 does not have the required structure"),
        (FormatError(90, BAD_CONTENT), "090 wrong_structure", "DE 90 has a message type that cannot be an original"),
        (FormatError(90, IMPOSSIBLE_DATE), "090 impossible_date", "DE 90 has an impossible transmission date"),
        (FormatError(90, IMPOSSIBLE_TIME), "090 impossible_time", "DE 90 has an impossible transmission time"),
        (FormatError(95, BAD_CONTENT), "095 wrong_structure", "DE 95 does not begin with an amount of 12 digits"),
        (FormatError(55, MISSING_TAG, "9F26"), "055 missing_tag 9F26", "DE 55 lacks tag 9F26"),
        (FormatError(55, BAD_TAG, "9F10"), "055 wrong_tag 9F10", "DE 55 has tag 9F10 twice, or with an invalid value"),
        (FormatError(48, MISSING_SUBELEMENT, "61"), "048 missing_subelement 61", "DE 48 lacks subelement 61"),
        (FormatError(48, BAD_SUBELEMENT, "61"), "048 wrong_subelement 61", "DE 48 has an invalid subelement 61"),
    ],
)
def test_a_format_error_in_words(error, data, sentence):
    """For machines in DE 44 and for people; where it can be said more closely than by its kind, it is."""
    assert error.additional_response_data == data
    assert error.sentence.startswith(sentence)
    assert FormatError.read(data) == error
