"""A whole network is put back as it was: its tables bit by bit, and what it answers; and no identifier comes twice."""

import asyncio
import json
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import quote

import httpx
import pytest
import sqlalchemy as sa

from authz.engine import Engine
from authz.history import explanations
from authz.history.history_file import open_history
from authz.history.history_rows import metadata as history_tables
from authz.journal.checkpoint import checkpoints, write_checkpoint
from authz.journal.data_directory import checkpoints_in, history_in
from authz.journal.replay import replayed
from authz.state.stored import stored_arrays
from simulators.cli.actions.doctor import run_doctor
from simulators.cli.actions.journal import run_accept_loss
from simulators.parties import sandbox_constants
from simulators.process.start_error import StartError
from simulators.sandbox.feeds.journal_keeper import JournalKeeper
from simulators.sandbox.snapshots import putting_back
from simulators.sandbox.snapshots import snapshots as running_snapshots
from simulators.sandbox.snapshots.snapshot_files import SnapshotFolder
from simulators.sandbox.wiring import Sandbox, running_sandbox
from simulators.terminals.message_log import Trace
from simulators.testkit.kit import TestKit
from tests.conftest import settings_for
from tokenvault.storage import schema
from tokenvault.storage.database import DatabaseUnavailable, open_database, reading
from tokenvault.storage.row_copies import STAYING

ROOT = "/v1/simulations/snapshots"


class Network:
    """A network in a directory, as its operator sees it."""

    def __init__(self, running):
        self.kit = TestKit(running.http_url, running.iso_address)
        self.http = httpx.Client(
            base_url=running.http_url,
            headers={"Authorization": f"Bearer {sandbox_constants.SANDBOX_API_KEY}"},
            trust_env=False,
            timeout=60,
        )

    def call(self, method, path, body=None):
        """A call that is answered as it should be."""
        answer = self.http.request(method, path, json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def save(self, name="prepared", **more):
        """Save a snapshot."""
        return self.call("POST", ROOT, {"name": name} | more)

    def reset(self, name="prepared"):
        """Put the network back."""
        return self.call("POST", f"{ROOT}/{name}/reset")

    def ids(self, path):
        """Of what a list shows, the newest first."""
        return [each["id"] for each in self.call("GET", f"{path}?limit=100")["data"]]


@contextmanager
def started(settings):
    """A network that runs; None of the settings' ports is fixed."""
    with running_sandbox(settings) as running:
        network = Network(running)
        with network.kit, network.http:
            yield network


@pytest.fixture
def settings(tmp_path):
    """Of a network of its own."""
    return settings_for(tmp_path / "data")


@pytest.fixture
def network(settings):
    """A network of its own."""
    with started(settings) as made:
        yield made


def stored(settings):
    """Everything that a stopped network has stored and that is put back: arrays, program, rows of vault and history."""
    directory = settings.data_dir
    past = replayed(history_in(directory))
    arrays = {name: array.tobytes() for name, array in stored_arrays(past.state).items()}
    database = open_database(settings.database_url)
    with reading(database) as connection:
        vault = {
            table.name: sorted(map(repr, connection.execute(sa.select(table))))
            for table in schema.metadata.sorted_tables
            if table not in STAYING
        }
    database.dispose()
    history = open_history(directory / "history.db")
    with history.connect() as connection:
        rows = {
            table.name: sorted(map(repr, connection.execute(sa.select(table))))
            for table in history_tables.sorted_tables
            if table.name != "position"
        }
    history.dispose()
    return arrays, past.document, vault, rows


def a_day(kit):
    """Accounts, cards, tokens and payments of several kinds; a phone, and the account that it pays from."""
    account = kit.account(credit_limit=50_000)
    phone, terminal = kit.phone(kit.card(account)), kit.terminal()
    held = terminal.pay(phone, 1_500)
    terminal.buy(phone, 2_500)
    terminal.reverse(held, 500)
    terminal.pay(phone, 60_000)
    kit.phone(profile="tdes")
    return phone, account


def test_the_same_bit_by_bit(settings):
    """Arrays of the engine, program, rows of vault and history, whatever happened meanwhile."""
    with started(settings) as network:
        phone, _ = a_day(network.kit)
        network.save()
    before = stored(settings)
    with started(settings) as network:
        second, _ = a_day(network.kit)
        network.kit.issuer.change_token(phone.token_id, "suspend")
        network.kit.issuer.change_token(second.token_id, "deactivate")
        network.kit.clock.advance(86_400 * 30)
        network.call("POST", "/v1/api_keys", {"name": "later", "scopes": ["issuer"]})
        assert stored_differs(network, before)
        network.reset()
    after = stored(settings)
    for was, now in zip(before, after, strict=True):
        assert now == was


def stored_differs(network, before):
    """Whether the lists show more than was there, so that putting back has something to do."""
    return len(network.ids("/v1/authorizations")) > len(before[3]["decisions"])


def test_the_same_messages_are_answered_alike(network):
    """Whatever was decided and made in between: DE 39 and the amounts are those of the first time."""
    kit = network.kit
    account = kit.account(credit_limit=10_000)
    phone, watch = kit.phone(kit.card(account)), kit.phone(kit.card(account), kind="watch")
    terminal, trace = kit.terminal(), Trace()
    kit.clock.freeze()
    network.save()
    terminal.link.watcher = trace.watcher("first")
    held = [terminal.pay(each, amount) for each in (phone, watch) for amount in (3_000, 1_200, 4_000)]
    terminal.reverse(held[0], 1_000)
    terminal.buy(watch, 2_000)
    terminal.complete(held[1], 1_100)
    terminal.link.watcher = None
    sent = [each.message for each in trace.messages if each.direction == "sent"]
    first = [each.message for each in trace.messages if each.direction == "received"]
    assert len({answer[39] for answer in first}) > 1, "some are approved, some declined"
    assert {terminal.link.exchange(message)[39] for message in sent} != {answer[39] for answer in first}
    assert network.reset()["snapshot"]["name"] == "prepared"
    again = [terminal.link.exchange(message) for message in sent]
    for was, now in zip(first, again, strict=True):
        assert {field: now[field] for field in (4, 39, 54) if field in now} == {
            field: was[field] for field in (4, 39, 54) if field in was
        }
    assert not {answer.get(62) for answer in first} & {answer.get(62) for answer in again}


def test_no_identifier_is_used_twice(network):
    """Of authorizations, events, texts; what is found by an identifier that was given away is nothing, or the same."""
    kit = network.kit
    phone, terminal = kit.phone(), kit.terminal()
    terminal.pay(phone, 1_000)
    network.save()
    seen = {path: set(network.ids(path)) for path in ("/v1/authorizations", "/v1/events", "/v1/accounts")}
    for _ in range(3):
        given_up = {terminal.pay(phone, 1_000).authorization_id, kit.account()}
        told = {path: set(network.ids(path)) - seen[path] for path in seen}
        assert all(told.values())
        network.reset()
        for path, ids in told.items():
            assert not ids & set(network.ids(path))
            seen[path] |= ids
        for identifier in given_up:
            path = "authorizations" if identifier.startswith("auth_") else "accounts"
            assert network.http.get(f"/v1/{path}/{identifier}").status_code == 404
    made = terminal.pay(phone, 1_000).authorization_id
    assert made not in seen["/v1/authorizations"]
    assert network.call("GET", f"/v1/authorizations/{made}")["reason"] == "approved"
    events = network.ids("/v1/events")
    assert len(set(events)) == len(events)


def test_clock_program_and_policy_go_back(network):
    """The clock backward, too, as in no other way; what was frozen is frozen."""
    network.kit.clock.freeze()
    paths = ("/v1/simulations/clock", "/v1/program", "/v1/provisioning_policy", "/v1/simulations/issuer")
    was = {path: network.call("GET", path) for path in paths}
    network.save()
    network.kit.clock.advance(86_400 * 400)
    network.kit.clock.run()
    network.call("POST", "/v1/simulations/issuer", {"reachable": False})
    network.call("PUT", "/v1/program", {"time_zone": "Asia/Tokyo"})
    network.call("PUT", "/v1/provisioning_policy", {"terms": {"version": "2030-01"}})
    changed = {path: network.call("GET", path) for path in paths}
    assert all(changed[path] != was[path] for path in paths)
    network.reset()
    assert {path: network.call("GET", path) for path in paths} == was


def test_a_connection_stays_open_and_the_phone_pays_on(network):
    """Terminals notice nothing; a counter of a phone that is ahead of the network's is as good as any."""
    kit = network.kit
    phone, terminal = kit.phone(), kit.terminal()
    assert terminal.pay(phone, 100).approved
    network.save()
    for _ in range(3):
        line = terminal.link._socket
        assert terminal.pay(phone, 100).approved
        network.reset()
        assert terminal.pay(phone, 100).approved
        assert terminal.link._socket is line


def test_what_arrives_meanwhile_waits(network):
    """Payments and calls of the vault while it is put back again and again: each is answered, none wrongly."""
    kit = network.kit
    phones = [kit.phone() for _ in range(3)]
    network.save()
    is_over = threading.Event()

    def pay(phone):
        terminal, codes = kit.terminal(id=f"TERM{phones.index(phone):04d}"), []
        while not is_over.is_set():
            codes.append(terminal.pay(phone, 100).response_code)
        return codes

    def open_accounts():
        opened = []
        while not is_over.is_set():
            opened.append(network.http.post("/v1/accounts", json={"currency": "EUR", "credit_limit": 100}).status_code)
        return opened

    with ThreadPoolExecutor(4) as others:
        paying = [others.submit(pay, phone) for phone in phones]
        opening = others.submit(open_accounts)
        try:
            for _ in range(8):
                network.reset()
        finally:
            is_over.set()
        assert {code for each in paying for code in each.result()} == {"00"}
        assert set(opening.result()) == {201}
    network.reset()
    assert network.ids("/v1/authorizations") == []
    assert kit.terminal().pay(phones[0], 100).approved
    account = kit.account()
    assert kit.balance(account)["available"] > 0


def test_webhooks_go_on(network):
    """An endpoint that was there is told of what happens after, and one that was added later is gone."""
    kit = network.kit
    phone = kit.phone()
    kept = network.call("POST", "/v1/webhook_endpoints", {"url": "http://127.0.0.1:9/"})["id"]
    network.save()
    network.call("POST", "/v1/webhook_endpoints", {"url": "http://127.0.0.1:9/later"})
    kit.terminal().pay(phone, 100)
    network.reset()
    paid = kit.terminal().pay(phone, 100)
    network.call("GET", f"/v1/authorizations/{paid.authorization_id}")
    assert network.ids("/v1/webhook_endpoints") == [kept]


def test_api_keys_are_those_of_then(network):
    """One that was made later is unknown, one that was revoked is valid again."""
    early = network.call("POST", "/v1/api_keys", {"name": "early", "scopes": ["issuer"]})
    network.save()
    network.call("DELETE", f"/v1/api_keys/{early['id']}")
    later = network.call("POST", "/v1/api_keys", {"name": "later", "scopes": ["issuer"]})
    network.reset()
    statuses = [
        network.http.get("/v1/accounts", headers={"Authorization": f"Bearer {made['secret']}"}).status_code
        for made in (early, later)
    ]
    assert statuses == [200, 401]


def test_the_audit_trail_stays(network):
    """It tells what was put back, and of what was before; the chain holds."""
    network.save()
    account = network.kit.account()
    network.reset()
    entries = network.call("GET", "/v1/audit_entries?limit=100")["data"]
    assert [each["action"] for each in entries[:2]] == ["snapshot.put_back", "account.opened"]
    assert entries[1]["resource_id"] == account
    assert "snapshot.save" in {each["action"] for each in entries}


def test_explanations_are_of_this_past(network):
    """What was decided before is explained as it was, what was given up is unknown, what comes after is told anew."""
    kit = network.kit
    phone, terminal = kit.phone(), kit.terminal()
    kept = kit.decision(terminal.pay(phone, 1_000))
    network.save()
    given_up = kit.decision(terminal.pay(phone, 200_000))["id"]
    network.reset()
    after = kit.decision(terminal.pay(phone, 240_000))
    assert kit.issuer.authorization(kept["id"]) == kept
    assert network.http.get(f"/v1/authorizations/{given_up}").status_code == 404
    assert (after["reason"], kept["reason"]) == ("approved", "approved"), "the 2,000.00 in between were never held"


def test_checkpoints_of_what_was_given_up_are_gone(settings):
    """So that the next start begins from none of them."""
    settings = settings.model_copy(update={"checkpoint_segments": 1})
    with started(settings) as network:
        network.save("empty")
        a_day(network.kit)
    reader = history_in(settings.data_dir).journal
    write_checkpoint(checkpoints_in(settings.data_dir), _checkpoint_of(settings.data_dir, reader))
    with started(settings) as network:
        assert network.ids("/v1/authorizations")
        network.save("with-a-checkpoint")
        network.reset("empty")
        assert checkpoints(checkpoints_in(settings.data_dir)) == []
        paid = network.kit.terminal().pay(network.kit.phone(), 100)
    with started(settings) as network:
        assert network.ids("/v1/authorizations") == [paid.authorization_id]
        network.reset("with-a-checkpoint")
        assert len(checkpoints(checkpoints_in(settings.data_dir))) == 1
        assert paid.authorization_id not in network.ids("/v1/authorizations")
    with started(settings) as network:
        assert len(network.ids("/v1/authorizations")) == 4


def _checkpoint_of(directory, reader):
    last = reader.last_sequence
    return replace(replayed(history_in(directory), last), network=reader.network, digest=reader.digest_at(last))


BROKEN = {
    "before the journal": (running_snapshots, "put_back_journal"),
    "behind the journal": (Engine, "reload"),
    "at the end": (JournalKeeper, "begin_anew"),
}


@pytest.mark.parametrize("crash_at", BROKEN)
def test_a_crash_in_the_middle_is_made_good(settings, monkeypatch, crash_at):
    """Nobody is answered any more; the next start puts back what was begun, also where another crash comes first."""
    with started(settings) as network:
        phone, _ = a_day(network.kit)
        network.save()
    before = stored(settings)
    with started(settings) as network:
        network.kit.terminal().pay(phone, 700)
        with monkeypatch.context() as broken:
            place, name = BROKEN[crash_at]
            broken.setattr(place, name, _failing)
            answer = network.http.post(f"{ROOT}/prepared/reset")
        assert (answer.status_code, answer.json()["code"]) == (503, "engine_stopped")
        refused = network.http.post("/v1/simulations/clock", json={"advance_seconds": 1})
        assert (refused.status_code, refused.json()["code"]) == (503, "engine_stopped")
        kept = network.http.delete(f"{ROOT}/prepared")
        assert (kept.status_code, kept.json()["code"]) == (503, "engine_stopped")
    with monkeypatch.context() as broken:
        broken.setattr(putting_back, "put_back_journal", _failing)
        with pytest.raises(OSError, match="it breaks"), started(settings):
            pass
    with started(settings) as network:
        assert len(network.ids("/v1/authorizations")) == 4
    for was, now in zip(before, stored(settings), strict=True):
        assert now == was
    assert not (settings.data_dir / "putting-back").exists()


def test_nothing_is_given_up_for_what_the_next_start_completes(settings, monkeypatch, capsys):
    """Vault and journal may be of two pasts after a crash; to accept that as a loss would be wrong advice."""
    with started(settings) as network:
        account = network.kit.account()
        network.save()
        with monkeypatch.context() as broken:
            broken.setattr(running_snapshots, "put_back_journal", _failing)
            assert network.http.post(f"{ROOT}/prepared/reset").status_code == 503
    for segment in (settings.data_dir / "journal").iterdir():
        segment.unlink()
    assert run_doctor(settings) == 1
    printed = capsys.readouterr().out
    assert "UNSOUND  together: a snapshot is being put back" in printed
    assert "accept-loss" not in printed
    assert run_accept_loss(settings) == 1
    assert "the next `tapwright serve` completes it" in capsys.readouterr().err
    with started(settings) as network:
        assert network.ids("/v1/accounts") == [account]
    assert run_doctor(settings) == 0


def test_a_start_that_cannot_complete_it(settings, monkeypatch):
    """The snapshot is gone, or damaged: the start says so in one line, and changes nothing."""
    with started(settings) as network:
        network.kit.account()
        network.save()
        with monkeypatch.context() as broken:
            broken.setattr(running_snapshots, "put_back_journal", _failing)
            assert network.http.post(f"{ROOT}/prepared/reset").status_code == 503
    folder = settings.data_dir / "snapshots" / "prepared"
    shutil.rmtree(folder / "journal")
    with pytest.raises(StartError, match=r"prepared was being put back .* its journal"), started(settings):
        pass
    folder.rename(folder.parent / "renamed")
    with pytest.raises(StartError, match=r"prepared was being put back .* there is no snapshot"), started(settings):
        pass
    assert (settings.data_dir / "putting-back").read_text() == "prepared"


def test_what_a_crash_has_left_goes_with_the_next_start(settings):
    """Half a snapshot, and one that was being deleted: they have no name, and nobody else would delete them."""
    with started(settings) as network:
        network.save()
    folder = settings.data_dir / "snapshots"
    for left in ("prepared.unfinished", "another.replaced"):
        shutil.copytree(folder / "prepared", folder / left)
    with started(settings) as network:
        assert [each["name"] for each in network.call("GET", ROOT)["data"]] == ["prepared"]
        assert [each.name for each in folder.iterdir()] == ["prepared"]


def test_a_crash_while_one_replaces_another(settings):
    """Between the moment when one loses the name and the moment when the other gets it: it is there after a start."""
    with started(settings) as network:
        network.save()
        network.kit.account()
        replaced = network.save("later")
    folder = settings.data_dir / "snapshots"
    (folder / "prepared").rename(folder / "prepared.replaced")
    (folder / "later").rename(folder / "prepared.unfinished")
    with started(settings) as network:
        assert network.call("GET", ROOT)["data"] == [replaced | {"name": "prepared"}]
        assert [each.name for each in folder.iterdir()] == ["prepared"]


DAMAGES = {
    "its rows are missing": lambda folder: (folder / "vault.db").unlink(),
    "the file with its rows is damaged": lambda folder: (folder / "vault.db").write_bytes(b"no database" * 1_000),
    "its journal is not whole": lambda folder: shutil.rmtree(folder / "journal"),
    "its journal is damaged": lambda folder: _in_last_segment(folder, lambda content: b"?" * len(content)),
}


def _in_last_segment(folder, change):
    segment = max((folder / "journal").iterdir())
    segment.write_bytes(change(segment.read_bytes()))


@pytest.mark.parametrize("why", DAMAGES)
def test_a_damaged_snapshot_changes_nothing(network, settings, why):
    """It is held against what it says of itself before the network's own files are touched."""
    phone, terminal = network.kit.phone(), network.kit.terminal()
    network.save()
    paid = terminal.pay(phone, 100)
    DAMAGES[why](settings.data_dir / "snapshots" / "prepared")
    refused = network.http.post(f"{ROOT}/prepared/reset")
    assert (refused.status_code, refused.json()["code"]) == (409, "snapshot_unreadable")
    assert refused.json()["detail"] == f"the snapshot cannot be put back: {why}"
    again = terminal.pay(phone, 100)
    assert network.ids("/v1/authorizations") == [again.authorization_id, paid.authorization_id]


@pytest.mark.parametrize(("place", "why"), [(0, "not whole"), (1, "damaged")])
def test_a_snapshot_without_a_segment_of_its_journal_changes_nothing(network, settings, place, why):
    """Neither without the first one nor with a gap: the engine would stop, and no start would get past it."""
    phone, terminal = network.kit.phone(), network.kit.terminal()
    for _ in range(2):  # a segment begins whenever something is given up
        network.save(replace=True)
        assert terminal.pay(phone, 100).approved
        network.reset()
        assert terminal.pay(phone, 100).approved
    paid = terminal.pay(phone, 100)
    network.save(replace=True)
    segments = sorted((settings.data_dir / "snapshots" / "prepared" / "journal").iterdir())
    assert len(segments) > 2
    segments[place].unlink()
    refused = network.http.post(f"{ROOT}/prepared/reset")
    assert (refused.status_code, refused.json()["code"]) == (409, "snapshot_unreadable")
    assert refused.json()["detail"].endswith(why)
    again = terminal.pay(phone, 100)
    assert network.ids("/v1/authorizations")[:2] == [again.authorization_id, paid.authorization_id]


def test_payments_go_on_while_an_explanation_is_waited_for(network, monkeypatch):
    """Putting back waits for it, because it reads the journal; decisions do not."""
    phone, terminal = network.kit.phone(), network.kit.terminal()
    paid = terminal.pay(phone, 100)
    network.save()
    reached, may_go_on, real = threading.Event(), threading.Event(), explanations.explained

    def waiting(*arguments):
        reached.set()
        assert may_go_on.wait(30)
        return real(*arguments)

    with ThreadPoolExecutor(2) as others, monkeypatch.context() as slowed:
        slowed.setattr(explanations, "explained", waiting)
        explained = others.submit(network.http.get, f"/v1/authorizations/{paid.authorization_id}")
        try:
            assert reached.wait(30)
            done = others.submit(network.reset)
            assert [terminal.pay(phone, 100).response_code for _ in range(20)] == ["00"] * 20
            assert not done.done()
        finally:
            may_go_on.set()
        assert explained.result().status_code == 200
        assert done.result()["snapshot"]["name"] == "prepared"


def _failing(*_arguments, **_named):
    raise OSError("it breaks")


@pytest.mark.parametrize("waits_in", ["Writing", "copy_rows"])
def test_saving_is_carried_through_where_the_request_is_cancelled(settings, monkeypatch, waits_in):
    """As it is when the server stops: whoever writes to the vault gets a turn afterwards, and the engine goes on."""
    reached, may_go_on, real = threading.Event(), threading.Event(), getattr(running_snapshots, waits_in)

    def waiting(*arguments):
        reached.set()
        assert may_go_on.wait(30)
        return real(*arguments)

    async def story():
        sandbox = Sandbox(settings)
        await sandbox.start()
        try:
            with monkeypatch.context() as slowed:
                slowed.setattr(running_snapshots, waits_in, waiting)
                asked = asyncio.create_task(sandbox.snapshots.save("prepared", may_replace=False))
                assert await asyncio.to_thread(reached.wait, 30)
                asked.cancel()
                may_go_on.set()
                with pytest.raises(asyncio.CancelledError):
                    await asked
                await sandbox.snapshots.close()
            assert sandbox.snapshots.files.names() == ["prepared"]
            assert (await asyncio.wait_for(sandbox.snapshots.put_back("prepared"), 30)).manifest.name == "prepared"
        finally:
            await sandbox.stop()

    asyncio.run(story())


def test_the_server_stops_while_it_is_put_back(settings, monkeypatch):
    """Its parts are closed when that is done; the next start finds the network as it was saved."""
    reached, may_go_on, real = threading.Event(), threading.Event(), Engine.reload
    with started(settings) as network:
        network.kit.terminal().pay(network.kit.phone(), 100)
        network.save()
        before = network.ids("/v1/accounts")

    def waiting(engine):
        reached.set()
        assert may_go_on.wait(30)
        real(engine)

    async def story():
        sandbox = Sandbox(settings)
        await sandbox.start()
        asked = asyncio.create_task(sandbox.snapshots.put_back("prepared"))
        with monkeypatch.context() as slowed:
            slowed.setattr(Engine, "reload", waiting)
            assert await asyncio.to_thread(reached.wait, 30)
            asked.cancel()
            stopping = asyncio.create_task(sandbox.stop())
            asyncio.get_running_loop().call_later(0.1, may_go_on.set)
            await asyncio.wait_for(stopping, 30)
        with pytest.raises(asyncio.CancelledError):
            await asked

    asyncio.run(story())
    assert not (settings.data_dir / "putting-back").exists()
    with started(settings) as network:
        assert network.ids("/v1/accounts") == before


def test_what_cannot_be_put_back_changes_nothing(network, monkeypatch):
    """Where rows cannot be written, payments go on, and so does the past."""
    kit = network.kit
    phone, terminal = kit.phone(), kit.terminal()
    network.save()
    paid = terminal.pay(phone, 100)
    with monkeypatch.context() as broken:
        broken.setattr(putting_back, "replace_rows", _failing)
        refused = network.http.post(f"{ROOT}/prepared/reset")
        assert (refused.status_code, refused.json()["code"]) == (409, "snapshot_unreadable")
    again = terminal.pay(phone, 100)
    assert again.approved
    assert network.ids("/v1/authorizations") == [again.authorization_id, paid.authorization_id]
    network.reset()
    assert network.ids("/v1/authorizations") == []


@pytest.mark.parametrize("error", [OSError("it breaks"), DatabaseUnavailable("database: the disk is full")])
def test_what_cannot_be_saved_leaves_nothing(network, settings, monkeypatch, error):
    """Neither half a snapshot nor a standing network; one that was there under the name is as it was."""
    network.save()
    was = network.call("GET", f"{ROOT}/prepared")

    def copy(*_arguments):
        raise error

    monkeypatch.setattr(running_snapshots, "copy_rows", copy)
    for body in ({"name": "prepared", "replace": True}, {"name": "another"}):
        refused = network.http.post(ROOT, json=body)
        assert (refused.status_code, refused.json()["code"]) == (409, "snapshot_not_written")
    assert network.call("GET", ROOT)["data"] == [was]
    assert [each.name for each in (settings.data_dir / "snapshots").iterdir()] == ["prepared"]
    assert network.kit.terminal().pay(network.kit.phone(), 100).approved


@pytest.mark.parametrize("name", ["", "A", "../x", ".x", "x" * 41, "a/b", "ä", "a\n", "-a"])
def test_names(network, name):
    """A snapshot's name is the name of a folder; nothing else is reached by it."""
    refused = network.http.post(ROOT, json={"name": name})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "name")
    if name:
        reached = network.http.post(f"{ROOT}/{quote(name, safe='')}/reset")
        assert reached.status_code in (404, 422)


def test_snapshots_are_listed_replaced_and_deleted(network):
    """By their names; a name is used again only where that is asked for."""
    first = network.save("b")
    network.save("a")
    assert [each["name"] for each in network.call("GET", ROOT)["data"]] == ["a", "b"]
    refused = network.http.post(ROOT, json={"name": "b"})
    assert (refused.status_code, refused.json()["code"]) == (409, "snapshot_exists")
    network.kit.account()
    assert network.save("b", replace=True)["sequence"] > first["sequence"]
    network.call("DELETE", f"{ROOT}/b")
    for method, path in (("GET", "b"), ("DELETE", "b"), ("POST", "b/reset")):
        assert network.http.request(method, f"{ROOT}/{path}").status_code == 404
    assert [each["name"] for each in network.call("GET", ROOT)["data"]] == ["a"]


def test_one_is_deleted_while_it_is_shown(network, monkeypatch):
    """As if it had been gone before: no call fails for it."""
    for name in ("kept", "listed", "read"):
        network.save(name)

    def deleted(folder):
        if folder.path.name != "kept":
            shutil.rmtree(folder.path)
            raise FileNotFoundError
        return 1

    monkeypatch.setattr(SnapshotFolder, "size", property(deleted))
    assert network.http.get(f"{ROOT}/read").status_code == 404
    assert [each["name"] for each in network.call("GET", ROOT)["data"]] == ["kept"]


@pytest.mark.parametrize("key", [sandbox_constants.ISSUER_API_KEY, sandbox_constants.NETWORK_API_KEY])
def test_only_the_operator(network, key):
    """A snapshot is of all tenants."""
    network.save()
    for method, path in (("GET", ""), ("POST", ""), ("POST", "/prepared/reset"), ("DELETE", "/prepared")):
        answer = network.http.request(
            method,
            f"{ROOT}{path}",
            json={"name": "x"} if not path else None,
            headers={"Authorization": f"Bearer {key}"},
        )
        assert answer.status_code == 403


def test_of_another_network_or_version(network, settings, tmp_path):
    """Such a folder is left alone: it is not listed, and nothing is put back to it."""
    network.save()
    folder = settings.data_dir / "snapshots"
    with started(settings_for(tmp_path / "other")) as other:
        other.save("theirs")
    shutil.copytree(tmp_path / "other" / "snapshots" / "theirs", folder / "theirs")
    for name, change in (("later", {"version": 99}), ("halved", {"version": 1, "simulated": None, "more": 1})):
        shutil.copytree(folder / "prepared", folder / name)
        manifest = json.loads((folder / name / "manifest.json").read_text())
        (folder / name / "manifest.json").write_text(json.dumps(manifest | change))
    codes = {name: network.http.post(f"{ROOT}/{name}/reset").json()["code"] for name in ("theirs", "later", "halved")}
    assert codes == {
        "theirs": "snapshot_of_another_network",
        "later": "snapshot_unreadable",
        "halved": "snapshot_unreadable",
    }
    assert network.kit.terminal().pay(network.kit.phone(), 100).approved


def test_once_by_its_idempotency_key(network):
    """A reset that is sent again under the same key is not done again."""
    network.save()
    headers = {"Idempotency-Key": "reset-1"}
    first = network.http.post(f"{ROOT}/prepared/reset", headers=headers)
    assert first.status_code == 200
    account = network.kit.account()
    again = network.http.post(f"{ROOT}/prepared/reset", headers=headers)
    assert (again.json(), again.headers["Idempotent-Replayed"]) == (first.json(), "true")
    assert account in network.ids("/v1/accounts")


def test_no_secret_is_readable_in_it(network, settings):
    """Only its owner can look into it, and what is secret is sealed there as in the vault."""
    network.kit.card(pin="7391", text_message="+4915112345678")
    network.save()
    folder = settings.data_dir / "snapshots" / "prepared"
    assert folder.parent.stat().st_mode & 0o077 == 0
    files = [file for file in folder.rglob("*") if file.is_file()]
    assert files
    for file in files:
        assert file.stat().st_mode & 0o077 == 0, file
        assert b"4915112345678" not in file.read_bytes()


def test_simulated_phones_and_terminals_go_back(network):
    """With their keys and counters; what was made later is unknown, and a payment of before can be followed up."""
    simulated = "/v1/simulations"
    card = network.kit.card()
    phone = network.call("POST", f"{simulated}/phones", {"name": "mine", "card_id": card})
    terminal = network.call("POST", f"{simulated}/terminals", {"kind": "hotel"})
    paid = network.call("POST", f"{simulated}/authorizations", {"token_id": phone["token_id"], "amount": 1_500})
    network.save()
    was = {path: network.call("GET", f"{simulated}/{path}") for path in ("phones", "terminals")}
    network.call("POST", f"{simulated}/phones/{phone['id']}/lock")
    network.call("DELETE", f"{simulated}/terminals/{terminal['id']}")
    network.call("POST", f"{simulated}/phones", {"name": "later"})
    network.reset()
    assert {path: network.call("GET", f"{simulated}/{path}") for path in was} == was
    again = network.call("POST", f"{simulated}/authorizations", {"token_id": phone["token_id"], "amount": 700})
    assert (again["response_code"], again["authorization_id"] > paid["authorization_id"]) == ("00", True)
    done = network.call("POST", f"{simulated}/authorizations/{paid['authorization_id']}/complete", {})
    assert done["response_code"] == "00"
