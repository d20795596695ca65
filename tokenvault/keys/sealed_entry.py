"""Card details sealed by and for callers, as JWE (RFC 7516): ECDH-ES and A256GCM on P-256."""

import json
from collections.abc import Iterator
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from tokenvault.keys.key_ring import KeyPurpose, KeyRing
from tokenvault.vocabulary.errors import FieldError

KEY_AGREEMENT, ENCRYPTION = "ECDH-ES", "A256GCM"
_CHARACTERS_MAX = 4096
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256 (FIPS 186-5)


def _elliptic_key(secret: bytes, version: int) -> ECKey:
    """The P-256 key pair behind 32 secret bytes. version: becomes its ``kid``."""
    scalar = int.from_bytes(secret, "big") % (_ORDER - 1) + 1
    return ECKey.import_key(ec.derive_private_key(scalar, ec.SECP256R1()), {"kid": str(version)})


def elliptic_keys(keys: KeyRing, purpose: KeyPurpose) -> Iterator[ECKey]:
    """The P-256 key pairs of a purpose, the newest first."""
    for version in reversed(keys.versions(purpose)):
        yield _elliptic_key(keys.key(purpose, version), version)


def public_keys(keys: KeyRing) -> list[dict[str, Any]]:
    """The keys that callers may seal to, the newest first, as JWK (RFC 7517)."""
    shown = {"use": "enc", "alg": KEY_AGREEMENT}
    return [pair.as_dict(private=False) | shown for pair in elliptic_keys(keys, KeyPurpose.CARD_ENTRY)]


def opened(keys: KeyRing, field: str, sealed: str) -> dict[str, Any]:
    """The JSON object in a JWE that was sealed to the vault; secret.

    field: of the request, for the error.
    Raises: FieldError, which shows nothing of what was in it.
    """
    refusal = FieldError(field, f"is not a compact JWE of a JSON object ({KEY_AGREEMENT}, {ENCRYPTION}) to our key")
    if len(sealed) > _CHARACTERS_MAX:
        raise refusal
    for pair in elliptic_keys(keys, KeyPurpose.CARD_ENTRY):
        try:
            plaintext = jwe.decrypt_compact(sealed, pair, algorithms=[KEY_AGREEMENT, ENCRYPTION]).plaintext
            told = json.loads(plaintext or b"")
        except (JoseError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            continue
        if isinstance(told, dict):
            return told
    raise refusal


def sealed_to(field: str, public_key: dict[str, Any], told: dict[str, Any]) -> str:
    """A JSON object as a compact JWE that only the holder of a P-256 key opens.

    public_key: JWK.
    Raises: FieldError if that is no public key on P-256.
    """
    try:
        key = ECKey.import_key({name: public_key[name] for name in ("kty", "crv", "x", "y")})
        if key.curve_name != "P-256":
            raise ValueError
        header = {"alg": KEY_AGREEMENT, "enc": ENCRYPTION}
        return jwe.encrypt_compact(header, json.dumps(told).encode(), key, algorithms=[KEY_AGREEMENT, ENCRYPTION])
    except (JoseError, ValueError, KeyError, TypeError):
        raise FieldError(field, "must be a public JWK of kty EC on P-256") from None
