"""Answers that are not decisions: to network management, and to messages that cannot be decided."""

from authz.iso8583.encoding import codec
from authz.iso8583.format_errors import FormatError
from authz.iso8583.message_types import answer_type

_ECHOED = (3, 7, 11, 37, 41, 70)
_ADDITIONAL_RESPONSE_DATA = 44


def plain_response(request: codec.Message, response_code: str, error: FormatError | None = None) -> codec.Message:
    """An answer with the fields that identify its request, DE 39, and the format error in DE 44 if there is one."""
    echoed = {number: request[number] for number in _ECHOED if number in request}
    answer = {0: answer_type(request[0]), **echoed, 39: response_code}
    return answer if error is None else {**answer, _ADDITIONAL_RESPONSE_DATA: error.additional_response_data}
