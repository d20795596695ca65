"""Answers that are made one by one, field by field: to network management, to what is malformed or not served, and to
messages that we fail on. They change nothing.
"""

from collections.abc import Callable

import structlog

from authz.iso8583.dialects.fields import BINARY_LENGTH, Dialect
from authz.iso8583.encoding import codec
from authz.iso8583.format_errors import MISSING, FormatError
from authz.iso8583.message_types import asks_for_an_answer, is_of_another_version
from authz.iso8583.messages.reading import OTHER_MESSAGE, format_error_of
from authz.iso8583.messages.responses import plain_response
from authz.network.lines import Line
from authz.network.recent_format_errors import RecentFormatErrors
from authz.vocabulary.reasons import ANSWERS, Reason

log = structlog.get_logger()

FORMAT_ERROR, FUNCTION_NOT_SUPPORTED, INVALID_TRANSACTION, SYSTEM_MALFUNCTION = "30", "40", "12", "96"
SIGN_ON, SIGN_OFF, ECHO_TEST = "001", "002", "301"


class PlainAnswers:
    """Takes encoded messages and makes framed answers, empty where none can be given."""

    def __init__(self, dialect: Dialect, format_errors: RecentFormatErrors, now_us: Callable[[], int]) -> None:
        self._dialect = dialect
        self._format_errors = format_errors
        self._now_us = now_us

    def answer_other(self, message: bytes, problem: int, line: Line) -> bytes:
        """The answer to anything but a good message about a token. problem: see `iso8583.messages.reading`."""
        try:
            fields = codec.decode_checked(message, self._dialect)
        except codec.MessageError as error:
            return self.refuse_format(error.fields, error.error, line)
        if problem != OTHER_MESSAGE:
            return self.refuse_format(fields, format_error_of(problem), line)
        if fields[0] == "0800":
            return self._manage(fields, line)
        if not asks_for_an_answer(fields[0]):
            log.warning("unexpected_message", peer=line.peer, message_type=fields[0])
            return b""
        return self._refuse_function(fields, line)

    def refuse_sender(self, encoded: bytes, line: Line) -> bytes:
        """The answer to a message in the name of an acquirer that its line may not speak for."""
        message = codec.decode(encoded, self._dialect)
        reason = Reason.ACQUIRER_NOT_AUTHORIZED
        log.warning(reason.code, peer=line.peer, message_type=message[0], acquirer=message[32])
        return self._response(message, ANSWERS[reason].response_code)

    def malfunction(self, message: bytes) -> bytes:
        """The answer to a message that we, not its sender, are the reason of failing."""
        try:
            try:
                fields = codec.decode(message, self._dialect)
            except codec.MessageError as error:
                fields = error.fields
            return self._response(fields, SYSTEM_MALFUNCTION) if asks_for_an_answer(fields.get(0)) else b""
        except Exception:
            log.exception("malfunction_not_answered")
            return b""

    def refuse_format(self, fields: codec.Message, error: FormatError, line: Line) -> bytes:
        """Log a malformed message and answer DE 39 = 30 to it, where its message type could be read.

        A message of another version is not malformed: its fields are laid out as that version has them.
        """
        message_type = fields.get(0)
        can_answer = asks_for_an_answer(message_type)
        if can_answer and is_of_another_version(message_type):
            return self._refuse_function(fields, line)
        self._format_errors.note(fields, error, line.peer, self._now_us())
        log.warning(
            "format_error",
            peer=line.peer,
            message_type=message_type,
            field=error.field,
            code=error.code,
            reason=error.sentence,
        )
        return self._response(fields, FORMAT_ERROR, error) if can_answer else b""

    def _manage(self, fields: codec.Message, line: Line) -> bytes:
        """0800: sign-on, sign-off and echo test."""
        missing = [number for number in (7, 11, 70) if number not in fields]
        if missing:
            return self.refuse_format(fields, FormatError(missing[0], MISSING), line)
        known = fields[70] in (SIGN_ON, SIGN_OFF, ECHO_TEST)
        log.info("network_management", peer=line.peer, code=fields[70])
        return self._response(fields, "00" if known else INVALID_TRANSACTION)

    def _refuse_function(self, fields: codec.Message, line: Line) -> bytes:
        """Answer DE 39 = 40."""
        log.warning("function_not_supported", peer=line.peer, message_type=fields[0])
        return self._response(fields, FUNCTION_NOT_SUPPORTED)

    def _response(self, request: codec.Message, response_code: str, error: FormatError | None = None) -> bytes:
        answer = plain_response(request, response_code, error)
        return BINARY_LENGTH.framed(codec.encode(codec.fitting(answer, self._dialect), self._dialect))
