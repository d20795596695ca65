"""Key blocks of TR-31 against published blocks and an independent library."""

import os

import psec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vector_files import octets, rows
from tokenvault.emv.errors import KeyBlockError, KeyLengthError
from tokenvault.emv.keys import key_block, key_block_binding
from tokenvault.emv.keys.key_block import KeyBlockHeader

PROTECTION_KEYS = st.sampled_from([("B", 16), ("B", 24), ("D", 16), ("D", 24), ("D", 32)]).flatmap(
    lambda pair: st.tuples(st.just(pair[0]), st.binary(min_size=pair[1], max_size=pair[1]))
)
KEYS = st.sampled_from([16, 24, 32]).flatmap(lambda length: st.binary(min_size=length, max_size=length))


@pytest.mark.parametrize(
    "row", [row for name in ("tr31_key_blocks", "tr31_withdrawn") for row in rows(name) if "key_block" in row]
)
def test_published_block(row):
    """A published block opens to its key."""
    header, key = key_block.unwrap(octets(row, "kbpk"), row["key_block"], accept_withdrawn=True)
    assert key == octets(row, "expect_key")
    assert header.version == row["version"]


@pytest.mark.parametrize("row", [row for row in rows("tr31_key_blocks") if "expect_kbek" in row])
def test_derived_keys(row):
    """Encryption and authentication keys as published."""
    expected = octets(row, "expect_kbek"), octets(row, "expect_kbak")
    assert key_block.derived_keys(row["kind"][0], octets(row, "kbpk")) == expected


@given(PROTECTION_KEYS, KEYS)
def test_the_oracle_opens_ours_and_we_open_its(protection, key):
    """An independent library and we read each other's blocks, header and key."""
    version, protection_key = protection
    ours = key_block.wrap(protection_key, KeyBlockHeader(version, "E0", "T", "X"), key, os.urandom)
    header, unwrapped = psec.tr31.unwrap(protection_key, ours)
    assert unwrapped == key
    assert (header.key_usage, header.algorithm, header.mode_of_use) == ("E0", "T", "X")
    theirs = psec.tr31.wrap(protection_key, psec.tr31.Header(version, "P0", "A", "E", "12", "S"), key)
    read, again = key_block.unwrap(protection_key, theirs)
    assert again == key
    assert read == KeyBlockHeader(version, "P0", "A", "E", "12", "S")


_TEXTS = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=60)
_BLOCKS = st.dictionaries(st.sampled_from(["KS", "KC", "KP", "LB", "CT", "TS", "HM", "IK", "10"]), _TEXTS, max_size=5)


@given(PROTECTION_KEYS, KEYS, _BLOCKS)
def test_optional_blocks(protection, key, blocks):
    """Optional blocks of any printable text travel with the key, out and in, as an independent library has them."""
    version, protection_key = protection
    header = KeyBlockHeader(version, "B1", "T", "X", optional_blocks=tuple(blocks.items()))
    block = key_block.wrap(protection_key, header, key, os.urandom)
    assert key_block.unwrap(protection_key, block) == (header, key)
    theirs, unwrapped = psec.tr31.unwrap(protection_key, block)
    assert (dict(theirs.blocks), unwrapped) == (blocks, key)
    header_of_theirs = psec.tr31.Header(version, "B1", "T", "X", "00", "N")
    header_of_theirs.blocks._blocks.update(blocks)
    assert key_block.unwrap(protection_key, psec.tr31.wrap(protection_key, header_of_theirs, key)) == (header, key)


@pytest.mark.parametrize("length", [250, 251, 252, 400, 4000])
def test_long_optional_blocks(length):
    """A certificate takes the longer form of the length, from 252 characters on."""
    header = KeyBlockHeader("D", "E0", "A", "X", optional_blocks=(("CT", "0" * length), ("LB", "a label, =/+ ~")))
    block = key_block.wrap(bytes(32), header, bytes(16), os.urandom)
    assert (block[16:22] == "CT0002") == (length > 251)
    assert key_block.unwrap(bytes(32), block)[0] == header
    assert dict(psec.tr31.unwrap(bytes(32), block)[0].blocks) == dict(header.optional_blocks)


OLD_PROTECTION_KEYS = st.tuples(
    st.sampled_from("AC"), st.sampled_from([16, 24]).flatmap(lambda length: st.binary(min_size=length, max_size=length))
)


@given(OLD_PROTECTION_KEYS, st.sampled_from([8, 16, 24]), _BLOCKS)
def test_withdrawn_versions_are_read_where_allowed(protection, length, blocks):
    """Blocks of versions A and C, made by an independent library, open only where the caller allows it."""
    version, protection_key = protection
    theirs = psec.tr31.Header(version, "P0", "T", "E", "00", "N")
    theirs.blocks._blocks.update(blocks)
    block = psec.tr31.wrap(protection_key, theirs, bytes(range(length)))
    header, key = key_block.unwrap(protection_key, block, accept_withdrawn=True)
    assert key == bytes(range(length))
    assert header == KeyBlockHeader(version, "P0", "T", "E", optional_blocks=tuple(blocks.items()))
    with pytest.raises(KeyBlockError, match="withdrawn"):
        key_block.unwrap(protection_key, block)


@given(OLD_PROTECTION_KEYS, st.integers(0), st.sampled_from("0123456789ABCDEF"))
def test_changes_of_withdrawn_versions_are_noticed(protection, position, character):
    """Header, key and code of an old block are authenticated too."""
    version, protection_key = protection
    block = psec.tr31.wrap(protection_key, psec.tr31.Header(version, "P0", "T", "E", "00", "N"), bytes(16))
    place = position % len(block)
    if block[place] == character:
        return
    changed = block[:place] + character + block[place + 1 :]
    with pytest.raises((KeyBlockError, KeyLengthError)):
        key_block.unwrap(protection_key, changed, accept_withdrawn=True)


@pytest.mark.parametrize("version", ["A", "C", "E", "b", "0"])
def test_only_b_and_d_are_written(version):
    """Withdrawn and unknown versions are not written."""
    with pytest.raises(KeyBlockError, match="written in version B or D"):
        key_block.wrap(bytes(16), KeyBlockHeader(version, "E0", "T", "X"), bytes(16), os.urandom)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"usage": "E"}, "usage"),
        ({"usage": "é0"}, "usage"),
        ({"mode": " "}, "mode"),
        ({"key_version": "001"}, "key version"),
        ({"optional_blocks": (("K", ""),)}, "identifier"),
        ({"optional_blocks": (("PB", "0000"),)}, "PB"),
        ({"optional_blocks": (("LB", "é"),)}, "LB that are not printable"),
        ({"optional_blocks": (("LB", "a\nb"),)}, "LB that are not printable"),
        ({"optional_blocks": (("CT", "0" * 70_000),)}, "CT, which are too many"),
        ({"optional_blocks": (("CT", "0" * 65_526),)}, "CT, which are too many"),
        ({"optional_blocks": (("CT", "0" * 65_525),)}, "9999 characters"),
        ({"optional_blocks": (("CT", "0" * 9_990),)}, "9999 characters"),
        ({"optional_blocks": (("LB", "label"),) * 100}, "99 optional blocks"),
    ],
)
def test_headers_that_cannot_be_written(change, problem):
    """What a header cannot say is refused by name before anything is made."""
    header = KeyBlockHeader(**({"version": "D", "usage": "E0", "algorithm": "A", "mode": "X"} | change))
    with pytest.raises(KeyBlockError, match=problem):
        key_block.wrap(bytes(16), header, bytes(16), os.urandom)


GOOD = (
    "D0112P0AE00E0000B82679114F470F540165EDFBF7E250FCEA43F810D215F8D207E2E417C07156A27E8E31DA05F7425509593D03A457DC34"
)


@pytest.mark.parametrize(
    ("block", "problem"),
    [
        ("", "header of 16"),
        ("D0112P0AE00E000", "header of 16"),
        ("D0112P0 E00E0000" + GOOD[16:], "header of 16"),
        ("X" + GOOD[1:], "version A, B, C or D"),
        ("DABCD" + GOOD[5:], "length of four digits"),
        ("DA112" + GOOD[5:], "length of four digits"),
        ("D011A" + GOOD[5:], "length of four digits"),
        (GOOD[:12] + "0A" + GOOD[14:], "number of optional blocks"),
        (GOOD[:12] + "A0" + GOOD[14:], "number of optional blocks"),
        (GOOD[:-2], "110 characters, where its header says 112"),
        (GOOD + "00", "114 characters"),
        (GOOD[:-1] + "G", "hexadecimal"),
        (GOOD[:-1] + " ", "hexadecimal"),
        ("D0111" + GOOD[5:-1], "odd number"),
        ("D0096" + GOOD[5:-16], "whole cipher blocks"),
        ("D0048" + GOOD[5:48], "whole cipher blocks"),
        ("D0016P0AE00E0000", "whole cipher blocks"),
        (GOOD[:-2] + "35", "altered"),
        (GOOD[:12] + "01" + GOOD[14:16] + "K\u00dc08" + GOOD[20:], "identifier"),
        (GOOD[:12] + "01" + GOOD[14:16] + "KS+8" + GOOD[20:], "KS without its length"),
        (GOOD[:12] + "01" + GOOD[14:16] + "KS03" + GOOD[20:], "KS that does not end"),
        (GOOD[:12] + "01" + GOOD[14:16] + "KSFF" + GOOD[20:], "KS that does not end"),
        (GOOD[:12] + "01" + GOOD[14:16] + "KS0000" + GOOD[22:], "KS without its length"),
        (GOOD[:12] + "01" + GOOD[14:16] + "KS0002", "KS without its length"),
        (GOOD[:12] + "01" + GOOD[14:16] + "LB08a\tbc" + GOOD[24:], "LB that are not printable"),
        (GOOD[:12] + "01" + GOOD[14:16], "identifier"),
    ],
)
def test_what_is_wrong_with_a_block_is_said(block, problem):
    """Each way to be no key block has a sentence of its own."""
    with pytest.raises(KeyBlockError, match=problem):
        key_block.unwrap(bytes.fromhex("88E1AB2A2E3DD38C1FA039A536500CC8A87AB9D62DC92C01058FA79F44657DE6"), block)


@pytest.mark.parametrize("bits", [0, 1, 127, 129, 248, 0xFFFF])
def test_keys_of_an_impossible_length(bits):
    """A block that was made well, around a length that no key in it can have, is refused."""
    header = KeyBlockHeader("D", "E0", "A", "X").text(16)
    plain = bits.to_bytes(2, "big") + bytes(30)
    block = header + key_block_binding.DERIVED["D"].close(bytes(16), header.encode(), plain).hex().upper()
    with pytest.raises(KeyBlockError, match="impossible length"):
        key_block.unwrap(bytes(16), block)


@pytest.mark.parametrize(("version", "length"), [("B", 32), ("B", 8), ("D", 8), ("D", 31), ("A", 8), ("C", 32)])
def test_protection_keys_of_another_length(version, length):
    """A protection key that a version does not take is refused, and the lengths that it takes are named."""
    with pytest.raises(KeyLengthError, match=f"16, 24 or 32 bytes, not {length}|16 or 24 bytes, not {length}"):
        key_block.derived_keys(version, bytes(length))


@given(PROTECTION_KEYS, st.integers(0), st.sampled_from("0123456789ABCDEFXZ"))
def test_every_changed_character_is_noticed(protection, position, character):
    """No character of a block can be another one."""
    version, protection_key = protection
    block = key_block.wrap(protection_key, KeyBlockHeader(version, "E0", "T", "X"), bytes(range(16)), os.urandom)
    place = position % len(block)
    if block[place] == character:
        return
    with pytest.raises((KeyBlockError, KeyLengthError)):
        key_block.unwrap(protection_key, block[:place] + character + block[place + 1 :])


@given(st.text(max_size=120) | st.text("ABCD0123456789 KSLBPBCT", min_size=16, max_size=120))
def test_anything_else_is_refused(text):
    """Text that is no key block is refused by name."""
    with pytest.raises(KeyBlockError):
        key_block.unwrap(bytes(16), text, accept_withdrawn=True)


@pytest.mark.parametrize(("version", "block_bytes", "code_bytes"), [("B", 8, 8), ("D", 16, 16)])
@pytest.mark.parametrize("length", [1, 13, 14, 15, 29, 30, 31])
def test_keys_of_any_length(version, block_bytes, code_bytes, length):
    """A key for HMAC has any length: with the two bytes that tell it, it takes as few cipher blocks as hold it."""
    header, key = KeyBlockHeader(version, "M7", "H", "C"), bytes(range(length))
    block = key_block.wrap(bytes(16), header, key, os.urandom)
    enciphered = next(size for size in range(block_bytes, 64, block_bytes) if size >= length + 2)
    assert len(block) == 16 + 2 * (enciphered + code_bytes)
    assert key_block.unwrap(bytes(16), block) == (header, key)
    assert psec.tr31.unwrap(bytes(16), block)[1] == key


def test_all_four_digits_of_the_length_count():
    """A block whose header says a thousand characters too many is refused, and told what it says."""
    with pytest.raises(KeyBlockError, match="has 112 characters, where its header says 1112"):
        key_block.unwrap(bytes(32), "D1112" + GOOD[5:])


def test_more_than_nine_optional_blocks():
    """Both digits of their number count."""
    header = KeyBlockHeader(
        "D", "E0", "A", "X", optional_blocks=tuple((f"{number:02d}", "text") for number in range(12))
    )
    block = key_block.wrap(bytes(16), header, bytes(16), os.urandom)
    assert block[12:14] == "12"
    assert key_block.unwrap(bytes(16), block)[0] == header
