"""Verification of online PINs by the holder of the keys, before the engine decides.

Off the hot path: only messages with DE 52 wait for it. What the engine hears is a flag, so a replay needs no keys.
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
"""How long a terminal waits for its PIN to be verified, before it is told that nobody could."""


class PinOutcome(IntEnum):
    """What came of a PIN."""

    RIGHT = 0
    WRONG = 1
    LOCKED = 2
    UNKNOWN = 3  # nobody could verify it
    NOT_TRIED = 4  # there is no right cryptogram before it
    NOT_FRESH = 5  # there is, but its message is no new request


_FLAGS = {
    PinOutcome.WRONG: Flag.PIN_WRONG,
    PinOutcome.LOCKED: Flag.PIN_LOCKED,
    PinOutcome.NOT_FRESH: Flag.PIN_WRONG,  # the engine refuses it for what it is; as a PIN it counts for nothing
}

_WHAT_MAKES_IT_THE_SAME = ("token_pan", "acquirer", "stan", "transmitted", "atc")


@dataclass(frozen=True)
class EnteredPin:
    """A PIN as a terminal encrypted it. block: 8 bytes, TDES DUKPT.  key_serial_number: 10 bytes.

    transaction_counter: of the cryptogram that proves its message.  digest: SHA-256 of what makes it the same message
    with the same PIN, whatever its type says of repetition.
    """

    token_pan: str
    block: bytes = field(repr=False)
    key_serial_number: bytes
    transaction_counter: int
    digest: bytes = field(repr=False)


PinVerifier = Callable[[EnteredPin], Awaitable[PinOutcome]]
"""Remembers what came of each message's PIN: the same digest costs no second try, not after a restart either."""

Freshness = Callable[[Records], Awaitable[bool]]
"""Whether MESSAGE[1] is a request that was never made before, with a cryptogram that was never used."""


async def nobody_verifies(_entered: EnteredPin) -> PinOutcome:
    """Where there is nobody who could."""
    return PinOutcome.UNKNOWN


async def _taken_as_fresh(_command: Records) -> bool:
    """Where nobody remembers what came before."""
    return True


class PinVerifications:
    """Has PINs verified, each message's once: a repeat of a wrong one costs no second try.

    is_fresh: asked before the verifier is, since a captured message must not use up anybody's tries.

    Who does not answer in time could not verify it. What comes of it later is kept for the message's repeat.
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
        """Write a message's outcome into its command; then is called when that is done.

        command: MESSAGE[1]. Only behind a cryptogram that is right and new: else anybody could use up somebody's tries.
        Raises: codec.MessageError where the message lacks what it takes.
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
            self._verifications.pop(name, None)  # its repeat is another try
            return PinOutcome.UNKNOWN

    async def _asked(self, entered: EnteredPin) -> PinOutcome:
        return await self._verifier(entered)

    async def close(self) -> None:
        """Answer whoever still waits, then give up what is still being verified."""
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
            0,
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
            0,
            "has a key serial number that is not 20 hexadecimal digits",
            message,
            kind=BAD_SUBELEMENT,
            part=KEY_SERIAL_NUMBER,
        )
    block = bytes.fromhex(message[52])
    names = ",".join(str(int(command[part][0])) for part in _WHAT_MAKES_IT_THE_SAME)
    digest = hashlib.sha256(names.encode() + b"," + key_serial_number + block).digest()
    return EnteredPin(str(int(command["token_pan"][0])), block, key_serial_number, int(command["atc"][0]), digest)
