"""Sealing: funding PANs at rest, and credentials on their way to one device."""

import hashlib
import hmac

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from tokenvault.identifiers import Prefix, RandomBytes, to_text
from tokenvault.keys import KeyPurpose, KeyRing

_NONCE_BYTES = 12
_CREDENTIAL_SUITE = Suite(KEM.P256, KDF.HKDF_SHA256, AEAD.AES_128_GCM)
_CREDENTIAL_INFO = "tapwright token credentials v1"


def seal_funding_pan(keys: KeyRing, pan: str, card_id: int, random_bytes: RandomBytes) -> tuple[int, bytes]:
    """Seal a funding PAN for its row: AES-256-GCM, a fresh nonce in front, bound to card and key version.

    Returns: the version of the sealing key, and nonce (12) || ciphertext || tag (16).
    """
    version = keys.current_version(KeyPurpose.PAN_SEALING)
    nonce = random_bytes(_NONCE_BYTES)
    cipher = AESGCM(keys.key(KeyPurpose.PAN_SEALING, version))
    return version, nonce + cipher.encrypt(nonce, pan.encode("ascii"), _row_binding(card_id, version))


def unseal_funding_pan(keys: KeyRing, version: int, sealed: bytes, card_id: int) -> str:
    """Open a sealed funding PAN; secret.

    Raises: cryptography.exceptions.InvalidTag if it was altered or belongs to another row.
    """
    cipher = AESGCM(keys.key(KeyPurpose.PAN_SEALING, version))
    nonce, ciphertext = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    return cipher.decrypt(nonce, ciphertext, _row_binding(card_id, version)).decode("ascii")


def _row_binding(card_id: int, version: int) -> bytes:
    return f"cards.sealed_pan|{card_id}|{version}".encode()


def funding_pan_lookup(keys: KeyRing, pan: str) -> bytes:
    """The keyed hash by which a funding PAN is found again: HMAC-SHA-256, 32 bytes.

    A plain hash would not do: all PANs of a BIN can be tried in seconds.
    """
    key = keys.key(KeyPurpose.PAN_LOOKUP, keys.current_version(KeyPurpose.PAN_LOOKUP))
    return hmac.digest(key, pan.encode("ascii"), hashlib.sha256)


def credential_info(token_id: int, device_id: int) -> bytes:
    """The HPKE ``info`` of sealed credentials: what a device must name to open them (RFC 9180, 8.1)."""
    parts = (_CREDENTIAL_INFO, to_text(Prefix.TOKEN, token_id), to_text(Prefix.DEVICE, device_id))
    return "|".join(parts).encode("ascii")


def seal_to_device(plaintext: bytes, public_key: ec.EllipticCurvePublicKey, info: bytes) -> bytes:
    """Seal to one device: HPKE base mode, DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-128-GCM, empty aad.

    Returns: encapsulated key (65 bytes) || ciphertext || tag (16).
    Source: RFC 9180, 6.1.
    """
    return _CREDENTIAL_SUITE.encrypt(plaintext, public_key, info=info)


def open_on_device(sealed: bytes, private_key: ec.EllipticCurvePrivateKey, info: bytes) -> bytes:
    """What `seal_to_device` sealed; the device's side of it, secret.

    Raises: cryptography.exceptions.InvalidTag for another key, another info or altered bytes.
    """
    return _CREDENTIAL_SUITE.decrypt(sealed, private_key, info=info)
