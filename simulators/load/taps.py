"""Taps by the thousand: a whole request once, made by phone and terminal, then only what differs is replaced.

A load generator holds its phones' card keys, as a real one holds those of its test cards.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes

from authz.iso8583.dialects.fields import built_in
from authz.iso8583.encoding import codec
from authz.iso8583.encoding.scan import FRAME_HEADER_BYTES, new_places, scan_message, scan_table
from authz.network.processor import framed
from simulators.parties import sandbox_constants
from simulators.terminals.messages import card_number
from simulators.terminals.terminal import Terminal
from simulators.wallet.phone import Phone
from tokenvault.emv.ciphers.mac import aes_cmac
from tokenvault.emv.cryptograms.cryptogram import INPUT_TAGS, cryptogram_input
from tokenvault.emv.keys.key_derivation import DerivationOption, card_key

STANS = 1_000_000
"""DE 11 has six digits."""

TAPS_MAX = 60_000
"""A phone's transaction counter has 16 bits; it stops before they run out."""

_COUNTER_DIVERSIFIER_REST = bytes(14)
_CRYPTOGRAM_BYTES = 8
_COUNTER, _CRYPTOGRAM = b"\x9f\x36\x02", b"\x9f\x26\x08"
_AMOUNT, _UNPREDICTABLE_NUMBER = b"\x9f\x02\x06", b"\x9f\x37\x04"


@dataclass(frozen=True)
class TapTemplate:
    """One phone's request at one merchant: its bytes, where what differs stands, and what the phone signs.

    message: the request by field.  frame: the same on the wire.  places: name -> offset.  signed: what the cryptogram
    covers, and where in it the counter and the unpredictable number stand.
    """

    message: codec.Message
    frame: bytes
    places: Mapping[str, int]
    signed: bytes
    counter_at: int
    number_at: int


def field_places(frame: bytes) -> dict[int, int]:
    """Where the fields of a framed message begin, by number."""
    places = new_places()
    scan_message(np.frombuffer(frame, np.uint8), FRAME_HEADER_BYTES, len(frame), scan_table(built_in()), places)
    return {number: start for number, (start, length) in enumerate(places.tolist()) if length >= 0}


def tap_template(terminal: Terminal, phone: Phone) -> TapTemplate:
    """Tap once and look where everything is. Spends one of the phone's transaction counters."""
    transaction = terminal.start(100)
    card = phone.tap(transaction.values)
    message = terminal.authorization_request(transaction, card)
    frame = framed(codec.encode(message, built_in()))
    values = transaction.values | card.values
    fields = field_places(frame)
    places = {"amount": fields[4], "transmitted": fields[7], "stan": fields[11], "reference": fields[37]}
    for name, head, tag in (
        ("signed amount", _AMOUNT, "9F02"),
        ("number", _UNPREDICTABLE_NUMBER, "9F37"),
        ("counter", _COUNTER, "9F36"),
        ("cryptogram", _CRYPTOGRAM, "9F26"),
    ):
        places[name] = frame.index(head + values[tag], fields[55]) + len(head)
    order = list(INPUT_TAGS)
    return TapTemplate(
        message,
        frame,
        places,
        cryptogram_input(values, values["9F10"]),
        sum(len(values[tag]) for tag in order[: order.index("9F36")]),
        sum(len(values[tag]) for tag in order[: order.index("9F37")]),
    )


@dataclass
class LoadPhone:
    """A phone as a load generator keeps it: its card key, its transaction counter, and a template for each merchant."""

    card_key: bytes = field(repr=False)
    counter: int
    templates: list[TapTemplate]
    _cipher: CipherContext | None = field(default=None, repr=False)

    def __getstate__(self) -> dict[str, object]:
        return self.__dict__ | {"_cipher": None}  # a cipher does not travel between processes, a key does

    def session_key(self, counter: bytes) -> bytes:
        """The AES session key of one transaction counter (EMV Book 2, A1.3)."""
        if self._cipher is None:
            self._cipher = Cipher(algorithms.AES(self.card_key), modes.ECB()).encryptor()  # noqa: S305
        return self._cipher.update(counter + _COUNTER_DIVERSIFIER_REST)

    def tap(
        self, template: TapTemplate, *, amount_minor: int, stan: int, reference: int, transmitted: bytes, number: bytes
    ) -> bytearray:
        """The next tap as a framed 0100. number: the terminal's unpredictable number, 4 bytes."""
        self.counter += 1
        counter = (self.counter & 0xFFFF).to_bytes(2, "big")
        digits = b"%012d" % amount_minor
        packed = bytes.fromhex(digits.decode())
        signed = bytearray(template.signed)
        signed[:6] = packed
        signed[template.number_at : template.number_at + 4] = number
        signed[template.counter_at : template.counter_at + 2] = counter
        frame = bytearray(template.frame)
        for name, value in (
            ("transmitted", transmitted),
            ("stan", b"%06d" % stan),
            ("reference", b"%012d" % reference),
            ("amount", digits),
            ("signed amount", packed),
            ("number", number),
            ("counter", counter),
            ("cryptogram", aes_cmac(self.session_key(counter), bytes(signed))[:_CRYPTOGRAM_BYTES]),
        ):
            start = template.places[name]
            frame[start : start + len(value)] = value
        return frame


def load_phone(phone: Phone, terminals: list[Terminal]) -> LoadPhone:
    """A provisioned phone and the merchants that it pays at. The sandbox's public master key gives its card key."""
    templates = [tap_template(terminal, phone) for terminal in terminals]
    request = templates[0].message
    master = bytes.fromhex(sandbox_constants.EMV_MASTER_KEY_AES)
    key = card_key(master, card_number(request), request[23][1:], DerivationOption.C)
    return LoadPhone(key, phone.transaction_counter(), templates)
