"""Keys: nothing opens without the root key, and nothing is changed by one who has the wrong one."""

import os
import stat

import pytest
import sqlalchemy as sa

from tests.tokenvault.vaults import GIVEN_KEYS, ROOT_KEY
from tokenvault.keys.key_ring import KeyPurpose, KeyRing
from tokenvault.keys.root_keys import SoftwareRootKey, root_key_from_text, root_key_in_file
from tokenvault.storage import schema
from tokenvault.storage.database import open_database, reading
from tokenvault.vocabulary.errors import KeyUnavailable


@pytest.fixture
def database():
    """An empty database."""
    made = open_database("sqlite://")
    yield made
    made.dispose()


def _rows(database):
    with reading(database) as connection:
        return sorted(tuple(row) for row in connection.execute(sa.select(schema.keys)))


def test_keys_are_made_once_and_kept(database):
    """Opened again with the same root key, the ring holds the same keys."""
    first = KeyRing.open(database, ROOT_KEY, GIVEN_KEYS, os.urandom)
    second = KeyRing.open(database, ROOT_KEY, GIVEN_KEYS, os.urandom)
    for purpose in KeyPurpose:
        assert first.current_version(purpose) == 1
        assert first.key(purpose, 1) == second.key(purpose, 1)
    assert len({first.key(purpose, 1) for purpose in KeyPurpose}) == len(KeyPurpose)


def test_no_key_lies_in_the_clear(database):
    """What is stored is longer than the key and does not contain it."""
    ring = KeyRing.open(database, ROOT_KEY, GIVEN_KEYS, os.urandom)
    rows = _rows(database)
    assert len(rows) == len(KeyPurpose)
    for purpose, version, wrapped in rows:
        key = ring.key(KeyPurpose(purpose), version)
        assert len(wrapped) > len(key)
        assert key not in wrapped


def test_the_wrong_root_key_opens_nothing_and_changes_nothing(database):
    """Refused with one sentence; the rows stay as they were."""
    KeyRing.open(database, ROOT_KEY, GIVEN_KEYS, os.urandom)
    before = _rows(database)
    with pytest.raises(KeyUnavailable, match="not the one that wrapped"):
        KeyRing.open(database, SoftwareRootKey(bytes(32)), GIVEN_KEYS, os.urandom)
    assert _rows(database) == before


def test_another_master_key_takes_another_index(database):
    """An index that holds a key is never overwritten; a new index takes the new key beside the old one."""
    KeyRing.open(database, ROOT_KEY, GIVEN_KEYS, os.urandom)
    other = {(KeyPurpose.EMV_MASTER_AES, 1): bytes(16)}
    with pytest.raises(KeyUnavailable, match="already holds another key") as refused:
        KeyRing.open(database, ROOT_KEY, other, os.urandom)
    assert GIVEN_KEYS[KeyPurpose.EMV_MASTER_AES, 1].hex() not in str(refused.value).lower()
    ring = KeyRing.open(database, ROOT_KEY, {(KeyPurpose.EMV_MASTER_AES, 2): bytes(16)}, os.urandom)
    assert ring.current_version(KeyPurpose.EMV_MASTER_AES) == 2
    assert ring.key(KeyPurpose.EMV_MASTER_AES, 1) == GIVEN_KEYS[KeyPurpose.EMV_MASTER_AES, 1]
    with pytest.raises(KeyUnavailable, match="there is no"):
        ring.key(KeyPurpose.EMV_MASTER_AES, 3)


def test_the_root_key_file_is_made_for_its_owner_only(tmp_path):
    """The first run makes 32 bytes readable by their owner; later runs read them."""
    path = tmp_path / "root.key"
    key = root_key_in_file(path, os.urandom)
    assert len(path.read_bytes()) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert root_key_in_file(path, os.urandom).unwrap(key.wrap(b"a key that is wrapped")) == b"a key that is wrapped"


def test_a_bad_root_key_file_is_named(tmp_path):
    """A file of another length, and a folder that does not exist: one sentence with the path."""
    path = tmp_path / "root.key"
    path.write_bytes(b"short")
    path.chmod(0o600)
    with pytest.raises(KeyUnavailable, match=r"root\.key has 5 bytes; it must have 32"):
        root_key_in_file(path, os.urandom)
    with pytest.raises(KeyUnavailable, match="nowhere"):
        root_key_in_file(tmp_path / "nowhere" / "root.key", os.urandom)


def test_reprs_show_no_key(database):
    """A key ring prints as a number of keys."""
    assert repr(KeyRing.open(database, ROOT_KEY, GIVEN_KEYS, os.urandom)) == f"KeyRing({len(KeyPurpose)} keys)"
    assert repr(ROOT_KEY) == "SoftwareRootKey()"


def test_a_root_key_that_others_can_read_is_refused(tmp_path):
    """A file mode that lets others in is named, and the key is not used."""
    path = tmp_path / "root.key"
    root_key_in_file(path, os.urandom)
    path.chmod(0o640)
    with pytest.raises(KeyUnavailable, match="0600"):
        root_key_in_file(path, os.urandom)


@pytest.mark.parametrize("text", ["", "00" * 31, "zz" * 32, "00" * 33])
def test_a_bad_root_key_text_is_refused(text):
    """Another length and other characters: one sentence that does not show it."""
    with pytest.raises(KeyUnavailable, match="64 hexadecimal digits"):
        root_key_from_text(text)


def test_another_root_key_can_take_over(database):
    """All keys are wrapped anew; the old root key opens nothing any more."""
    ring = KeyRing.open(database, ROOT_KEY, GIVEN_KEYS, os.urandom)
    other = root_key_from_text("ab" * 32)
    assert ring.rewrap(other) == len(KeyPurpose)
    again = KeyRing.open(database, other, GIVEN_KEYS, os.urandom)
    assert all(again.key(purpose, 1) == ring.key(purpose, 1) for purpose in KeyPurpose)
    with pytest.raises(KeyUnavailable, match="not the one that wrapped"):
        KeyRing.open(database, ROOT_KEY, GIVEN_KEYS, os.urandom)
