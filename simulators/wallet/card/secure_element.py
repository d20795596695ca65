"""A secure element: keys are stored or generated in it, and only signatures and cryptograms leave it in clear."""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, Self

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_der_private_key
from joserfc import jws
from joserfc.jwk import ECKey

from tokenvault.devices.proof_of_possession import ALGORITHM, PROOF_TYPE
from tokenvault.emv.cryptograms.cryptogram_versions import SignedFor, with_results
from tokenvault.keys.sealing import open_on_device
from tokenvault.tokens.credentials import TokenCredentials
from tokenvault.vocabulary.errors import FieldError

_FORMAT = "tapwright-secure-element-1"
"""Of the content of a secure element, as `wrapped` has it encrypted."""

Wrap = Callable[[bytes], bytes]
"""Encrypts and authenticates what is given to it in clear."""

Unwrap = Callable[[bytes], bytes]
"""Opens what `Wrap` made. Raises whatever it raises for anything else."""

_ARQC = b"\x80"
"""Tag 9F27: authorization request cryptogram (EMV Book 3, 6.5.5.4)."""


class NoKeysLeft(Exception):
    """The limited-use key is used up, and no other is there."""


class SecureElement:
    """Holds a device key and token keys. No method returns a key, and the object can be neither copied nor pickled."""

    def __init__(self) -> None:
        self.__keep_device_key(ec.generate_private_key(ec.SECP256R1()))
        self.__tokens: dict[str, TokenCredentials] = {}
        self.__counters: dict[str, int] = {}
        self.__taps_left: dict[str, int] = {}

    def __repr__(self) -> str:
        return f"SecureElement({len(self.__tokens)} tokens)"

    def __reduce_ex__(self, _protocol: Any) -> NoReturn:
        raise TypeError("a secure element cannot be copied")

    def wrapped(self, wrap: Wrap) -> bytes:
        """Everything in it, encrypted: its keys, how often each has signed, and how often each still may.

        wrap: the one who keeps the result; it is given the keys in clear, and nobody else is.
        Raises: ValueError where what it returns contains what it was given.
        """
        key = self.__device_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        tokens = [
            {
                "credentials": credentials.encode().decode(),
                "transaction_counter": self.__counters[token_id],
                "taps_left": self.__taps_left.get(token_id),
            }
            for token_id, credentials in self.__tokens.items()
        ]
        content = {"format": _FORMAT, "device_key": base64.b64encode(key).decode(), "tokens": tokens}
        plaintext = json.dumps(content, separators=(",", ":")).encode()
        octets = wrap(plaintext)
        if plaintext in octets:
            raise ValueError("the content of a secure element leaves it encrypted, or not at all")
        return octets

    @classmethod
    def unwrapped(cls, octets: bytes, unwrap: Unwrap) -> Self:
        """A secure element with the content that `wrapped` returned. Raises: ValueError for any other content."""
        made = cls()
        made.__take(unwrap(octets))
        return made

    def __take(self, plaintext: bytes) -> None:
        # Whatever is wrong with the content, none of it may stand in the error: there are keys in it.
        try:
            content = json.loads(plaintext)
            if content["format"] != _FORMAT:
                raise ValueError(f"the content of this secure element is not of the format {_FORMAT}")
            key = load_der_private_key(base64.b64decode(content["device_key"]), None)
            for each in content["tokens"]:
                credentials = TokenCredentials.decode(each["credentials"].encode())
                self.__tokens[credentials.token_id] = credentials
                self.__counters[credentials.token_id] = int(each["transaction_counter"])
                if each["taps_left"] is not None:
                    self.__taps_left[credentials.token_id] = int(each["taps_left"])
        except (LookupError, TypeError, AttributeError, FieldError, json.JSONDecodeError, binascii.Error):
            raise ValueError("this is not the content of a secure element") from None
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ValueError("the device key of this secure element is of another kind")
        self.__keep_device_key(key)

    def __keep_device_key(self, key: ec.EllipticCurvePrivateKey) -> None:
        self.__device_key = key
        self.__signing_key = ECKey.import_key(key)

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

    def holds(self, token_id: str) -> bool:
        """Whether a token's credentials are here."""
        return token_id in self.__tokens

    def credentials(self, token_id: str) -> Mapping[str, str]:
        """What of a token's credentials is no secret: everything but its keys. Raises: KeyError."""
        token = self.__tokens[token_id]
        return {
            name: value
            for name, value in vars(token).items()
            if name not in ("card_key", "limited_use_key") and value is not None
        }

    def transaction_counter(self, token_id: str) -> int:
        """The last counter that a token's cryptograms used. Raises: KeyError."""
        return self.__counters[token_id]

    def taps_left(self, token_id: str) -> int | None:
        """How often a token's limited-use key may still sign; None where it is the card key. Raises: KeyError."""
        return self.__taps_left.get(token_id)

    def generate_cryptogram(
        self,
        token_id: str,
        terminal_values: Mapping[str, bytes],
        *,
        signed_for: SignedFor = SignedFor.TAP,
        cardholder_verified: bool = False,
        honours_limits: bool = True,
    ) -> dict[str, bytes]:
        """Sign one payment: tags 82, 84, 9F10, 9F26, 9F27 and 9F36. Each call uses up one transaction counter.

        terminal_values: tag -> value of what the terminal sent.  cardholder_verified: by the device, for this payment.
        honours_limits: false on a phone that was tampered with, which signs on when its key is used up.
        Raises: KeyError if there is no such token here; NoKeysLeft.
        """
        token = self.__tokens[token_id]
        if self.__taps_left.get(token_id) == 0 and honours_limits:
            raise NoKeysLeft(f"the key of {token_id} is used up; refill it")
        self.__counters[token_id] += 1
        if self.__taps_left.get(token_id):
            self.__taps_left[token_id] -= 1
        personalized = bytes.fromhex(token.issuer_application_data)
        values = {
            "82": bytes.fromhex(token.application_interchange_profile),
            "84": bytes.fromhex(token.application_identifier),
            "9F10": with_results(personalized, signed_for, cardholder_verified=cardholder_verified),
            "9F27": _ARQC,
            "9F36": self.__counters[token_id].to_bytes(2, "big"),
        }
        secret = token.card_key if token.limited_use_key is None else token.limited_use_key.key
        assert secret is not None, "credentials hold one of two kinds of keys"
        values["9F26"] = token.cryptogram_version.arqc(bytes.fromhex(secret), {**terminal_values, **values})
        return values
