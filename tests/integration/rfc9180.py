"""The receiving side of HPKE base mode, written from RFC 9180 on elementary operations only.

An independent peer for the vault's sealing: a wallet on another platform would do just this.
"""

import hashlib
import hmac
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

DHKEM_P256, DHKEM_X25519, HKDF_SHA256, AES_128_GCM = 0x0010, 0x0020, 0x0001, 0x0001
_HASH_BYTES, _KEY_BYTES, _NONCE_BYTES = 32, 16, 12


def _extract(suite: bytes, salt: bytes, label: bytes, material: bytes) -> bytes:
    return hmac.digest(salt or bytes(_HASH_BYTES), b"HPKE-v1" + suite + label + material, hashlib.sha256)


def _expand(suite: bytes, key: bytes, label: bytes, info: bytes, length: int) -> bytes:
    labeled = length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    output, block = b"", b""
    for counter in range(1, -(-length // _HASH_BYTES) + 1):
        block = hmac.digest(key, block + labeled + bytes([counter]), hashlib.sha256)
        output += block
    return output[:length]


@dataclass(frozen=True)
class Context:
    """The key schedule's result for one recipient (section 5.1)."""

    shared_secret: bytes
    key: bytes
    base_nonce: bytes
    exporter_secret: bytes
    suite: bytes

    def open(self, ciphertext: bytes, aad: bytes = b"", sequence: int = 0) -> bytes:
        """Open the message with this number (section 5.2)."""
        counter = sequence.to_bytes(_NONCE_BYTES, "big")
        nonce = bytes(a ^ b for a, b in zip(self.base_nonce, counter, strict=True))
        return AESGCM(self.key).decrypt(nonce, ciphertext, aad)

    def export(self, exporter_context: bytes, length: int) -> bytes:
        """A further secret (section 5.3)."""
        return _expand(self.suite, self.exporter_secret, b"sec", exporter_context, length)


def receive(kem: int, private_key: bytes, encapsulated: bytes, info: bytes) -> Context:
    """Set up the base-mode receiver from a raw private key and the sender's encapsulated key."""
    if kem == DHKEM_P256:
        own = ec.derive_private_key(int.from_bytes(private_key, "big"), ec.SECP256R1())
        point = own.public_key().public_numbers()
        public = b"\x04" + point.x.to_bytes(32, "big") + point.y.to_bytes(32, "big")
        shared = own.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), encapsulated))
    else:
        montgomery = x25519.X25519PrivateKey.from_private_bytes(private_key)
        public = montgomery.public_key().public_bytes_raw()
        shared = montgomery.exchange(x25519.X25519PublicKey.from_public_bytes(encapsulated))
    kem_suite = b"KEM" + kem.to_bytes(2, "big")
    secret = _expand(
        kem_suite, _extract(kem_suite, b"", b"eae_prk", shared), b"shared_secret", encapsulated + public, _HASH_BYTES
    )
    suite = b"HPKE" + b"".join(number.to_bytes(2, "big") for number in (kem, HKDF_SHA256, AES_128_GCM))
    context = b"\x00" + _extract(suite, b"", b"psk_id_hash", b"") + _extract(suite, b"", b"info_hash", info)
    schedule = _extract(suite, secret, b"secret", b"")
    return Context(
        secret,
        _expand(suite, schedule, b"key", context, _KEY_BYTES),
        _expand(suite, schedule, b"base_nonce", context, _NONCE_BYTES),
        _expand(suite, schedule, b"exp", context, _HASH_BYTES),
        suite,
    )
