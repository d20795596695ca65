"""No identifier is given twice, whatever a crash and a disk have done to the end of the journal."""

import shutil
import time

import httpx
import pytest

from authz.journal.data_directory import JOURNAL
from authz.journal.disk import Directory
from authz.journal.journal_files import SegmentReader
from simulators.parties.issuer_client import Issuer
from simulators.process.start_error import StartError
from simulators.sandbox.settings.loading import scratch_settings
from simulators.sandbox.settings.settings import VAULT
from simulators.sandbox.wiring import running_sandbox
from simulators.terminals.terminal import Terminal
from simulators.wallet.phone import Phone
from tokenvault.storage.database import open_database, writing
from tokenvault.storage.high_water import kept_high_water
from tokenvault.vocabulary.identifiers import Prefix, to_number

TAPS = 8


def _paid(sandbox):
    """The authorizations of some taps by a new phone."""
    with Issuer(sandbox.http_url) as issuer:
        card = issuer.issue_card(issuer.open_account("EUR", 100_000)["id"])["id"]
        phone, terminal = Phone(sandbox.http_url), Terminal(sandbox.iso_address)
        phone.provision(card)
        receipts = [terminal.pay(phone, 1_000) for _ in range(TAPS)]
        phone.close()
        terminal.close()
    assert all(receipt.approved for receipt in receipts)
    return [receipt.answer[62] for receipt in receipts]


def _number(authorization_id):
    return to_number(Prefix.AUTHORIZATION, authorization_id)


def _remembered(directory):
    """The last command that the vault remembers."""
    database = open_database(f"sqlite:///{directory / VAULT}")
    found = kept_high_water(database)
    database.dispose()
    return 0 if found is None else found.sequence


def _caught_up(sandbox):
    """What the server says of its lists once they have come as far as the journal, or after ten seconds."""
    deadline = time.monotonic() + 10
    while True:
        history = httpx.get(f"{sandbox.http_url}/readyz").json()["history"]
        if history["sequence"] == history["durable_sequence"] or time.monotonic() > deadline:
            return history


def _cut_behind(directory, sequence):
    """Cut a journal of one segment at the end of the record of a command."""
    reader = SegmentReader(Directory(directory / JOURNAL))
    [segment] = (directory / JOURNAL).iterdir()
    [end] = [record.end for record in reader._records(segment.name, is_last=True) if record.mark.sequence == sequence]
    segment.write_bytes(segment.read_bytes()[:end])


def test_what_the_vault_cannot_have_noticed_is_not_used_again(tmp_path, monkeypatch):
    """The journal loses the last taps, all within a second: nobody can know, but their identifiers stay theirs."""
    monkeypatch.setattr("simulators.sandbox.feeds.journal_keeper._PAUSE_SECONDS", 3_600)
    crashed = tmp_path / "crashed"
    with running_sandbox(scratch_settings(tmp_path / "own")) as sandbox:
        had = _paid(sandbox)
        shutil.copytree(tmp_path / "own", crashed)
    assert _remembered(crashed) == 0
    last = _number(had[0]) - 1
    _cut_behind(crashed, last)
    with running_sandbox(scratch_settings(crashed)) as sandbox:
        assert _caught_up(sandbox) == {"sequence": last, "durable_sequence": last}, "numbers set aside are no commands"
        again = _paid(sandbox)
    assert not set(had) & set(again)
    with running_sandbox(scratch_settings(crashed)) as sandbox:  # it has ended well: numbers simply go on
        later = _paid(sandbox)
    assert 0 < _number(later[0]) - _number(again[-1]) < 100


def test_a_loss_is_noticed_when_a_second_has_passed(tmp_path):
    """What was acknowledged is remembered elsewhere, also while the server runs."""
    with running_sandbox(scratch_settings(tmp_path)) as sandbox:
        _paid(sandbox)
        last = SegmentReader(Directory(tmp_path / JOURNAL)).last_sequence
        deadline = time.monotonic() + 10
        while _remembered(tmp_path) < last and time.monotonic() < deadline:
            pass
        assert _remembered(tmp_path) == last


def test_a_vault_that_remembers_nothing_takes_over_the_journals_identity(tmp_path):
    """As after an upgrade from a version that had none; an empty vault does not."""
    with running_sandbox(scratch_settings(tmp_path)) as sandbox:
        had = _paid(sandbox)
    network = SegmentReader(Directory(tmp_path / JOURNAL))
    assert network.seals() == [0]
    database = open_database(f"sqlite:///{tmp_path / VAULT}")
    with writing(database) as connection:
        connection.exec_driver_sql("DELETE FROM high_water")
    database.dispose()
    with running_sandbox(scratch_settings(tmp_path)) as sandbox:
        assert not set(had) & set(_paid(sandbox))
        database = open_database(f"sqlite:///{tmp_path / VAULT}")
        assert kept_high_water(database).network == network.network
        database.dispose()
    (tmp_path / VAULT).unlink()
    open_database(f"sqlite:///{tmp_path / VAULT}").dispose()
    refused = pytest.raises(StartError, match=r"vault\.db is missing or empty")
    with refused, running_sandbox(scratch_settings(tmp_path)):
        pass
