"""Usual mistakes in what a cryptogram covers, and in the MAC over it."""

from collections.abc import Iterator, Mapping

from tokenvault.emv.ciphers.block_cipher import AES_BLOCK_BYTES, aes_encrypt, exclusive_or
from tokenvault.emv.ciphers.mac import aes_cmac, pad, retail_mac, sm4_cbc_mac, tdes_cbc_mac, tdes_cmac
from tokenvault.emv.cryptograms.cryptogram import INPUT_TAGS
from tokenvault.emv.diagnosis.alternative_values import alternatives
from tokenvault.emv.diagnosis.computation import Computation
from tokenvault.emv.diagnosis.covered_fields import ISSUER_DATA, block_bytes
from tokenvault.emv.diagnosis.variants import Finding, MakeMac, Mistake, Variant, with_other_input, with_other_mac
from tokenvault.emv.encodings import tlv
from tokenvault.emv.encodings.data_elements import DATA_ELEMENTS

_MADE_LATER = frozenset({"9F26"})
"""What cannot be in the input: the cryptogram itself."""


def mistakes_in_input(computation: Computation, tap: Mapping[str, bytes]) -> Iterator[Variant]:
    """Computations over other bytes. tap: all tags that are known of the payment."""
    pieces = _pieces(computation)
    for tag, value, what in alternatives(computation.values):
        other = Computation(computation.version, computation.base_key, {**computation.values, tag: value})
        finding = Finding(Mistake.ANOTHER_VALUE, f"{_named(tag)}: {what}", tag)
        yield with_other_input(computation, finding, other.data)
    for place, (tag, _) in enumerate(pieces):
        finding = Finding(Mistake.MISSING_FIELD, _named(tag), tag)
        yield with_other_input(computation, finding, _joined(pieces[:place] + pieces[place + 1 :]))
    yield from _other_parts_of_issuer_data(computation)
    for first in range(len(pieces)):
        for second in range(first + 1, len(pieces)):
            swapped = list(pieces)
            swapped[first], swapped[second] = swapped[second], swapped[first]
            detail = f"{_named(pieces[first][0])} and {_named(pieces[second][0])}"
            finding = Finding(Mistake.ORDER_OF_FIELDS, detail, pieces[first][0])
            yield with_other_input(computation, finding, _joined(swapped))
    yield from _extra_fields(computation, pieces, tap)
    with_tags = tlv.encode([(tag, computation.values[tag]) for tag in (*INPUT_TAGS, ISSUER_DATA)])
    yield with_other_input(computation, Finding(Mistake.TAGS_AND_LENGTHS), with_tags)


def _pieces(computation: Computation) -> list[tuple[str, bytes]]:
    """The values of the input by their tags, in its order."""
    covered = computation.version.covered_issuer_data(computation.values[ISSUER_DATA])
    return [*((tag, computation.values[tag]) for tag in INPUT_TAGS), (ISSUER_DATA, covered)]


def _joined(pieces: list[tuple[str, bytes]]) -> bytes:
    return b"".join(value for _, value in pieces)


def _other_parts_of_issuer_data(computation: Computation) -> Iterator[Variant]:
    data, front = computation.values[ISSUER_DATA], _joined(_pieces(computation)[:-1])
    for what, part in (
        ("the whole of it", data),
        ("the card verification results alone", data[3:7]),
        ("all but its length byte", data[1:]),
        ("its first 7 bytes", data[:7]),
        ("the whole of it, with 00 bytes up to 32", data.ljust(32, b"\x00")),
        ("as it stands in DE 55, with tag and length", tlv.encode([(ISSUER_DATA, data)])),
    ):
        if front + part != computation.data:
            finding = Finding(Mistake.ISSUER_DATA_PART, what, ISSUER_DATA)
            yield with_other_input(computation, finding, front + part)


def _extra_fields(
    computation: Computation, pieces: list[tuple[str, bytes]], tap: Mapping[str, bytes]
) -> Iterator[Variant]:
    """Another tag of the payment anywhere between the fields, or behind them."""
    covered = {*INPUT_TAGS, ISSUER_DATA, *_MADE_LATER}
    for tag, value in tap.items():
        if tag not in covered and value:
            for place in range(len(pieces) + 1):
                where = f"before {pieces[place][0]}" if place < len(pieces) else "at the end"
                finding = Finding(Mistake.EXTRA_FIELD, f"{_named(tag)}, {where}", tag)
                yield with_other_input(computation, finding, _joined([*pieces[:place], (tag, value), *pieces[place:]]))


def _named(tag: str) -> str:
    return f"{tag} ({DATA_ELEMENTS[tag].name})" if tag in DATA_ELEMENTS else tag


def mistakes_in_mac(computation: Computation) -> Iterator[Variant]:
    """Computations with another MAC over the right input."""
    version = computation.version
    if version.cipher == "TDES":
        other = 3 - version.padding
        finding = Finding(Mistake.PADDING_METHOD, f"method {other}, not {version.padding}")
        yield with_other_mac(computation, finding, lambda key, data: retail_mac(key, data, other))
    for method in (1, 2):
        padded = pad(computation.data, method, block_bytes(version))
        if padded != computation.data:
            yield with_other_input(computation, Finding(Mistake.PADDED_TWICE, f"by method {method}"), padded)
    for name, make in _OTHER_MACS[version.cipher].items():
        yield with_other_mac(computation, Finding(Mistake.MAC_ALGORITHM, name), make)
    if version.cipher != "TDES":
        whole = aes_cmac if version.cipher == "AES" else sm4_cbc_mac
        yield with_other_mac(
            computation, Finding(Mistake.CUT_AT_THE_OTHER_END), lambda key, data: whole(key, data)[-8:]
        )


def _aes_cbc_mac(key: bytes, data: bytes) -> bytes:
    block = bytes(AES_BLOCK_BYTES)
    padded = pad(data, 2, AES_BLOCK_BYTES)
    for start in range(0, len(padded), AES_BLOCK_BYTES):
        block = aes_encrypt(key, exclusive_or(block, padded[start : start + AES_BLOCK_BYTES]))
    return block


_OTHER_MACS: dict[str, dict[str, MakeMac]] = {
    "TDES": {
        "TDES in every block, not in the last alone (ISO/IEC 9797-1, algorithm 1)": tdes_cbc_mac,
        "TDES-CMAC (NIST SP 800-38B)": tdes_cmac,
    },
    "AES": {
        "a CBC-MAC, padded by method 2, not a CMAC": lambda key, data: _aes_cbc_mac(key, data)[:8],
        "a retail MAC under TDES, with the AES key": retail_mac,
    },
    "SM4": {
        "a CMAC under AES, with the SM4 key": lambda key, data: aes_cmac(key, data)[:8],
    },
}
"""By cipher: (key, data) -> cryptogram, under a name for people."""
