"""The manufacturer of sandbox devices, which attests keys in secure elements by certificate."""

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from simulators.parties import sandbox_constants

_VALID_FOR = timedelta(days=10_950)
"""Thirty years. A phone knows the real time alone, and the network's clock may have been set forward by many years."""


class Manufacturer:
    """Signs attestation certificates with a root key, by default the sandbox's public one."""

    def __init__(
        self, root: x509.Certificate | None = None, root_key: ec.EllipticCurvePrivateKey | None = None
    ) -> None:
        self._root = root or sandbox_constants.manufacturer_root()
        self._root_key = root_key or sandbox_constants.manufacturer_root_key()

    def attest(self, public_key: ec.EllipticCurvePublicKey, serial_name: str, now: float) -> x509.Certificate:
        """A certificate that a key lives in one of this maker's secure elements. now: Unix seconds."""
        issued = datetime.fromtimestamp(now, UTC) - timedelta(minutes=5)
        return (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, serial_name)]))
            .issuer_name(self._root.subject)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(issued)
            .not_valid_after(issued + _VALID_FOR)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._root_key.public_key()), critical=False
            )
            .sign(self._root_key, hashes.SHA256())
        )
