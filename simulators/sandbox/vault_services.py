"""The vault's services for the network (cryptogram keys, PIN verification) and its background tasks."""

import asyncio
from collections.abc import Callable

import structlog

from authz.network.pin_verification import EnteredPin, PinOutcome
from tokenvault.background.errands import in_thread
from tokenvault.cards.pins import PinAttempt, PinEncryption, WrongPin, verify_pin
from tokenvault.customers.reviewing import expire_due
from tokenvault.key_management.key_rotation import reseal_some
from tokenvault.keys.key_ring import KeyRing
from tokenvault.tokens.tokens import VERSIONS, key_purpose_of
from tokenvault.vault import Vault
from tokenvault.vocabulary.errors import Conflict, FieldError, KeyUnavailable, NotFound

log = structlog.get_logger()

_RESEAL_PAUSE_SECONDS = 0.5
_EXPIRY_PAUSE_SECONDS = 0.5


async def keep_resealing(vault: Vault) -> None:
    """Do what running key rotations have left, one batch at a time, so that others get their turn in between."""
    while True:
        try:
            busy = await in_thread(reseal_some, vault)
        except Exception:
            log.exception("resealing_failed")
            busy = False
        await asyncio.sleep(0.001 if busy else _RESEAL_PAUSE_SECONDS)


async def keep_expiring(vault: Vault) -> None:
    """End reviews of applications soon after their time has passed, so that their events come although nobody looks."""
    while True:
        await in_thread(expire_due, vault)
        await asyncio.sleep(_EXPIRY_PAUSE_SECONDS)


def issuer_keys(keys: KeyRing) -> Callable[[int, int], bytes | None]:
    """The issuer master key behind a cryptogram version and key index, for the network."""

    def issuer_key(version: int, key_index: int) -> bytes | None:
        if version not in VERSIONS:
            return None
        try:
            return keys.key(key_purpose_of(version), key_index)
        except KeyUnavailable:
            return None

    return issuer_key


def verified_pin(vault: Vault, entered: EnteredPin) -> PinOutcome:
    """The vault's result of a PIN verification."""
    try:
        verify_pin(
            vault,
            token_pan=entered.token_pan,
            block=entered.block,
            ksn=entered.key_serial_number,
            encryption=PinEncryption.DUKPT_TDES,
            attempt=PinAttempt(entered.transaction_counter, entered.digest),
        )
    except (WrongPin, NotFound, FieldError):
        return PinOutcome.WRONG
    except Conflict as error:
        return PinOutcome.LOCKED if error.code == "pin_tries_exceeded" else PinOutcome.WRONG
    return PinOutcome.RIGHT
