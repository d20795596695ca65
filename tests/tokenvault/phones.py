"""Devices for tests of the vault's use cases: a secure element, its maker, and proofs that can be spoilt."""

import base64
import uuid

from cryptography.hazmat.primitives.serialization import Encoding

from simulators.parties.manufacturer import Manufacturer
from simulators.wallet.card.secure_element import SecureElement
from tokenvault.devices.devices import DeviceKind, register_device
from tokenvault.devices.proof_of_possession import access_token_hash, verify_proof

WALLET_KEY = "a-wallet's-key"
URL = "https://vault.example/v1/devices"


def encoded(certificate):
    """A certificate as the API takes it."""
    return base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()


class Phone:
    """A key in a secure element, and what it can show a vault."""

    def __init__(self, vault):
        self.vault = vault
        self.secure_element = SecureElement()

    def claims(self, **changes):
        """Good claims for a call of this moment, with changes; None leaves one out."""
        claims = {
            "jti": str(uuid.uuid4()),
            "htm": "POST",
            "htu": URL,
            "iat": self.vault.now(),
            "ath": access_token_hash(WALLET_KEY),
        } | changes
        return {name: value for name, value in claims.items() if value is not None}

    def proof(self, **changes):
        """A signed proof."""
        return self.secure_element.sign_proof(self.claims(**changes))

    def proven(self):
        """The key, as a use case gets it."""
        return verify_proof(self.vault, self.proof(), "POST", URL, WALLET_KEY)

    def certificate(self, maker=None):
        """What the maker says of this key."""
        return (maker or Manufacturer()).attest(self.secure_element.public_key(), "a phone", self.vault.now())

    def register(self, certificates=None):
        """Register with the vault."""
        return register_device(
            self.vault,
            self.proven(),
            name="A phone",
            kind=DeviceKind.MOBILE_PHONE,
            certificates=[encoded(self.certificate())] if certificates is None else certificates,
        )
