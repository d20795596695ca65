"""A listener for another dialect: translates messages to the network's dialect and answers back.

Messages in the network's own dialect never pass through here, so this module is not on the fast path. Message
authentication codes, and requests for the keys that make them (0800), belong to one connection of an acquirer, so they
are handled here too.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

import numpy as np
import structlog

from authz.iso8583.action_codes import response_code
from authz.iso8583.dialects.fields import FIELDS, HEADER, Dialect, built_in
from authz.iso8583.encoding import codec
from authz.iso8583.encoding.message_authentication import MacKey, is_authentic, mac_field, sealed
from authz.iso8583.encoding.scan import Places
from authz.iso8583.format_errors import MISSING, FormatError
from authz.iso8583.message_types import asks_for_an_answer, is_of_another_version
from authz.iso8583.messages.responses import plain_response
from authz.iso8583.messages.rewording import RESPONSE_CODE, reworded
from authz.network.arrivals import Reply
from authz.network.peers import Peer
from authz.network.server import Handler
from authz.vocabulary.reasons import ANSWERS, Reason
from tokenvault.background.errands import attempted
from tokenvault.emv.keys.key_block import KeyBlockHeader, wrap

log = structlog.get_logger()

SYSTEM_MALFUNCTION = "96"
MAC_WRONG = "A0"
"""DE 39 of the answer to a message whose authentication code is wrong or missing."""
NEW_KEY = "101"
"""DE 70 of a request for a message authentication key."""
KEY_BLOCK_FIELD = 123

_OWN = built_in()
_ACQUIRER = 32
_HANDED_ON = frozenset(range(FIELDS + 1)) - {64, 65, 128}
"""The data elements that are passed on: all but message authentication codes, and those of a third bitmap."""
NAME_AND_LOCATION = 43
_KEY_BYTES = 16
_MAC_USAGE = {"tdes": ("M3", "T"), "tdes_cbc": ("M1", "T"), "aes": ("M6", "A")}


def _in_ascii(name: str) -> str:
    """DE 43 in the characters of the network's own dialect; no decision depends on it."""
    return (
        name.encode("ascii", "replace")
        .decode()[: _OWN.fields[NAME_AND_LOCATION].max_length]
        .ljust(_OWN.fields[NAME_AND_LOCATION].max_length)
    )


@dataclass(frozen=True)
class KeyExchange:
    """How messages on a listener are authenticated. algorithm: ``tdes``, ``tdes_cbc`` or ``aes``.

    key_encryption_key: that of the port, 16 bytes, secret. It wraps the keys that acquirers request (TR-31 version D
    for AES, otherwise B).
    by_acquirer: key-encryption keys of individual acquirers, by DE 32. If there are any, that of the port is not used.
    is_required: whether every message except a request for a key must carry an authentication code.
    """

    algorithm: str
    key_encryption_key: bytes = field(repr=False)
    is_required: bool = True
    by_acquirer: Mapping[int, bytes] = field(default_factory=dict, repr=False)
    random_bytes: Callable[[int], bytes] = field(default=secrets.token_bytes, repr=False)

    def new_key(self, key_encryption_key: bytes) -> tuple[MacKey, str]:
        """A new key, and the key block that contains it, wrapped by a key-encryption key (TR-31; ASC X9.143)."""
        usage, algorithm = _MAC_USAGE[self.algorithm]
        key = self.random_bytes(_KEY_BYTES)
        version = "D" if self.algorithm == "aes" else "B"
        header = KeyBlockHeader(version, usage, algorithm, "C", "00", "E")
        return MacKey(self.algorithm, key), wrap(key_encryption_key, header, key, self.random_bytes)


@dataclass(frozen=True)
class _Session:
    """The key of a connection. proven: the peer that the key authenticates; None if the key identifies no acquirer."""

    key: MacKey
    proven: Peer | None


class DialectGateway:
    """Translates between a server in another dialect and the network. keys: None if messages are not authenticated."""

    messages_in_a_turn = 16
    """Few, because each is decoded and encoded by interpreted code."""

    def __init__(self, network: Handler, dialect: Dialect, keys: KeyExchange | None = None) -> None:
        self._network = network
        self._dialect = dialect
        self._keys = keys
        self._sessions: WeakKeyDictionary[Peer, _Session] = WeakKeyDictionary()  # ends with its connection

    def receive(self, chunk: bytes, frames: Places, peer: Peer, reply: Reply) -> None:
        """Take complete messages of one connection, see `authz.network.processor.PaymentProcessor`."""
        peer.is_translated = True
        for start, end in frames.tolist():
            if not attempted("message in another dialect", self._receive, chunk[start:end], peer, reply):
                reply(self._malfunction(chunk[start:end]), 1)

    def _malfunction(self, encoded: bytes) -> bytes:
        """The answer to a message whose processing failed through an error of the network: DE 39 = 96."""
        try:
            request = codec.decode(encoded, self._dialect)
        except codec.MessageError as error:
            request = error.fields
        if not asks_for_an_answer(request.get(0)):
            return b""
        return self._framed(plain_response(request, SYSTEM_MALFUNCTION), request, None)

    def _receive(self, encoded: bytes, peer: Peer, reply: Reply) -> None:
        try:
            message = codec.decode_checked(encoded, self._dialect)
        except codec.MessageError as error:
            reply(self.refuse_format(error.fields, error.error, peer), 1)
            return
        believed = peer
        # Another version may carry its code in another field. The network does not support it, and changes nothing.
        if self._keys is not None and not is_of_another_version(message[0]):
            if message[0] == "0800" and message.get(70) == NEW_KEY:
                reply(self._give_key(message, self._keys, peer), 1)
                return
            session = self._sessions.get(peer)
            key = None if session is None else session.key
            wanted = self._keys.is_required or mac_field(message) in message
            if wanted and (key is None or not is_authentic(message, encoded, self._dialect, key)):
                log.warning("mac_wrong", peer=peer.address, message_type=message[0])
                can_answer = asks_for_an_answer(message[0])
                reply(self._framed(plain_response(message, MAC_WRONG), message, key) if can_answer else b"", 1)
                return
            if wanted and session is not None and session.proven is not None:
                believed = session.proven
        self._forward(message, peer, believed, reply)

    def _forward(self, message: codec.Message, peer: Peer, believed: Peer, reply: Reply) -> None:
        """Pass a message on in the network's own dialect. believed: the peer that the message's code authenticates."""
        plain = {number: value for number, value in message.items() if number in _HANDED_ON}
        if RESPONSE_CODE in plain:  # an advice carries the response code of its decision
            plain[RESPONSE_CODE] = response_code(plain[RESPONSE_CODE])
        if NAME_AND_LOCATION in plain:
            plain[NAME_AND_LOCATION] = _in_ascii(plain[NAME_AND_LOCATION])
        try:
            own = codec.encode(plain, _OWN)
        except codec.MessageError as error:
            reply(self.refuse_format(message, error.error, peer), 1)
            return

        def answer(framed: bytes, count: int) -> None:
            if framed:
                own_answer = codec.decode(framed[_OWN.framing.length_bytes :], _OWN)
                session = self._sessions.get(peer)
                framed = self._framed(own_answer, message, None if session is None else session.key)
            reply(framed, count)

        self._network.receive(own, np.array([[0, len(own)]], np.int32), believed, answer)

    def _give_key(self, request: codec.Message, keys: KeyExchange, peer: Peer) -> bytes:
        """The framed answer to a request for a key, wrapped by the port's key-encryption key or that of the acquirer.

        Only the holder of the key-encryption key can open the key block. If it is an acquirer's own, messages that are
        authenticated by the new key are therefore proven to come from this acquirer.
        """
        if keys.by_acquirer and _ACQUIRER not in request:
            return self.refuse_format(request, FormatError(_ACQUIRER, MISSING), peer)
        acquirer = int(request.get(_ACQUIRER, 0))
        key_encryption_key = keys.by_acquirer.get(acquirer) if keys.by_acquirer else keys.key_encryption_key
        if key_encryption_key is None:
            reason = Reason.ACQUIRER_NOT_AUTHORIZED
            log.warning("mac_key_refused", peer=peer.address, acquirer=str(acquirer), reason=reason.code)
            return self._framed(plain_response(request, ANSWERS[reason].response_code), request, None)
        key, block = keys.new_key(key_encryption_key)
        proven = peer.narrowed(frozenset({acquirer})) if keys.by_acquirer else None
        self._sessions[peer] = _Session(key, proven)
        log.info("mac_key_given", peer=peer.address)
        return self._framed(plain_response(request, "00") | {KEY_BLOCK_FIELD: block}, request, None)

    def refuse_format(self, fields: codec.Message, error: FormatError, peer: Peer) -> bytes:
        """Have the network answer a malformed message, and put the answer into the dialect."""
        plain = {number: value for number, value in fields.items() if number != HEADER}
        framed = self._network.refuse_format(plain, error, peer)
        return self._framed(codec.decode(framed[_OWN.framing.length_bytes :], _OWN), fields, None) if framed else b""

    def _framed(self, answer: codec.Message, request: codec.Message, key: MacKey | None) -> bytes:
        """An answer in the dialect, with the request's header, and with an authentication code if there is a key.

        Data elements that the dialect cannot represent are left out.
        """
        fits = codec.fitting(reworded(answer, self._dialect), self._dialect)
        if len(fits) < len(answer):
            log.warning("fields_left_out", fields=sorted(answer.keys() - fits.keys()), dialect=self._dialect.name)
        answer = {HEADER: request[HEADER], **fits} if HEADER in request else fits
        if key is not None:
            answer = sealed(answer, self._dialect, key)
        return self._dialect.framing.framed(codec.encode(answer, self._dialect))
