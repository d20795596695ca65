"""Certificates for TLS on ISO 8583 lines, made as a test needs them."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

_YEARS = timedelta(days=3650)


class Authority:
    """A certification authority, and a folder with the certificates that it gives out."""

    def __init__(self, folder, name):
        self.folder, self.name = folder, name
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._subject = _named(f"{name} CA")
        self.file = folder / f"{name}-ca.pem"
        self._write(self.file, self._signed(self._subject, self._key.public_key(), is_authority=True))

    def certificate(self, common_name):
        """A certificate and its key: two files, and the certificate's fingerprint (SHA-256, hexadecimal)."""
        key = ec.generate_private_key(ec.SECP256R1())
        signed = self._signed(_named(common_name), key.public_key(), is_authority=False)
        certificate = self.folder / f"{self.name}-{common_name}.pem"
        key_file = certificate.with_suffix(".key")
        self._write(certificate, signed)
        key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return certificate, key_file, signed.fingerprint(SHA256()).hex()

    def _signed(self, subject, public_key, *, is_authority):
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._subject)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _YEARS)
            .not_valid_after(now + _YEARS)
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        )
        return builder.sign(self._key, SHA256())

    @staticmethod
    def _write(path, certificate):
        path.write_bytes(certificate.public_bytes(Encoding.PEM))


def _named(common_name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
