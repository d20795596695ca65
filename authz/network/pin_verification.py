"""Verification of online PINs by the holder of the PIN keys, before the engine decides.

Only messages with DE 52 wait for it. The engine receives the outcome as a flag, so a replay of the journal needs
no keys.
"""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
import structlog

from authz.iso8583.encoding import codec
from authz.iso8583.format_errors import BAD_SUBELEMENT, MISSING_SUBELEMENT
from authz.iso8583.messages.additional_data import subelements
from authz.vocabulary.commands import CardholderVerification, CryptogramOutcome, Flag, Records
from tokenvault.background.errands import Errands

log = structlog.get_logger()

KEY_SERIAL_NUMBER = "62"
"""Subelement of DE 48: the DUKPT key serial number of the PIN block in DE 52, hexadecimal."""

_REMEMBERED = 10_000

DEADLINE_SECONDS = 2.0
"""Maximum duration of a verification in seconds; after it the terminal is answered that the PIN was not verified."""


class PinOutcome(IntEnum):
    """The outcome of a PIN verification."""

    RIGHT = 0
    WRONG = 1
    LOCKED = 2
    UNKNOWN = 3  # the verification failed or took too long
    NOT_TRIED = 4  # the message has no valid cryptogram
    NOT_FRESH = 5  # the cryptogram is valid, but the message is not a new request


_FLAGS = {
    PinOutcome.WRONG: Flag.PIN_WRONG,
    PinOutcome.LOCKED: Flag.PIN_LOCKED,
    PinOutcome.NOT_FRESH: Flag.PIN_WRONG,  # the engine declines it as a repeat, and no PIN try is counted
}

_WHAT_MAKES_IT_THE_SAME = ("token_pan", "acquirer", "stan", "transmitted", "atc")


@dataclass(frozen=True)
class EnteredPin:
    """A PIN as a terminal encrypted it. block: 8 bytes, TDES DUKPT.  key_serial_number: 10 bytes.

    transaction_counter: the ATC of the message's cryptogram.  digest: SHA-256 of the values that identify the
    message and its PIN, which are the same in a repeat (0101) as in the original.
    """

    token_pan: str
    block: bytes = field(repr=False)
    key_serial_number: bytes
    transaction_counter: int
    digest: bytes = field(repr=False)


PinVerifier = Callable[[EnteredPin], Awaitable[PinOutcome]]
"""Verifies a PIN and remembers the outcome by digest, also over a restart, so that a repeat uses no second try."""

Freshness = Callable[[Records], Awaitable[bool]]
"""Whether MESSAGE[1] is a new request with a cryptogram that was never used."""


async def nobody_verifies(_entered: EnteredPin) -> PinOutcome:
    """The verifier of a network without PIN keys."""
    return PinOutcome.UNKNOWN


async def _taken_as_fresh(_command: Records) -> bool:
    """The freshness check of a network without an engine that remembers earlier messages."""
    return True


class PinVerifications:
    """Has the PIN of each message verified once: a repeat of a message with a wrong PIN uses no second try.

    is_fresh: called before the verifier, because a captured message must not use up a cardholder's PIN tries.

    If the verifier does not answer in time, the outcome is UNKNOWN. The later outcome is kept for a repeat of the
    message.
    """

    def __init__(
        self,
        verifier: PinVerifier = nobody_verifies,
        deadline_seconds: float = DEADLINE_SECONDS,
        is_fresh: Freshness = _taken_as_fresh,
    ) -> None:
        self._verifier = verifier
        self._deadline_seconds = deadline_seconds
        self._is_fresh = is_fresh
        self._verifications: OrderedDict[bytes, asyncio.Task[PinOutcome]] = OrderedDict()
        self._errands = Errands()

    def verify(self, message: codec.Message, command: Records, then: Callable[[PinOutcome], None]) -> None:
        """Write the outcome of a message's PIN into its command, and then call `then`.

        command: MESSAGE[1]. The PIN is verified only if the cryptogram is valid and new; otherwise anybody could use up
        a cardholder's tries.  Raises: codec.MessageError if DE 48 lacks the key serial number.
        """
        if command["cryptogram_outcome"][0] != CryptogramOutcome.VALID:
            then(PinOutcome.NOT_TRIED)
            return
        entered = _entered_pin(message, command)

        async def unknown() -> None:
            then(PinOutcome.UNKNOWN)

        self._errands.begin("verification of a PIN", self._verify(entered, command, then), unknown)

    async def _verify(self, entered: EnteredPin, command: Records, then: Callable[[PinOutcome], None]) -> None:
        is_told_again = entered.digest in self._verifications
        if is_told_again or await self._is_fresh(command):
            outcome = await self._outcome(entered)
        else:
            outcome = PinOutcome.NOT_FRESH
        command["flags"] |= np.uint16(_FLAGS.get(outcome, 0))
        if outcome is PinOutcome.RIGHT:
            command["cardholder_verification"] = CardholderVerification.PIN
        then(outcome)

    async def _outcome(self, entered: EnteredPin) -> PinOutcome:
        name = entered.digest
        verification = self._verifications.get(name)
        if verification is None:
            verification = self._verifications[name] = asyncio.create_task(self._asked(entered))
            if len(self._verifications) > _REMEMBERED:
                self._verifications.popitem(last=False)
        done, _ = await asyncio.wait([verification], timeout=self._deadline_seconds)
        if not done:
            log.warning("pin_not_verified_in_time", deadline_seconds=self._deadline_seconds)
            return PinOutcome.UNKNOWN
        try:
            return verification.result()
        except Exception:
            log.exception("pin_not_verified")
            self._verifications.pop(name, None)  # a repeat of the message is verified again
            return PinOutcome.UNKNOWN

    async def _asked(self, entered: EnteredPin) -> PinOutcome:
        return await self._verifier(entered)

    async def close(self) -> None:
        """Answer the messages that still wait, then cancel the verifications that are still running."""
        await self._errands.ended()
        unfinished = [each for each in self._verifications.values() if not each.done()]
        for each in unfinished:
            each.cancel()
        await asyncio.gather(*unfinished, return_exceptions=True)


def _entered_pin(message: codec.Message, command: Records) -> EnteredPin:
    number = subelements(message.get(48, "")).get(KEY_SERIAL_NUMBER)
    if number is None:
        raise codec.MessageError(
            48,
            None,
            f"lacks subelement {KEY_SERIAL_NUMBER}, the PIN's key serial number",
            message,
            kind=MISSING_SUBELEMENT,
            part=KEY_SERIAL_NUMBER,
        )
    try:
        key_serial_number = bytes.fromhex(number)
    except ValueError:
        key_serial_number = b""
    if len(key_serial_number) != 10:
        raise codec.MessageError(
            48,
            None,
            "has a key serial number that is not 20 hexadecimal digits",
            message,
            kind=BAD_SUBELEMENT,
            part=KEY_SERIAL_NUMBER,
        )
    block = bytes.fromhex(message[52])
    names = ",".join(str(int(command[part][0])) for part in _WHAT_MAKES_IT_THE_SAME)
    digest = hashlib.sha256(names.encode() + b"," + key_serial_number + block).digest()
    return EnteredPin(str(int(command["token_pan"][0])), block, key_serial_number, int(command["atc"][0]), digest)
