"""Devices: only a key that a trusted maker vouches for is registered, and only once."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

from simulators.parties import sandbox_constants
from simulators.parties.manufacturer import Manufacturer
from tests.tokenvault.phones import Phone, encoded
from tokenvault.devices.devices import check_possession, find_device
from tokenvault.vocabulary.errors import Conflict, FieldError, Forbidden, NotFound


def _name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _authority(name, key, *, issuer=None, issuer_key=None, now=1_795_521_600, path_length=1):
    """A certificate that may sign others; self-signed unless an issuer is given."""
    issuer_key = issuer_key or key
    moment = datetime.fromtimestamp(now, UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(issuer.subject if issuer else _name(name))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(moment - timedelta(days=1))
        .not_valid_after(moment + timedelta(days=365))
        .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
        .add_extension(x509.KeyUsage(*(index == 5 for index in range(9))), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        .sign(issuer_key, hashes.SHA256())
    )


def test_a_registered_device_is_found_by_its_key(vault, phone):
    """The device keeps the key that signed its registration, and the maker's name."""
    device = phone.register()
    found = find_device(vault, device.text_id)
    assert found == device
    assert found.encryption_key() == phone.secure_element.public_key()
    assert found.attested_by == sandbox_constants.manufacturer_root().subject.rfc4514_string()
    check_possession(found, phone.proven())
    with pytest.raises(Forbidden) as refused:
        check_possession(found, Phone(vault).proven())
    assert refused.value.code == "wrong_device"


def test_a_key_is_registered_once(phone):
    """The same key again is a conflict."""
    phone.register()
    with pytest.raises(Conflict) as refused:
        phone.register()
    assert refused.value.code == "device_already_registered"


def test_an_intermediate_may_stand_between(phone):
    """A chain over an intermediate leads to the root; without the intermediate it does not."""
    key = ec.generate_private_key(ec.SECP256R1())
    root, root_key = sandbox_constants.manufacturer_root(), sandbox_constants.manufacturer_root_key()
    intermediate = _authority("A plant", key, issuer=root, issuer_key=root_key, path_length=0)
    leaf = phone.certificate(Manufacturer(intermediate, key))
    with pytest.raises(FieldError, match="trusted manufacturer root"):
        phone.register([encoded(leaf)])
    assert phone.register([encoded(leaf), encoded(intermediate)]).attested_by == root.subject.rfc4514_string()


def _other_maker(phone):
    key = ec.generate_private_key(ec.SECP256R1())
    return [encoded(phone.certificate(Manufacturer(_authority("Another maker", key), key)))]


def _other_maker_of_the_same_name(phone):
    key = ec.generate_private_key(ec.SECP256R1())
    return [encoded(phone.certificate(Manufacturer(sandbox_constants.manufacturer_root(), key)))]


def _other_key(phone):
    return [encoded(Phone(phone.vault).certificate())]


def _altered(phone):
    octets = bytearray(base64.b64decode(encoded(phone.certificate())))
    octets[-1] ^= 1
    return [base64.b64encode(octets).decode()]


def _foreign_key_type(phone, key):
    certificate = (
        x509.CertificateBuilder()
        .subject_name(_name("phone"))
        .issuer_name(sandbox_constants.manufacturer_root().subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2027, 1, 1, tzinfo=UTC))
        .sign(sandbox_constants.manufacturer_root_key(), hashes.SHA256())
    )
    return [encoded(certificate)]


@pytest.mark.parametrize(
    "certificates",
    [
        _other_maker,
        _other_maker_of_the_same_name,
        _other_key,
        _altered,
        lambda phone: _foreign_key_type(phone, rsa.generate_private_key(65537, 2048)),
        lambda phone: _foreign_key_type(phone, ed25519.Ed25519PrivateKey.generate()),
        lambda phone: [],
        lambda phone: ["not base64!"],
        lambda phone: ["AAAA"],
        lambda phone: [""],
        lambda phone: [encoded(phone.certificate())] * 5,
    ],
    ids=lambda function: function.__name__.strip("_"),
)
def test_other_certificates_are_refused(phone, certificates):
    """Another maker, key or kind of key, an altered byte, nonsense: the field is named and nothing is kept."""
    with pytest.raises(FieldError) as refused:
        phone.register(certificates(phone))
    assert refused.value.field == "attestation_certificates"
    assert phone.register()


def test_certificates_out_of_their_time_are_refused(phone, clock):
    """A certificate that is not valid yet, or no longer, is refused."""
    certificates = [encoded(phone.certificate())]
    issued = clock.now
    for moment in (issued - 3_600, issued + 31 * 365 * 86_400):
        clock.now = moment
        with pytest.raises(FieldError, match="trusted manufacturer root"):
            phone.register(certificates)


def test_unknown_devices_are_not_found(vault):
    """An identifier that names no device."""
    with pytest.raises(NotFound):
        find_device(vault, "dev_0000000000001")
