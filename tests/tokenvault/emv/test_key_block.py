"""Key blocks of TR-31 against published blocks and an independent library."""

import os

import psec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vector_files import octets, rows
from tokenvault.emv import key_block
from tokenvault.emv.errors import KeyLengthError
from tokenvault.emv.key_block import KeyBlockError, KeyBlockHeader

PROTECTION_KEYS = st.sampled_from([("B", 16), ("B", 24), ("D", 16), ("D", 24), ("D", 32)]).flatmap(
    lambda pair: st.tuples(st.just(pair[0]), st.binary(min_size=pair[1], max_size=pair[1]))
)
KEYS = st.sampled_from([16, 24, 32]).flatmap(lambda length: st.binary(min_size=length, max_size=length))


@pytest.mark.parametrize("row", [row for row in rows("tr31_key_blocks") if "key_block" in row])
def test_published_block(row):
    """A published block opens to its key."""
    header, key = key_block.unwrap(octets(row, "kbpk"), row["key_block"])
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


@given(PROTECTION_KEYS, st.lists(st.tuples(st.sampled_from(["KS", "TS", "LB"]), st.text("0123456789ABCDEF"))))
def test_optional_blocks(protection, blocks):
    """Optional blocks travel with the key and are covered by its code."""
    version, protection_key = protection
    header = KeyBlockHeader(version, "B1", "T", "X", optional_blocks=tuple(blocks[:4]))
    block = key_block.wrap(protection_key, header, bytes(16), os.urandom)
    read, key = key_block.unwrap(protection_key, block)
    assert key == bytes(16)
    assert read == header
    theirs, _ = psec.tr31.unwrap(protection_key, block)
    assert all(theirs.blocks[name] in [value for other, value in header.optional_blocks if other == name]
               for name in theirs.blocks if name != "PB")  # fmt: skip


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


@given(st.text(max_size=120))
def test_anything_else_is_refused(text):
    """Text that is no key block is refused by name."""
    with pytest.raises(KeyBlockError):
        key_block.unwrap(bytes(16), text)
