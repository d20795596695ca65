"""Attestation: only what says that it is a device's certificate registers one, whoever has signed it."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from simulators.parties import sandbox_constants
from tests.clock import ManualClock
from tests.tokenvault.phones import Phone, encoded
from tests.tokenvault.vaults import new_vault
from tokenvault.vocabulary.errors import FieldError

LEAF = x509.BasicConstraints(ca=False, path_length=None)
AUTHORITY = x509.BasicConstraints(ca=True, path_length=0)
MAKER = x509.AuthorityKeyIdentifier.from_issuer_public_key(sandbox_constants.manufacturer_root_key().public_key())
SIGNS_DATA, SIGNS_CERTIFICATES = (x509.KeyUsage(*(index == position for index in range(9))) for position in (0, 5))


@pytest.fixture
def phone():
    """A phone that is not registered, and its vault."""
    vault = new_vault(ManualClock())
    yield Phone(vault)
    vault.database.dispose()


def signed_by_the_root(phone, *extensions):
    """A certificate of this phone's key with these extensions, signed by the trusted root itself."""
    now = datetime.fromtimestamp(phone.vault.now(), UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a phone")]))
        .issuer_name(sandbox_constants.manufacturer_root().subject)
        .public_key(phone.secure_element.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=365))
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=not isinstance(extension, x509.AuthorityKeyIdentifier))
    return [encoded(builder.sign(sandbox_constants.manufacturer_root_key(), hashes.SHA256()))]


@pytest.mark.parametrize("extensions", [(LEAF, MAKER), (LEAF, MAKER, SIGNS_DATA)], ids=["plain", "with key usage"])
def test_a_device_certificate_registers(phone, extensions):
    """Basic constraints that say it is no authority, and who signed it."""
    assert phone.register(signed_by_the_root(phone, *extensions))


@pytest.mark.parametrize(
    "extensions",
    [(AUTHORITY, MAKER), (MAKER,), (LEAF,), (), (LEAF, MAKER, SIGNS_CERTIFICATES)],
    ids=["an authority", "no basic constraints", "no authority key identifier", "neither", "signs certificates"],
)
def test_what_is_no_device_certificate_registers_nothing(phone, extensions):
    """The trusted root has signed it all the same: an intermediate of a maker is no device."""
    with pytest.raises(FieldError) as refused:
        phone.register(signed_by_the_root(phone, *extensions))
    assert refused.value.field == "attestation_certificates"
    assert phone.register()
