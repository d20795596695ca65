"""A PIN pad: ISO 9564 format 0 PIN blocks, encrypted under a new key for each (TDES DUKPT)."""

from dataclasses import dataclass

from simulators.parties import sandbox_constants
from tokenvault.emv.ciphers.block_cipher import tdes_encrypt
from tokenvault.emv.keys import dukpt_tdes
from tokenvault.emv.keys.dukpt_tdes import Variant
from tokenvault.emv.pin import pin_block

_COUNTERS = 0x1F_FFFF
_KEYS_BEFORE_COUNTER = 21


@dataclass
class PinPad:
    """base_key: secret, 16 bytes; a real keypad holds only its initial key.  serial_number: of the keypad.

    counter: how often it has encrypted, so that every PIN has a key of its own.
    """

    serial_number: int = 1
    base_key: bytes = bytes.fromhex(sandbox_constants.PIN_BASE_KEY_TDES)
    counter: int = 0

    def __repr__(self) -> str:
        return f"PinPad({self.serial_number})"

    def enter(self, pin: str, pan: str) -> tuple[bytes, bytes]:
        """Encrypt a PIN; returns the block, 8 bytes, and the key serial number, 10 bytes. Raises: EmvError."""
        self.counter = self.counter % _COUNTERS + 1
        number = 0xFFFF_9876_54 << 40 | (self.serial_number & 0x7FFFF) << _KEYS_BEFORE_COUNTER | self.counter
        key_serial_number = number.to_bytes(dukpt_tdes.KSN_BYTES, "big")
        key = dukpt_tdes.working_key(self.base_key, key_serial_number, Variant.PIN)
        return tdes_encrypt(key, pin_block.encode(0, pin, pan)), key_serial_number
