"""Rotating keys, ceremonies, and root keys in a file, in the environment and in a PKCS#11 token."""

import os
import shutil
import subprocess
import threading
from dataclasses import replace
from pathlib import Path

import psec
import pytest
import sqlalchemy as sa

from simulators.parties import sandbox_constants
from tests.tokenvault.stories import active_token, ask_on_file, new_card, new_jwk, opened_jwe, pan_of, rows
from tests.tokenvault.vaults import GIVEN_KEYS, new_vault
from tokenvault.cards.card_details import reveal_card
from tokenvault.cards.cards import card_with_pan, contacts_of
from tokenvault.cards.contact_points import VerificationMethod
from tokenvault.events.webhooks import add_endpoint
from tokenvault.key_management.key_ceremony import (
    TRAVELLING,
    check_value,
    export_key,
    import_key,
    list_keys,
    set_protection_key,
)
from tokenvault.key_management.key_rotation import ROTATABLE, RotationState, find_rotation, reseal_some, start_rotation
from tokenvault.keys.key_ring import KEY_BYTES, KeyPurpose, KeyRing
from tokenvault.keys.pkcs11_root_key import Pkcs11Location, Pkcs11RootKey
from tokenvault.keys.sealing import SEALED_COLUMNS
from tokenvault.provisioning.bulk_load import LoadPlan, load
from tokenvault.storage import schema
from tokenvault.storage.database import open_database
from tokenvault.vocabulary.errors import Conflict, FieldError, KeyUnavailable, NotFound

SOFTHSM = next((path for path in Path("/usr/lib").glob("**/libsofthsm2.so")), None)


def finish(vault):
    """Do all that is left."""
    while reseal_some(vault):
        pass


@pytest.mark.parametrize("purpose", [KeyPurpose.PAN_SEALING, KeyPurpose.PAN_LOOKUP, KeyPurpose.DATA_SEALING])
def test_nothing_is_left_under_the_old_key(vault, purpose, monkeypatch):
    """Everything that was sealed opens, is found, and names the new version; the old one is gone from the database."""
    monkeypatch.setattr("tokenvault.key_management.key_rotation.BATCH_ROWS", 3)
    cards = [new_card(vault, {VerificationMethod.E_MAIL: f"ada{number}@example.com"}) for number in range(8)]
    pans = [pan_of(vault, card) for card in cards]
    add_endpoint(vault, "https://example.com", [])
    rotation = start_rotation(vault, purpose)
    assert (rotation.state, rotation.version) == (RotationState.RUNNING, 2)
    with pytest.raises(Conflict):
        start_rotation(vault, purpose)
    assert reseal_some(vault)
    halfway = find_rotation(vault, rotation.text_id)
    assert (halfway.resealed, halfway.remaining) == (3, rotation.remaining - 3)
    finish(vault)
    done = find_rotation(vault, rotation.text_id)
    assert (done.state, done.resealed, done.remaining) == (RotationState.DONE, rotation.remaining, 0)
    for column in SEALED_COLUMNS:
        if column.purpose is purpose:
            versions = {row._mapping[column.version] for row in rows(vault, column.table.name)}
            assert versions <= {2, None}
    assert {row.version for row in rows(vault, "keys") if row.purpose == purpose} == {2}
    for card, pan in zip(cards, pans, strict=True):
        assert pan_of(vault, card) == pan
        with vault.reading() as connection:
            assert card_with_pan(vault, connection, pan).id == card.id
            assert contacts_of(vault, connection, card.id)[VerificationMethod.E_MAIL].startswith("ada")


def test_master_keys_get_a_new_index(vault):
    """Old tokens keep their key, new ones take the new; nothing is resealed."""
    _, old, _ = active_token(vault)
    rotation = start_rotation(vault, KeyPurpose.EMV_MASTER_AES)
    assert (rotation.state, rotation.remaining) == (RotationState.DONE, 0)
    token = ask_on_file(vault, new_card(vault))
    assert (old.key_index, token.key_index) == (1, 2)


@pytest.mark.parametrize("purpose", sorted(set(KeyPurpose) - ROTATABLE))
def test_keys_that_verify_the_past_cannot_be_rotated(vault, purpose):
    """They would make it worthless."""
    with pytest.raises(FieldError):
        start_rotation(vault, purpose)


def _rotate_while_issuing(vault, cards):
    """Rotate the PAN key over so many cards while others are issued; returns how many were issued meanwhile."""
    failures, issued, stop = [], [], threading.Event()

    def issue():
        while not stop.is_set():
            try:
                issued.append(new_card(vault))
                active_token(vault, issued[-1])
            except Exception as error:
                failures.append(error)
                return

    thread = threading.Thread(target=issue)
    thread.start()
    try:
        rotations = [start_rotation(vault, purpose) for purpose in (KeyPurpose.PAN_SEALING, KeyPurpose.PAN_LOOKUP)]
        finish(vault)
    finally:
        stop.set()
        thread.join()
    assert failures == []
    assert all(find_rotation(vault, each.text_id).state is RotationState.DONE for each in rotations)
    with vault.reading() as connection:
        table = schema.cards
        old = sa.or_(table.c.pan_key_version != 2, table.c.lookup_key_version != 2)
        assert connection.execute(sa.select(sa.func.count()).select_from(table).where(old)).scalar_one() == 0
        assert connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one() == cards + len(issued)
    assert [row.version for row in rows(vault, "keys") if row.purpose == KeyPurpose.PAN_SEALING] == [2]
    return len(issued)


def test_rotation_while_cards_are_issued(clock, tmp_path):
    """Nothing fails, and nothing is left under the old key."""
    vault = new_vault(clock, f"sqlite:///{tmp_path / 'vault.db'}")
    for _ in range(300):
        new_card(vault)
    assert _rotate_while_issuing(vault, 300) > 0
    vault.database.dispose()


@pytest.mark.slow
def test_rotation_over_a_hundred_thousand_cards(clock, tmp_path):
    """The same at size."""
    vault = new_vault(clock, f"sqlite:///{tmp_path / 'vault.db'}")
    load(vault, LoadPlan(100_000, 1_000, sandbox_constants.MERCHANT_REQUESTOR_ID))
    assert _rotate_while_issuing(vault, 100_000) > 0
    vault.database.dispose()


def test_every_travelling_key_goes_out_and_comes_back(vault):
    """As a key block that an independent library opens with the protection key alone."""
    components = {"D": [os.urandom(32), os.urandom(32)], "B": [os.urandom(24), os.urandom(24), os.urandom(24)]}
    for version, parts in components.items():
        entry = set_protection_key(vault, version, parts)
        protection = parts[0]
        for part in parts[1:]:
            protection = bytes(a ^ b for a, b in zip(protection, part, strict=True))
        assert entry.check_value == check_value(entry.purpose, protection)
        for purpose in TRAVELLING:
            exported = export_key(vault, purpose, 1, version)
            header, key = psec.tr31.unwrap(protection, exported.key_block)
            assert key == vault.keys.key(purpose, 1)
            assert header.exportability == "E"
            with pytest.raises(Conflict, match="already holds this key"):
                import_key(vault, purpose, exported.key_block, exported.check_value)


def test_a_foreign_key_comes_in(vault):
    """Wrapped by somebody else for us: the next version, unless purpose or check value are not what was said."""
    parts = [os.urandom(32), bytes(32)]
    set_protection_key(vault, "D", parts)
    key = os.urandom(16)
    block = psec.tr31.wrap(parts[0], psec.tr31.Header("D", "E0", "A", "X", "00", "E"), key)
    value = check_value(KeyPurpose.EMV_MASTER_AES, key)
    with pytest.raises(FieldError, match="takes B0A"):
        import_key(vault, KeyPurpose.PIN_BASE_AES, block, value)
    with pytest.raises(FieldError, match="check_value"):
        import_key(vault, KeyPurpose.EMV_MASTER_AES, block, "0000000000")
    with pytest.raises(FieldError, match="altered"):
        import_key(vault, KeyPurpose.EMV_MASTER_AES, block[:-1] + ("0" if block[-1] != "0" else "1"), value)
    assert import_key(vault, KeyPurpose.EMV_MASTER_AES, block, value.lower()).version == 2
    assert vault.keys.key(KeyPurpose.EMV_MASTER_AES, 2) == key


def test_withdrawn_key_blocks_come_in_by_a_setting(vault):
    """Blocks of versions A and C are refused, unless the program takes them; unknown versions always are."""
    protection, key = os.urandom(24), os.urandom(16)
    set_protection_key(vault, "B", [protection, bytes(24)])
    block = psec.tr31.wrap(protection, psec.tr31.Header("A", "E0", "T", "X", "00", "E"), key)
    value = check_value(KeyPurpose.EMV_MASTER_TDES, key)
    with pytest.raises(FieldError, match="withdrawn"):
        import_key(vault, KeyPurpose.EMV_MASTER_TDES, block, value)
    with pytest.raises(FieldError, match="must be a key block of version B or D"):
        import_key(vault, KeyPurpose.EMV_MASTER_TDES, "X" + block[1:], value)
    lenient = replace(vault, program=replace(vault.program, withdrawn_key_blocks=True))
    assert import_key(lenient, KeyPurpose.EMV_MASTER_TDES, block, value).version == 2
    with pytest.raises(FieldError, match="must be B or D"):
        export_key(lenient, KeyPurpose.EMV_MASTER_TDES, 2, "A")


def test_bad_ceremonies(vault):
    """One component, another length, another format, another purpose, a version that is not there."""
    for parts in ([bytes(32)], [bytes(32), bytes(16)], []):
        with pytest.raises(FieldError, match="components"):
            set_protection_key(vault, "D", parts)
    with pytest.raises(FieldError, match="must be B or D"):
        set_protection_key(vault, "A", [bytes(32), bytes(32)])
    with pytest.raises(FieldError, match="purpose"):
        export_key(vault, KeyPurpose.PAN_SEALING, 1, "D")
    with pytest.raises(NotFound):
        export_key(vault, KeyPurpose.EMV_MASTER_AES, 9, "D")


def test_the_list_shows_no_key(vault):
    """Purposes, versions and check values only."""
    entries = list_keys(vault)
    assert {entry.purpose for entry in entries} == set(KeyPurpose)
    for entry in entries:
        key = vault.keys.key(entry.purpose, entry.version)
        assert len(entry.check_value) in (6, 10)
        assert len(key) == KEY_BYTES[entry.purpose]
        assert key.hex().upper() not in repr(entry)


@pytest.fixture
def hsm(tmp_path, monkeypatch):
    """An empty token in SoftHSM2; its URI."""
    if SOFTHSM is None or shutil.which("softhsm2-util") is None:
        pytest.skip("SoftHSM2 is not installed; CI installs it")
    (tmp_path / "tokens").mkdir()
    configuration = tmp_path / "softhsm2.conf"
    configuration.write_text(f"directories.tokendir = {tmp_path / 'tokens'}\nlog.level = ERROR\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(configuration))
    subprocess.run(
        ["softhsm2-util", "--init-token", "--free", "--label", "vault", "--pin", "1234", "--so-pin", "5678"],
        check=True,
        capture_output=True,
    )
    return f"pkcs11:token=vault;object=root?module-path={SOFTHSM}"


def test_a_root_key_in_a_token(hsm, clock):
    """Made there on the first run, found on the next; it wraps and unwraps and never comes out; the PIN is needed."""
    location = Pkcs11Location.parse(hsm)
    database = open_database("sqlite://")
    root_key = Pkcs11RootKey(location, "1234")
    ring = KeyRing.open(database, root_key, GIVEN_KEYS, os.urandom)
    root_key.close()
    root_key = Pkcs11RootKey(location, "1234")
    again = KeyRing.open(database, root_key, GIVEN_KEYS, os.urandom)
    assert all(ring.key(purpose, 1) == again.key(purpose, 1) for purpose in KeyPurpose)
    with pytest.raises(KeyUnavailable, match="not the one"):
        root_key.unwrap(bytes(60))
    root_key.close()
    with pytest.raises(KeyUnavailable, match="PinIncorrect"):
        Pkcs11RootKey(location, "0000")
    with pytest.raises(KeyUnavailable, match="nobody"):
        Pkcs11RootKey(Pkcs11Location(location.module, "nobody", "root"), "1234")
    assert repr(root_key) == "Pkcs11RootKey()"
    database.dispose()


@pytest.mark.parametrize("uri", ["", "pkcs11:token=a", "pkcs11:token=a;object=b", "token=a;object=b?module-path=c"])
def test_a_bad_uri(uri):
    """What is no URI of a key in a token is refused."""
    with pytest.raises(ValueError, match="RFC 7512"):
        Pkcs11Location.parse(uri)


def test_revealed_cards_survive_a_rotation(vault):
    """What the vault tells of a card is the same before and after."""
    card, key = new_card(vault), new_jwk()
    before = opened_jwe(key, reveal_card(vault, card.text_id, key.as_dict(private=False)))
    start_rotation(vault, KeyPurpose.PAN_SEALING)
    finish(vault)
    assert opened_jwe(key, reveal_card(vault, card.text_id, key.as_dict(private=False))) == before
    assert before["pan"].startswith(sandbox_constants.FUNDING_BIN)
