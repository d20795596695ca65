"""Sealing: HPKE against RFC 9180's vectors and an independent receiver, PANs against tampering and the wrong row."""

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.bindings._rust import openssl
from cryptography.hazmat.primitives.asymmetric import ec, x25519
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from tests.integration import rfc9180
from tests.vector_files import octets, rows
from tokenvault.keys import sealing
from tokenvault.keys.key_ring import KeyPurpose
from tokenvault.keys.sealing import CARD_CONTACTS, CARD_PAN

KEMS = {rfc9180.DHKEM_P256: KEM.P256, rfc9180.DHKEM_X25519: KEM.X25519}


@pytest.mark.parametrize("row", rows("hpke_rfc9180"), ids=lambda row: f"kem{row['kem_id']}")
def test_vectors_with_the_independent_receiver(row):
    """Every message and export of the published rows, with key schedule and nonces as printed."""
    context = rfc9180.receive(row["kem_id"], octets(row, "skRm"), octets(row, "enc"), octets(row, "info"))
    assert context.shared_secret == octets(row, "shared_secret")
    assert context.key == octets(row, "key")
    assert context.base_nonce == octets(row, "base_nonce")
    assert context.exporter_secret == octets(row, "exporter_secret")
    for sequence, message in enumerate(row["encryptions"]):
        assert context.open(octets(message, "ct"), octets(message, "aad"), sequence) == octets(message, "pt")
    for export in row["exports"]:
        assert context.export(octets(export, "exporter_context"), export["L"]) == octets(export, "exported_value")


@pytest.mark.parametrize("row", rows("hpke_rfc9180"), ids=lambda row: f"kem{row['kem_id']}")
def test_vectors_with_the_library(row):
    """The library that the vault seals with opens the first message of each published row."""
    if row["kem_id"] == rfc9180.DHKEM_P256:
        key = ec.derive_private_key(int.from_bytes(octets(row, "skRm"), "big"), ec.SECP256R1())
    else:
        key = x25519.X25519PrivateKey.from_private_bytes(octets(row, "skRm"))
    suite = Suite(KEMS[row["kem_id"]], KDF.HKDF_SHA256, AEAD.AES_128_GCM)
    first = row["encryptions"][0]
    message = octets(row, "enc") + octets(first, "ct")
    # The public interface takes no aad, and the published messages have one.
    opened = openssl.hpke._decrypt_with_aad(suite, message, key, octets(row, "info"), octets(first, "aad"))
    assert opened == octets(first, "pt")


def test_the_independent_receiver_opens_what_the_vault_seals():
    """Sealed by us, opened by a receiver that shares no code with us."""
    device = ec.generate_private_key(ec.SECP256R1())
    info = sealing.credential_info(7, 9)
    sealed = sealing.seal_to_device(b"credentials", device.public_key(), info)
    private = device.private_numbers().private_value.to_bytes(32, "big")
    assert rfc9180.receive(rfc9180.DHKEM_P256, private, sealed[:65], info).open(sealed[65:]) == b"credentials"
    assert sealing.open_on_device(sealed, device, info) == b"credentials"


@pytest.fixture
def keys(vault):
    """A ring with two sealing keys."""
    with vault.transaction() as connection:
        vault.keys.install(connection, KeyPurpose.PAN_SEALING, 2, bytes(range(32)))
    return vault.keys


def test_a_pan_opens_in_its_own_row_only(keys):
    """A sealed PAN opens under its version, row and column; moved, altered or under another version it does not."""
    row = {"id": 42} | sealing.seal(keys, CARD_PAN, 42, b"9999001000000017", lambda count: b"n" * count)
    assert row["pan_key_version"] == 2
    sealed = row["sealed_pan"]
    assert b"99990010" not in sealed
    assert sealing.unseal(keys, CARD_PAN, row) == b"9999001000000017"
    for change in ({"pan_key_version": 1}, {"id": 43}, {"sealed_pan": sealed[:-1] + b"\x00"}):
        with pytest.raises(InvalidTag):
            sealing.unseal(keys, CARD_PAN, row | change)
    moved = {"id": 42, "sealed_contacts": sealed, "contacts_key_version": 1}
    with pytest.raises(InvalidTag):
        sealing.unseal(keys, CARD_CONTACTS, moved)


def test_lookup_is_keyed(vault):
    """The lookup hash finds the same PAN again, and another one under each key."""
    before = sealing.new_pan_lookup(vault.keys, "99990010")
    assert sealing.funding_pan_lookups(vault.keys, "99990010") == {1: before["pan_lookup"]}
    assert sealing.new_pan_lookup(vault.keys, "99990018") != before
    with vault.transaction() as connection:
        vault.keys.install(connection, KeyPurpose.PAN_LOOKUP, 2, bytes(32))
    lookups = sealing.funding_pan_lookups(vault.keys, "99990010")
    assert lookups[1] == before["pan_lookup"]
    assert sealing.new_pan_lookup(vault.keys, "99990010") == {"pan_lookup": lookups[2], "lookup_key_version": 2}
    assert lookups[1] != lookups[2]
