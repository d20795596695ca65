"""What a cryptogram covers, field by field: tag, name, value and place, and the padding behind them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tokenvault.emv.ciphers.block_cipher import AES_BLOCK_BYTES, TDES_BLOCK_BYTES
from tokenvault.emv.ciphers.mac import pad
from tokenvault.emv.cryptograms.cryptogram import INPUT_TAGS
from tokenvault.emv.cryptograms.cryptogram_versions import CryptogramVersion
from tokenvault.emv.encodings import issuer_data
from tokenvault.emv.encodings.data_elements import DATA_ELEMENTS
from tokenvault.emv.errors import EmvError

ISSUER_DATA = "9F10"


@dataclass(frozen=True)
class CoveredField:
    """A piece of the input of a cryptogram.

    tag: that it is the value of, or a part of.  name: of the tag, and of the part where it is one.  offset: bytes from
    the beginning of the input.
    """

    tag: str
    name: str
    value: bytes
    offset: int

    @property
    def length(self) -> int:
        """Bytes."""
        return len(self.value)


def covered_fields(version: CryptogramVersion, values: Mapping[str, bytes]) -> tuple[CoveredField, ...]:
    """The input of a cryptogram, unpadded, in its order (EMV Book 2, 8.1.1, table 26).

    values: tag -> value, at least `cryptogram.INPUT_TAGS` and 9F10, which is split into its parts where they are known.
    Raises: EmvError naming the tags that are missing.
    """
    missing = [tag for tag in (*INPUT_TAGS, ISSUER_DATA) if tag not in values]
    if missing:
        raise EmvError(f"the cryptogram input lacks {', '.join(missing)}")
    named = [(tag, DATA_ELEMENTS[tag].name, values[tag]) for tag in INPUT_TAGS]
    named += [(ISSUER_DATA, name, part) for name, part in _issuer_parts(version, values[ISSUER_DATA])]
    fields, offset = [], 0
    for tag, name, value in named:
        fields.append(CoveredField(tag, name, value, offset))
        offset += len(value)
    return tuple(fields)


def _issuer_parts(version: CryptogramVersion, data: bytes) -> Iterator[tuple[str, bytes]]:
    """The parts of tag 9F10 that a version covers; one part where its layout is not known, or the version cuts it."""
    name = DATA_ELEMENTS[ISSUER_DATA].name
    for covered in (version.issuer_part, version.counters_part):
        if covered is None:
            continue
        first, end, _ = covered.indices(len(data))
        parts = [
            (f"{name}: {part}", value)
            for part, value, start in _parts_of(data)
            if first <= start and start + len(value) <= end and value
        ]
        whole = data[covered]
        if b"".join(value for _, value in parts) == whole:
            yield from parts
        else:
            yield name, whole


def _parts_of(data: bytes) -> Iterator[tuple[str, bytes, int]]:
    """Name, value and offset of each part of tag 9F10; nothing where its layout is not known."""
    offset = 0
    for name, value in _split(data):
        yield name, value, offset
        offset += len(value)


def _split(data: bytes) -> tuple[tuple[str, bytes], ...]:
    try:
        return issuer_data.split(data).fields
    except EmvError:
        return ()


def block_bytes(version: CryptogramVersion) -> int:
    """The block of a version's cipher, bytes."""
    return TDES_BLOCK_BYTES if version.cipher == "TDES" else AES_BLOCK_BYTES


def padding_of(version: CryptogramVersion, data: bytes) -> bytes:
    """What the MAC appends to its input.

    TDES by the version's method, SM4 by method 2 (ISO/IEC 9797-1). AES-CMAC fills up an incomplete last block alone, by
    80 and 00 bytes, before it combines it with a subkey (NIST SP 800-38B, 6.2).
    """
    if version.cipher == "AES" and data and len(data) % AES_BLOCK_BYTES == 0:
        return b""
    method = version.padding if version.cipher == "TDES" else 2
    return pad(data, method, block_bytes(version))[len(data) :]
