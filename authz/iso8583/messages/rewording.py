"""Answer fields whose content differs between dialects: DE 39 and DE 44.

Each is offered in ever less exact forms; the first that the dialect has room for is taken.
"""

from authz.iso8583.action_codes import action_code
from authz.iso8583.dialects.fields import Dialect
from authz.iso8583.encoding import codec
from authz.iso8583.format_errors import FormatError

RESPONSE_CODE, ADDITIONAL_RESPONSE_DATA = 39, 44


def reworded(answer: codec.Message, dialect: Dialect) -> codec.Message:
    """An answer with DE 39 and DE 44 in a form that fits the dialect, as far as there is one."""
    forms = {}
    if RESPONSE_CODE in answer:
        forms[RESPONSE_CODE] = [answer[RESPONSE_CODE], action_code(answer[RESPONSE_CODE])]
    if error := FormatError.read(answer.get(ADDITIONAL_RESPONSE_DATA, "")):
        forms[ADDITIONAL_RESPONSE_DATA] = _forms_of(error, dialect)
    chosen = {number: _first_that_fits(number, values, dialect) for number, values in forms.items()}
    return {**answer, **{number: value for number, value in chosen.items() if value is not None}}


def _first_that_fits(number: int, values: list[str], dialect: Dialect) -> str | None:
    return next((value for value in values if codec.fitting({number: value}, dialect)), None)


def _forms_of(error: FormatError, dialect: Dialect) -> list[str]:
    """Text with the tag and without, digits, the number of the field alone; filled up in a field of fixed length."""
    spec = dialect.fields[ADDITIONAL_RESPONSE_DATA]
    texts = [error.additional_response_data, f"{error.field:03d} {error.code}"]
    digits = [error.in_digits, f"{error.field:03d}"]
    room = spec.max_length if spec.length_bytes == 0 else 0
    if spec.content == "n" or spec.counts_nibbles:
        digits_of_room = room * 2 if spec.is_binary and not spec.counts_nibbles else room
        return [number.rjust(digits_of_room, "0") for number in digits]
    forms = [form.ljust(room) for form in (*texts, *digits)]
    return [form.encode("ascii").hex().upper() for form in forms] if spec.is_binary else forms
