"""DPoP: a device proves on every call that it holds its key (RFC 9449).

Tapwright's access tokens are API keys sent as ``Authorization: Bearer``; the proof binds one call to the device's key
and, through ``ath``, to that API key.
"""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass

import sqlalchemy as sa
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from tokenvault.outgoing.target_uri import normalized
from tokenvault.storage import schema
from tokenvault.storage.database import writing
from tokenvault.vault import Vault
from tokenvault.vocabulary.errors import Unauthenticated

ALGORITHM = "ES256"
PROOF_TYPE = "dpop+jwt"
AGE_SECONDS_MAX = 60
"""How far a proof's ``iat`` may lie from the vault's clock, either way."""
_PROOF_CHARACTERS_MAX = 4096
_JTI_CHARACTERS_MAX = 128
_FORGETTING = 4
"""With so many of 256 proofs, those that are too old to be used again are forgotten."""


@dataclass(frozen=True)
class ProvenKey:
    """A public key whose holder made this call. thumbprint: RFC 7638, SHA-256, base64url."""

    key: ECKey
    thumbprint: str


def _refuse(reason: str) -> Unauthenticated:
    return Unauthenticated(f"DPoP proof: {reason}", code="invalid_dpop_proof")


def access_token_hash(access_token: str) -> str:
    """The ``ath`` claim: base64url of the SHA-256 of the access token (RFC 9449, 4.2)."""
    digest = hashlib.sha256(access_token.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def verify_proof(vault: Vault, proof: str, method: str, url: str, access_token: str) -> ProvenKey:
    """Check a proof against the call it came with, and remember it so that it works only once.

    method and url: of the call. The claim `htu` and the url are compared as `target_uri` writes them.
    Raises: Unauthenticated, saying which claim is wrong.
    Source: RFC 9449, 4.3.
    """
    key, claims = _open(proof)
    if claims.get("htm") != method:
        raise _refuse("htm is not the method of this call")
    if not _is_same_target(claims.get("htu"), url):
        raise _refuse("htu is not the URL of this call")
    issued_at = claims.get("iat")
    # Said so that NaN, which JSON parsers let through, is refused: no comparison with it is true.
    if not (isinstance(issued_at, int | float) and abs(vault.proof_time() - issued_at) <= AGE_SECONDS_MAX):
        raise _refuse(f"iat is not within {AGE_SECONDS_MAX} s of the vault's clock")
    if not hmac.compare_digest(str(claims.get("ath")).encode(), access_token_hash(access_token).encode()):
        raise _refuse("ath is not the hash of the access token")
    identifier = claims.get("jti")
    if not isinstance(identifier, str) or not 1 <= len(identifier) <= _JTI_CHARACTERS_MAX:
        raise _refuse(f"jti is not a text of 1 to {_JTI_CHARACTERS_MAX} characters")
    proven = ProvenKey(key, key.thumbprint())
    _use_once(vault, proven, identifier)
    return proven


def _open(proof: str) -> tuple[ECKey, dict[str, object]]:
    """Verify the signature under the key in the proof's own header; return key and claims."""
    if len(proof) > _PROOF_CHARACTERS_MAX:
        raise _refuse("is too long")
    try:
        header = json.loads(base64.urlsafe_b64decode(proof.partition(".")[0] + "=="))
        if header.get("typ") != PROOF_TYPE or header.get("alg") != ALGORITHM:
            raise _refuse(f"typ is not {PROOF_TYPE} or alg is not {ALGORITHM}")
        key = ECKey.import_key(header["jwk"])
        if key.curve_name != "P-256" or key.is_private:
            raise _refuse("jwk is not a public key on P-256")
        signed = jws.deserialize_compact(proof, key, algorithms=[ALGORITHM])
        claims = json.loads(signed.payload or b"")
        json.dumps([header, claims], ensure_ascii=False).encode()  # half of a surrogate pair is not text
    except (JoseError, ValueError, KeyError, AttributeError, TypeError, RecursionError):
        raise _refuse("is not a signed JWT with its public key in the header") from None
    if not isinstance(claims, dict):
        raise _refuse("has no claims")
    return key, claims


def _is_same_target(claimed: object, url: str) -> bool:
    """Whether two URLs are one after normalization, query and fragment aside; what is no URL is the same as nothing."""
    try:
        return isinstance(claimed, str) and normalized(claimed) == normalized(url)
    except ValueError:
        return False


def _use_once(vault: Vault, proven: ProvenKey, identifier: str) -> None:
    digest = hashlib.sha256(f"{proven.thumbprint}|{identifier}".encode()).digest()
    now = vault.proof_time()
    try:
        with writing(vault.database) as connection:
            if digest[0] < _FORGETTING:
                connection.execute(sa.delete(schema.proofs_seen).where(schema.proofs_seen.c.expires_at < now))
            row = {"digest": digest, "expires_at": now + 2 * AGE_SECONDS_MAX}
            connection.execute(sa.insert(schema.proofs_seen), row)
    except sa.exc.IntegrityError:
        raise Unauthenticated("DPoP proof: was used before", code="replayed_dpop_proof") from None
