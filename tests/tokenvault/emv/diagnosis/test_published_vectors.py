"""The published vectors: computed by code that shares nothing with ours, complete, and the same everywhere."""

import pytest

from simulators.parties import sandbox_constants
from tests.tokenvault.emv.diagnosis.independent_cryptograms import BY_CIPHER, aes_cmac, covered, same_des_key
from tests.vector_files import octets, rows
from tokenvault.emv.cryptograms import cryptogram_versions
from tokenvault.emv.cryptograms.cryptogram_versions import CryptogramVersion
from tokenvault.emv.diagnosis.published_vectors import published_vectors

VECTORS = published_vectors()


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.id)
def test_every_vector_is_computed_independently(vector):
    """Keys, input, cryptogram and answer."""
    profile, computation = vector.version.name, vector.computation
    compute = BY_CIPHER[vector.version.cipher]
    card_key, limited, session_key, arqc, arpc = compute(
        profile,
        vector.issuer_key,
        vector.pan,
        vector.psn,
        vector.limited_use_key_index,
        vector.values,
        vector.answer,
    )
    assert (vector.card_key, vector.limited_use_key) == (card_key, limited)
    assert computation.session_key == session_key or (
        vector.version.cipher == "TDES" and same_des_key(computation.session_key, session_key)
    )
    assert computation.data == covered(profile, vector.values)
    assert (computation.arqc.hex(), vector.arpc.hex()) == (arqc.hex(), arpc.hex())


def test_the_independent_code_has_the_published_values():
    """AES from key to cryptogram, of EMVCo's own example; and the CMAC of RFC 4493."""
    (row,) = rows("emv_aes")
    card_key, _, session_key, _, _ = BY_CIPHER["AES"](
        "Tapwright AES", octets(row, "imk"), row["pan"], row["psn"], None, _atc_only(row), bytes(4)
    )
    assert (card_key, session_key) == (octets(row, "expect_icc_mk"), octets(row, "expect_session_key"))
    assert aes_cmac(session_key, octets(row, "ac_data"))[:8] == octets(row, "expect_arqc")
    key = bytes.fromhex("2B7E151628AED2A6ABF7158809CF4F3C")
    message = bytes.fromhex("6BC1BEE22E409F96E93D7E117393172A")
    assert aes_cmac(key, b"").hex().upper() == "BB1D6929E95937287FA37D129B756746"
    assert aes_cmac(key, message).hex().upper() == "070A16B46B4D4144F79BDD9DD04A287C"


def _atc_only(row):
    tags = dict.fromkeys(("9F02", "9F03", "9F1A", "95", "5F2A", "9A", "9C", "9F37", "82", "9F10"), b"")
    return tags | {"9F36": octets(row, "atc")}


def test_every_profile_has_two():
    """None is forgotten, and all names differ."""
    known = {value.name for value in vars(cryptogram_versions).values() if isinstance(value, CryptogramVersion)}
    names = [vector.version.name for vector in VECTORS]
    assert {name: names.count(name) for name in names} == dict.fromkeys(known, 2)
    assert len({vector.id for vector in VECTORS}) == len(VECTORS)
    assert "m-chip-cvn-17-2" in {vector.id for vector in VECTORS}


def test_no_key_of_a_server_is_published():
    """The vectors' issuer keys are others than those that servers are delivered with."""
    ours = {getattr(sandbox_constants, f"EMV_MASTER_KEY_{name}") for name in ("AES", "TDES", "SM4")}
    assert not ours & {vector.issuer_key.hex().upper() for vector in VECTORS}
