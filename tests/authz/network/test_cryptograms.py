"""The fast verifier against the EMV functions that the vectors keep honest."""

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authz.iso8583.chip.chip_data import SIGNED_ATC, SIGNED_BYTES, SIGNED_KEY_INDEX, SIGNED_VERSION
from authz.network import cryptograms
from authz.network.cryptograms import CryptogramVerifier
from tokenvault.emv.cryptograms import cryptogram
from tokenvault.emv.cryptograms.cryptogram_versions import (
    TAPWRIGHT_AES,
    TOKEN_CRYPTOGRAM_VERSIONS,
    VSDC_18,
    issuer_application_data,
)
from tokenvault.emv.keys.key_derivation import card_key

MASTER = bytes(range(16))
LENGTHS = {"9F02": 6, "9F03": 6, "9F1A": 2, "95": 5, "5F2A": 2, "9A": 3, "9C": 1, "9F37": 4, "82": 2, "9F36": 2}


LIMITED_USE_KEY = "6000107"


def _tap(version, pan, key_index=1):
    values = {tag: os.urandom(length) for tag, length in LENGTHS.items()}
    limited = LIMITED_USE_KEY if version.uses_limited_keys else None
    values["9F10"] = issuer_application_data(version, key_index, bytes(4), limited)
    key = card_key(MASTER, str(pan), "01", version.option)
    if limited:
        key = version.limited_use_key(key, limited)
    data = cryptogram.cryptogram_input(values, values["9F10"])
    return key, values, data, version.arqc(key, values)


@pytest.fixture
def verifier():
    """Knows key index 1 of both versions."""
    return CryptogramVerifier(
        lambda version, index: MASTER if version in TOKEN_CRYPTOGRAM_VERSIONS and index == 1 else None
    )


@pytest.mark.parametrize("version", TOKEN_CRYPTOGRAM_VERSIONS.values(), ids=lambda version: version.name)
def test_agrees_with_the_emv_functions(verifier, version):
    """ARQCs verify and ARPCs are equal, on the first tap of a card and on later ones."""
    index = int(LIMITED_USE_KEY) if version.uses_limited_keys else 0
    for pan in (9999501000000017, 9999501000000025, 9999501000000017):
        key, values, data, arqc = _tap(version, pan)
        atc = int.from_bytes(values["9F36"], "big")
        for update in (bytes(4), bytes.fromhex("00800000")):
            answer_key = verifier.verified(pan, 1, version.number, 1, index, values["9F36"], data, arqc)
            assert answer_key.arpc(arqc, update) == version.arpc(key, atc, values["9F37"], arqc, update)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, SIGNED_BYTES * 8 - 1), st.sampled_from([TAPWRIGHT_AES, VSDC_18]))
def test_any_flipped_bit_is_noticed(bit, version):
    """One flipped bit of the signed bytes, and the cryptogram no longer verifies."""
    verifier = CryptogramVerifier(lambda _version, _index: MASTER)
    _, _, data, arqc = _tap(version, 9999501000000017)
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    assert verifier.verified(9999501000000017, 1, version.number, 1, 0, data[SIGNED_ATC], data, arqc) is not None
    assert (
        verifier.verified(9999501000000017, 1, version.number, 1, 0, bytes(changed[SIGNED_ATC]), bytes(changed), arqc)
        is None
    )


@pytest.mark.parametrize(
    ("psn", "number", "index"), [(2, 0xA6, 1), (1, 0x12, 1), (1, 0xA6, 2), (1, 0x77, 1), (100, 0xA6, 1)]
)
def test_other_cards_versions_and_keys_are_refused(verifier, psn, number, index):
    """Another sequence number, cryptogram version or key index does not verify, known or not."""
    _, values, data, arqc = _tap(TAPWRIGHT_AES, 9999501000000017)
    assert verifier.verified(9999501000000017, psn, number, index, 0, values["9F36"], data, arqc) is None


def test_layout_of_the_signed_bytes():
    """The offsets that the network reads from the signed bytes are those of the input."""
    _, values, data, _ = _tap(TAPWRIGHT_AES, 9999501000000017, key_index=9)
    assert len(data) == SIGNED_BYTES
    assert data[SIGNED_ATC] == values["9F36"]
    assert (data[SIGNED_KEY_INDEX], data[SIGNED_VERSION]) == (9, 0xA6)


def test_cards_are_forgotten_in_time(verifier, monkeypatch):
    """The verifier keeps a bounded number of cards, and still verifies those that it forgot."""
    monkeypatch.setattr(cryptograms, "CARDS_KEPT_MAX", 2)
    for pan in (9999501000000017, 9999501000000025, 9999501000000033, 9999501000000017):
        _, values, data, arqc = _tap(TAPWRIGHT_AES, pan)
        assert verifier.verified(pan, 1, 0xA6, 1, 0, values["9F36"], data, arqc) is not None
        assert len(verifier._cards) <= 2


@pytest.mark.parametrize("version", TOKEN_CRYPTOGRAM_VERSIONS.values(), ids=lambda version: version.name)
def test_a_card_key_and_a_limited_key_are_not_mixed_up(verifier, version):
    """A version that uses limited keys needs one, the others have none, and another key's index does not verify."""
    _, values, data, arqc = _tap(version, 9999501000000017)
    wrong = (0, int(LIMITED_USE_KEY) + 1, 10**7) if version.uses_limited_keys else (1,)
    for index in wrong:
        assert verifier.verified(9999501000000017, 1, version.number, 1, index, values["9F36"], data, arqc) is None
