"""Answers that are made by interpreted code, one message at a time: to network management, to malformed and unsupported
messages, and to messages whose processing failed. None of them changes the state of the engine.
"""

from collections.abc import Callable

import structlog

from authz.iso8583.dialects.fields import BINARY_LENGTH, Dialect
from authz.iso8583.encoding import codec
from authz.iso8583.encoding.field_places import FieldPlaces, start_of
from authz.iso8583.format_errors import MISSING, FormatError
from authz.iso8583.message_types import asks_for_an_answer, is_of_another_version
from authz.iso8583.messages.reading import OTHER_MESSAGE, format_error_of
from authz.iso8583.messages.responses import plain_response
from authz.network.peers import Peer
from authz.network.recent_format_errors import RecentFormatErrors
from authz.network.recent_undecided import RecentUndecided, Undecided
from authz.vocabulary.reasons import ANSWERS, Reason

log = structlog.get_logger()

FORMAT_ERROR, FUNCTION_NOT_SUPPORTED, INVALID_TRANSACTION, SYSTEM_MALFUNCTION = "30", "40", "12", "96"
SIGN_ON, SIGN_OFF, ECHO_TEST = "001", "002", "301"


class PlainAnswers:
    """Makes framed answers to encoded messages; an answer is empty if none can be given."""

    def __init__(
        self,
        dialect: Dialect,
        format_errors: RecentFormatErrors,
        undecided: RecentUndecided,
        now_us: Callable[[], int],
    ) -> None:
        self._dialect = dialect
        self._format_errors = format_errors
        self._undecided = undecided
        self._now_us = now_us

    def answer_other(self, message: bytes, problem: int, peer: Peer) -> bytes:
        """The answer to all but well-formed messages about tokens. problem: see `iso8583.messages.reading`."""
        places: FieldPlaces = []
        try:
            fields = codec.decode_checked(message, self._dialect, places)
        except codec.MessageError as refused:
            # Where a field is in a translated message says nothing about the one that was sent.
            error = refused.error.found_at(None) if peer.is_translated else refused.error
            return self.refuse_format(refused.fields, error, peer)
        if problem != OTHER_MESSAGE:
            error = format_error_of(problem)
            found_at = None if peer.is_translated else start_of(error.field, places)
            return self.refuse_format(fields, error.found_at(found_at), peer)
        if fields[0] == "0800":
            return self._manage(fields, peer)
        if not asks_for_an_answer(fields[0]):
            log.warning("unexpected_message", peer=peer.address, message_type=fields[0])
            self._note(Undecided.UNEXPECTED_MESSAGE, fields, None, peer)
            return b""
        return self._refuse_function(fields, peer)

    def refuse_sender(self, encoded: bytes, peer: Peer) -> bytes:
        """The answer to a message that names an acquirer that its peer may not name."""
        message = codec.decode(encoded, self._dialect)
        reason = Reason.ACQUIRER_NOT_AUTHORIZED
        log.warning(reason.code, peer=peer.address, message_type=message[0], acquirer=message[32])
        response_code = ANSWERS[reason].response_code
        self._note(Undecided.ACQUIRER_NOT_AUTHORIZED, message, response_code, peer)
        return self._response(message, response_code)

    def malfunction(self, message: bytes) -> bytes:
        """The answer to a message whose processing failed through an error of the network: DE 39 = 96."""
        try:
            try:
                fields = codec.decode(message, self._dialect)
            except codec.MessageError as error:
                fields = error.fields
            return self._response(fields, SYSTEM_MALFUNCTION) if asks_for_an_answer(fields.get(0)) else b""
        except Exception:
            log.exception("malfunction_not_answered")
            return b""

    def refuse_format(self, fields: codec.Message, error: FormatError, peer: Peer) -> bytes:
        """Log a malformed message, and answer it with DE 39 = 30 if its message type could be read.

        A message of another version of ISO 8583 is not malformed, since that version lays out its fields differently;
        it is answered as a function that is not supported.
        """
        message_type = fields.get(0)
        can_answer = asks_for_an_answer(message_type)
        if can_answer and is_of_another_version(message_type):
            return self._refuse_function(fields, peer)
        self._format_errors.note(fields, error, peer.address, self._now_us())
        self._note(Undecided.FORMAT_ERROR, fields, FORMAT_ERROR if can_answer else None, peer, error)
        log.warning(
            "format_error",
            peer=peer.address,
            message_type=message_type,
            field=error.field,
            code=error.code,
            offset=error.offset,
            reason=error.sentence,
        )
        return self._response(fields, FORMAT_ERROR, error) if can_answer else b""

    def _manage(self, fields: codec.Message, peer: Peer) -> bytes:
        """0800: sign-on, sign-off and echo test."""
        missing = [number for number in (7, 11, 70) if number not in fields]
        if missing:
            return self.refuse_format(fields, FormatError(missing[0], MISSING), peer)
        known = fields[70] in (SIGN_ON, SIGN_OFF, ECHO_TEST)
        response_code = "00" if known else INVALID_TRANSACTION
        log.info("network_management", peer=peer.address, code=fields[70])
        self._note(Undecided.NETWORK_MANAGEMENT, fields, response_code, peer)
        return self._response(fields, response_code)

    def _refuse_function(self, fields: codec.Message, peer: Peer) -> bytes:
        """Answer DE 39 = 40."""
        log.warning("function_not_supported", peer=peer.address, message_type=fields[0])
        self._note(Undecided.FUNCTION_NOT_SUPPORTED, fields, FUNCTION_NOT_SUPPORTED, peer)
        return self._response(fields, FUNCTION_NOT_SUPPORTED)

    def _note(
        self,
        why: Undecided,
        fields: codec.Message,
        response_code: str | None,
        peer: Peer,
        error: FormatError | None = None,
    ) -> None:
        self._undecided.note(why, fields, response_code, peer.address, self._now_us(), error)

    def _response(self, request: codec.Message, response_code: str, error: FormatError | None = None) -> bytes:
        answer = plain_response(request, response_code, error)
        return BINARY_LENGTH.framed(codec.encode(codec.fitting(answer, self._dialect), self._dialect))
