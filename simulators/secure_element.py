"""A secure element: keys go in or are born there, signatures and cryptograms come out."""

import base64
import json
from dataclasses import dataclass
from typing import Any, NoReturn

from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jws
from joserfc.jwk import ECKey

from tokenvault.keys.sealing import open_on_device
from tokenvault.pan import Track2
from tokenvault.proof_of_possession import ALGORITHM, PROOF_TYPE
from tokenvault.tokens.credentials import TokenCredentials

_ARQC = b"\x80"
"""Tag 9F27: authorization request cryptogram (EMV Book 3, 6.5.5.4)."""


@dataclass(frozen=True)
class CardAnswer:
    """What a phone gives a terminal at a tap. values: tag -> value, tags as upper-case hexadecimal."""

    track2: Track2
    pan_sequence_number: str
    values: dict[str, bytes]


class SecureElement:
    """Holds a device key and token keys. No method returns a key, and the object can be neither copied nor pickled."""

    def __init__(self) -> None:
        self.__device_key = ec.generate_private_key(ec.SECP256R1())
        self.__signing_key = ECKey.import_key(self.__device_key)
        self.__tokens: dict[str, TokenCredentials] = {}
        self.__counters: dict[str, int] = {}
        self.__taps_left: dict[str, int] = {}

    def __repr__(self) -> str:
        return f"SecureElement({len(self.__tokens)} tokens)"

    def __reduce_ex__(self, _protocol: Any) -> NoReturn:
        raise TypeError("a secure element cannot be copied")

    def public_key(self) -> ec.EllipticCurvePublicKey:
        """The public half of the device key."""
        return self.__device_key.public_key()

    def sign_proof(self, claims: dict[str, object]) -> str:
        """A DPoP proof over these claims (RFC 9449, 4.2)."""
        public_jwk = self.__signing_key.as_dict(private=False)
        header = {
            "typ": PROOF_TYPE,
            "alg": ALGORITHM,
            "jwk": {name: public_jwk[name] for name in ("kty", "crv", "x", "y")},
        }
        return jws.serialize_compact(header, json.dumps(claims).encode(), self.__signing_key, algorithms=[ALGORITHM])

    def install(self, sealed_credentials: str, info: str) -> str:
        """Open sealed credentials and keep them; returns the token's identifier.

        sealed_credentials: base64url of the HPKE message.
        Raises: cryptography.exceptions.InvalidTag if they were sealed to another device.
        """
        padded = sealed_credentials + "=" * (-len(sealed_credentials) % 4)
        plaintext = open_on_device(base64.urlsafe_b64decode(padded), self.__device_key, info.encode("ascii"))
        credentials = TokenCredentials.decode(plaintext)
        self.__tokens[credentials.token_id] = credentials
        if credentials.limited_use_key is not None:
            self.__taps_left[credentials.token_id] = credentials.limited_use_key.uses
        self.__counters.setdefault(credentials.token_id, 0)
        return credentials.token_id

    def wants_refill(self, token_id: str) -> bool:
        """Whether a token's limited-use key is so far used up that the next should be asked for."""
        limited = self.__tokens[token_id].limited_use_key
        return limited is not None and self.__taps_left[token_id] <= limited.refill_at

    def generate_cryptogram(self, token_id: str, terminal_values: dict[str, bytes]) -> CardAnswer:
        """Answer one tap with track 2, ATC, issuer application data and an ARQC.

        terminal_values: tag -> value of what the terminal sent. Each call uses up one transaction counter.
        Raises: KeyError if there is no such token here.
        """
        token = self.__tokens[token_id]
        self.__counters[token_id] += 1
        if token_id in self.__taps_left:
            self.__taps_left[token_id] -= 1
        values = {
            "82": bytes.fromhex(token.application_interchange_profile),
            "84": bytes.fromhex(token.application_identifier),
            "9F10": bytes.fromhex(token.issuer_application_data),
            "9F27": _ARQC,
            "9F36": self.__counters[token_id].to_bytes(2, "big"),
        }
        secret = token.card_key if token.limited_use_key is None else token.limited_use_key.key
        assert secret is not None, "credentials hold one of two kinds of keys"
        values["9F26"] = token.cryptogram_version.arqc(bytes.fromhex(secret), terminal_values | values)
        track2 = Track2(token.token_pan, token.expiry, token.service_code, "0")
        return CardAnswer(track2, token.pan_sequence_number, values)
