"""Saves a running network under a name, and puts it back: no connection is closed, and what arrives meanwhile waits."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from cryptography.exceptions import InvalidTag

from authz.engine import Engine
from authz.history.explanations import Explanations
from authz.history.projection import Projection
from authz.journal.journal_files import SegmentJournal
from authz.network.realtime_decisioning import IssuerDecisions
from authz.upkeep.journal_copies import copy_journal, put_back_journal
from authz.vocabulary.errors import EngineStopped
from simulators.sandbox.clocks.sandbox_clock import SandboxClock
from simulators.sandbox.feeds.advice_forwarder import AdviceForwarder
from simulators.sandbox.feeds.bank_day import BankDay
from simulators.sandbox.feeds.journal_keeper import JournalKeeper
from simulators.sandbox.feeds.vault_feed import VaultFeed
from simulators.sandbox.snapshots import putting_back
from simulators.sandbox.snapshots.interruptible import Interruptible
from simulators.sandbox.snapshots.snapshot_files import Manifest, SnapshotFiles, SnapshotFolder
from simulators.simulations.simulations import Simulations
from tokenvault.background.errands import in_thread
from tokenvault.events import audit
from tokenvault.keys.sealing import seal_elsewhere, unseal_elsewhere
from tokenvault.storage.database import DatabaseUnavailable, Writing
from tokenvault.storage.row_copies import copy_rows
from tokenvault.vault import Vault
from tokenvault.vocabulary.errors import Conflict, KeyUnavailable

Result = TypeVar("Result")

HISTORY_SECONDS = 10.0
"""How long putting back waits for the lists, which are made anew."""


@dataclass(frozen=True)
class Network:
    """The parts of a running network that a snapshot is made of, or that have to follow when it is put back.

    directory: its data directory.  beside: what works beside it and would be in the way.
    """

    directory: Path
    vault: Vault
    journal: SegmentJournal
    engine: Engine
    keeper: JournalKeeper
    feed: VaultFeed
    forwarder: AdviceForwarder
    bank_day: BankDay
    decisions: IssuerDecisions
    projection: Projection
    explanations: Explanations
    clock: SandboxClock
    simulations: Simulations
    beside: tuple[Interruptible, ...]

    @contextlib.asynccontextmanager
    async def standing_still(self) -> AsyncIterator[Writing]:
        """Nothing is changed inside, in vault, journal or memory, but by the transaction, which is the caller's to end.

        Whoever waits for one of these may hold those before it: simulated phones wait for the vault, and use cases of
        the vault, feed and forwarder for the engine. So the order is this one.
        """
        async with contextlib.AsyncExitStack() as held:
            for work in self.beside:
                await held.enter_async_context(work.interrupted())
            await held.enter_async_context(self.bank_day.undisturbed())
            await held.enter_async_context(self.keeper.undisturbed())
            await held.enter_async_context(self.simulations.at_rest())
            transaction = await in_thread(Writing, self.vault.database)
            try:
                await held.enter_async_context(self.feed.undisturbed())
                await held.enter_async_context(self.forwarder.undisturbed())
                await held.enter_async_context(self.engine.standing_still())
            except BaseException:
                await in_thread(transaction.roll_back)
                raise
            yield transaction


@dataclass(frozen=True)
class PutBack:
    """What came of putting a network back. numbers_after: no command from now on has this number or a smaller one.

    seconds: how long decisions had to wait.
    """

    manifest: Manifest
    numbers_after: int
    seconds: float


class Snapshots:
    """The snapshots of one network. Belongs to its event loop; one is saved or put back at a time.

    What was begun is carried through even where whoever asked for it is cancelled, as requests are when the server
    stops: half of it would leave the vault's writers or the engine waiting for ever.
    """

    def __init__(self, network: Network) -> None:
        self.files = SnapshotFiles(network.directory)
        self.files.clear()
        self._network = network
        self._turn = asyncio.Lock()
        self._running: set[asyncio.Task[Any]] = set()

    async def save(self, name: str, *, may_replace: bool) -> SnapshotFolder:
        """Save the network as it is now.

        Raises: FieldError; Conflict where there is such a snapshot, or it cannot be written: then there is none.
        """
        return await self._carried_through(self._save(name, may_replace=may_replace))

    async def _save(self, name: str, *, may_replace: bool) -> SnapshotFolder:
        async with self._turn:
            if self.files.has(name) and not may_replace:
                raise Conflict(f"there is a snapshot {name} already", code="snapshot_exists")
            async with self._network.standing_still() as transaction:
                try:
                    await in_thread(self._write, name, transaction)
                except (OSError, DatabaseUnavailable) as error:
                    why = _why(error) if isinstance(error, OSError) else str(error)
                    raise Conflict(f"the snapshot cannot be written: {why}", code="snapshot_not_written") from None
            return self.files.find(name)

    def _write(self, name: str, transaction: Writing) -> None:
        network, end = self._network, self._network.journal.end
        try:
            with self.files.being_made(name) as folder:
                copy_journal(network.directory, folder.path)
                with folder.new_vault() as copy, copy.begin() as target:
                    rows = copy_rows(transaction.connection, target)
                seal = partial(seal_elsewhere, network.vault.keys, _binding(name))
                folder.write_manifest(
                    Manifest(
                        name=name,
                        saved_at=network.clock.real(),
                        network=(network.journal.network or b"").hex(),
                        sequence=end.sequence,
                        digest=end.digest.hex(),
                        clock=network.clock(),
                        is_frozen=network.clock.is_frozen,
                        rows=rows,
                        simulated=network.simulations.described(partial(seal, random_bytes=network.vault.random_bytes)),
                    )
                )
            audit.write(network.vault, transaction.connection, "snapshot.save", name)
        except BaseException:
            transaction.roll_back()
            raise
        transaction.commit()

    async def put_back(self, name: str) -> PutBack:
        """Put the network back as a snapshot has it.

        Raises: FieldError; NotFound; Conflict where the snapshot is another network's, or cannot be read: nothing is
        changed then.  EngineStopped where that broke off in the middle.
        """
        return await self._carried_through(self._put_back(name))

    async def _put_back(self, name: str) -> PutBack:
        async with self._turn:
            folder, network = self.readable(name), self._network
            manifest = folder.manifest
            # Explanations first: one may take long, and whoever waits for it holds nothing that is waited for here.
            async with network.explanations.of_another_past(), network.standing_still() as transaction:
                begun = time.perf_counter()
                numbers_after = network.engine.last_number
                await self._exchange(folder, transaction)
                network.clock.return_to(manifest.clock, is_frozen=manifest.is_frozen)
                seconds = time.perf_counter() - begun
            await network.feed.drain()
            await network.decisions.settle_left_over()
            await network.forwarder.forward()
            await in_thread(network.projection.wait_for, manifest.sequence, HISTORY_SECONDS)
            return PutBack(manifest, numbers_after, seconds)

    async def close(self) -> None:
        """Wait until nothing is being saved or put back. Call it before the parts of the network are closed."""
        while self._running:
            await asyncio.wait(tuple(self._running))

    async def _carried_through(self, work: Coroutine[Any, Any, Result]) -> Result:
        running = asyncio.create_task(work)
        self._running.add(running)
        running.add_done_callback(self._ended)
        return await asyncio.shield(running)

    def _ended(self, done: "asyncio.Task[Any]") -> None:
        self._running.discard(done)
        if not done.cancelled():
            done.exception()  # whoever asked, if still waiting, has received it

    async def delete(self, name: str) -> None:
        """Forget a snapshot. Raises: FieldError; NotFound; EngineStopped, for the next start may need the snapshot."""
        async with self._turn:
            if self._network.engine.has_failed:
                raise EngineStopped("the engine has stopped")
            await in_thread(self.files.delete, name)

    def readable(self, name: str) -> SnapshotFolder:
        """A snapshot that this network can be put back to. Raises: FieldError; NotFound; Conflict."""
        folder = self.files.find(name)
        try:
            manifest = folder.manifest
        except (OSError, ValueError) as error:
            raise _unreadable(str(error)) from None
        if bytes.fromhex(manifest.network) != self._network.journal.network:
            raise Conflict("the snapshot was saved by another network", code="snapshot_of_another_network")
        return folder

    async def _exchange(self, folder: SnapshotFolder, transaction: Writing) -> None:
        """Exchange what is stored, and have the engine go on from it. Raises: Conflict, and nothing is changed."""
        network = self._network
        try:
            await in_thread(self._put_back_rows, folder, transaction)
        except BaseException:
            await in_thread(self._undo, transaction)
            raise
        try:
            await in_thread(self._put_back_journal, folder, transaction)
            network.feed.begin_anew()
            network.bank_day.begin_anew()
            await network.keeper.begin_anew()
            await in_thread(putting_back.end, network.directory)
        except BaseException as error:
            network.engine.give_up(error)  # vault and engine may be of two pasts; the next start puts both back
            raise EngineStopped("the network could not be put back; its next start does it") from error

    def _put_back_rows(self, folder: SnapshotFolder, transaction: Writing) -> None:
        """What can be undone as long as the transaction is not committed; simulated phones and terminals come last."""
        network, connection, name = self._network, transaction.connection, folder.path.name
        putting_back.begin(network.directory, name)
        try:
            putting_back.put_back_rows(folder, connection)
            network.vault.keys.read_again(connection)
            audit.write(network.vault, connection, "snapshot.put_back", name)
            unseal = partial(unseal_elsewhere, network.vault.keys, _binding(name))
            network.simulations.put_back(folder.manifest.simulated, unseal)
        except OSError as error:
            raise _unreadable(_why(error)) from None
        except (KeyUnavailable, ValueError) as error:
            raise _unreadable(str(error)) from None
        except InvalidTag:
            raise _unreadable("its secrets were sealed for another snapshot, or altered") from None

    def _undo(self, transaction: Writing) -> None:
        transaction.roll_back()
        putting_back.end(self._network.directory)

    def _put_back_journal(self, folder: SnapshotFolder, transaction: Writing) -> None:
        network, last_number = self._network, self._network.engine.last_number
        with network.projection.of_another_past():
            transaction.commit()
            put_back_journal(folder.path, network.directory)
            network.journal.reopen()
            network.journal.set_aside(last_number)
            network.engine.reload()


def _why(error: OSError) -> str:
    """The system's own words, without the file: where files lie is not the caller's business."""
    return error.strerror or type(error).__name__


def _unreadable(why: str) -> Conflict:
    return Conflict(f"the snapshot cannot be put back: {why}", code="snapshot_unreadable")


def _binding(name: str) -> str:
    """What ties sealed secrets to their snapshot."""
    return f"snapshot|{name}"
