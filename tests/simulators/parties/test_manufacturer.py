"""The maker of sandbox devices vouches for a key by certificate, and for nothing else."""

from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec

from simulators.parties import sandbox_constants
from simulators.parties.manufacturer import Manufacturer

NOW = 1_790_000_000.0


@pytest.fixture
def key() -> ec.EllipticCurvePrivateKey:
    """A key in a device."""
    return ec.generate_private_key(ec.SECP256R1())


def test_an_attestation_is_of_the_key_and_by_the_root(key):
    """It names the device, is no authority, and is good on the day that it was made and thirty years from then."""
    certificate = Manufacturer().attest(key.public_key(), "watch 7", NOW)
    certificate.verify_directly_issued_by(sandbox_constants.manufacturer_root())
    assert certificate.public_key() == key.public_key()
    assert certificate.subject.rfc4514_string() == "CN=watch 7"
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    now = datetime.fromtimestamp(NOW, UTC)
    assert certificate.not_valid_before_utc < now < certificate.not_valid_after_utc
    assert (certificate.not_valid_after_utc - now).days in (10_949, 10_950)


def test_another_root_signs_otherwise(key):
    """A maker with a root key of its own is no maker that the sandbox trusts."""
    stranger = ec.generate_private_key(ec.SECP256R1())
    certificate = Manufacturer(root_key=stranger).attest(key.public_key(), "clone", NOW)
    with pytest.raises(InvalidSignature):
        certificate.verify_directly_issued_by(sandbox_constants.manufacturer_root())
