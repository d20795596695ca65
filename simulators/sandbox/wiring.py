"""The sandbox: vault, engine, network and listeners wired together in one process, on one data directory."""

import asyncio
import contextlib
import os
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial

import structlog
import uvicorn
from fastapi import FastAPI

from authz.engine import Engine
from authz.history.explanations import Explanations
from authz.iso8583.dialects.dialect_files import dialect_named
from authz.iso8583.dialects.fields import Dialect, built_in
from authz.journal.data_directory import JOURNAL, DirectoryLock, checkpoints_in, keep_private
from authz.journal.disk import Directory
from authz.journal.journal_files import SegmentReader
from authz.journal.replay import History
from authz.network.cryptograms import CryptogramVerifier
from authz.network.dialect_gateway import DialectGateway
from authz.network.peers import ConnectionAuthority
from authz.network.pin_verification import PinVerifications
from authz.network.processor import PaymentProcessor
from authz.network.realtime_decisioning import IssuerDecisions
from authz.network.server import Handler, Iso8583Server, ServerLimits
from authz.network.warm_up import compile_everything
from authz.upkeep.checkpointing import Retention, keep_making_checkpoints
from authz.upkeep.journal_exchange import finish_exchange
from authz.upkeep.safeguards import check_notices
from simulators.parties import sandbox_constants
from simulators.process.addresses import joined
from simulators.process.background_loop import BackgroundLoop
from simulators.process.start_error import StartError
from simulators.sandbox.bound_sockets import bound_socket, in_words, pass_over_lingering
from simulators.sandbox.clocks.sandbox_clock import SandboxClock
from simulators.sandbox.clocks.watched_clock import WatchedClock, seconds_since_boot
from simulators.sandbox.feeds.advice_forwarder import AdviceForwarder
from simulators.sandbox.feeds.bank_day import BankDay
from simulators.sandbox.feeds.engine_load import EngineLoad
from simulators.sandbox.feeds.history_feed import started_projection
from simulators.sandbox.feeds.journal_keeper import JournalKeeper
from simulators.sandbox.feeds.payment_feed import PaymentFeed
from simulators.sandbox.feeds.vault_feed import VaultFeed
from simulators.sandbox.http_app import build_app
from simulators.sandbox.http_protocol import BoundedHttpProtocol
from simulators.sandbox.opening import open_journal, saying_which_database
from simulators.sandbox.own_simulations import own_simulations
from simulators.sandbox.quiet_server import QuietServer, tls_arguments
from simulators.sandbox.settings.connection_settings import ConnectionTls
from simulators.sandbox.settings.settings import VAULT, Settings
from simulators.sandbox.snapshots.interruptible import Interruptible
from simulators.sandbox.snapshots.putting_back import finish_putting_back
from simulators.sandbox.snapshots.snapshots import Network, Snapshots
from simulators.sandbox.traffic.frame_recording import FrameRecording, Line, RecordedHandler
from simulators.sandbox.traffic.request_log import RequestLog
from simulators.sandbox.vault_presence import require_vault
from simulators.sandbox.vault_services import issuer_keys, keep_expiring, keep_resealing, verified_pin
from simulators.vendor_apis.simulated_wallets import SimulatedWallets
from simulators.vendor_apis.token_notifications import TokenNotifier
from tokenvault.background.errands import in_thread, keep_doing
from tokenvault.callers.ownership import RememberedTenants, issuer_of_account
from tokenvault.events.outbox import last_sequence
from tokenvault.events.webhook_delivery import WebhookSender
from tokenvault.keys.key_ring import KeyRing, holds_keys
from tokenvault.storage.database import open_database
from tokenvault.tokens import token_requestors
from tokenvault.vault import Vault

log = structlog.get_logger()

Clock = Callable[[], float]


@dataclass
class Sandbox:
    """One running network. `start` it, use its addresses, `stop` it.

    clock: Unix seconds.  steady: what the clock is held against to find its leaps; None stands for the time since boot
    beside the system's clock, and for the clock itself, so that it may leap, beside any other.
    """

    settings: Settings
    clock: Clock = time.time
    steady: Clock | None = None
    http_url: str = ""
    iso_address: tuple[str, int] = ("", 0)
    further_iso_addresses: list[tuple[str, int]] = field(default_factory=list)
    """Of the settings' `iso_listeners`, in their order."""
    _cleanup: contextlib.AsyncExitStack = field(default_factory=contextlib.AsyncExitStack, repr=False)
    _failed: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

    async def start(self) -> None:
        """Open everything, in the order in which it depends on each other.

        Raises: StartError; what was opened by then is closed again.
        """
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise

    async def _start(self) -> None:
        settings = self.settings
        loop = asyncio.get_running_loop()
        try:
            lock = DirectoryLock(settings.data_dir)
        except OSError as error:
            raise StartError(f"data directory {settings.data_dir}: {error.strerror}") from None
        self._cleanup.callback(lock.close)
        # Every port before anything that takes long: one that is in use is said at once.
        http_socket = self._bound(settings.http_host, settings.http_port, "http_port")
        iso_socket = self._bound(settings.iso_host, settings.iso_port, "iso_port")
        further_sockets = [
            self._bound(settings.iso_host, listener.port, "iso_listeners: port") for listener in settings.iso_listeners
        ]

        compile_everything()
        checkpoints = checkpoints_in(settings.data_dir)
        finish_exchange(settings.data_dir)
        finish_putting_back(settings.data_dir, settings.database_url)
        steady = self.steady or (seconds_since_boot if self.clock is time.time else self.clock)
        self._clock = SandboxClock(WatchedClock(self.clock, steady, settings.clock_leap_seconds_max))
        vault = self._open_vault(loop)
        journal = open_journal(settings, vault.database)
        engine = Engine(journal, lambda: int(self._clock() * 1_000_000), self._engine_failed, checkpoints)
        keeper = JournalKeeper(vault.database, journal, engine)
        self._cleanup.callback(keeper.close)
        self._cleanup.push_async_callback(engine.close)
        with saying_which_database(settings):
            check_notices(settings.data_dir, engine.outbox_sequence, last_sequence(vault.database))
        log.info("engine_opened", commands=engine.durable_sequence)
        keeper.begin()
        self._clock.not_before(engine.time_us / 1e6)  # it may have been set forward before
        history = History(journal, checkpoints)
        issuer_of = RememberedTenants(vault.database, issuer_of_account)
        projection = started_projection(settings.data_dir, engine, history, vault.database, issuer_of)
        self._cleanup.callback(projection.database.dispose)
        self._cleanup.callback(projection.close)
        self._keep_running("keeping the journal's end", partial(keeper.run, projection.keep_mark))
        self._feed = VaultFeed(vault.database, engine)
        await self._feed.drain()

        checkpointing = Interruptible(self._keep_making_checkpoints)
        self._keep_running("checkpoints", checkpointing.run)
        self._keep_running("notices that were set aside", self._feed.keep_retrying)
        load = EngineLoad(engine.figures)
        payments = PaymentFeed(vault, engine, projection, load)
        self._keep_running("webhooks", WebhookSender(vault, load.rest_after).run)
        payments_told = Interruptible(payments.run)
        self._keep_running("webhooks of payments", payments_told.run)
        self._keep_running("resealing", partial(keep_resealing, vault))
        self._keep_running("reviews of applications", partial(keep_expiring, vault))

        dialect = built_in()
        decisions = IssuerDecisions(
            engine,
            settings.realtime_decisioning(),
            approve_by_default=settings.realtime_decisioning_default == "approve",
            wall_clock=self._clock.real,
        )
        self._cleanup.push_async_callback(decisions.close)
        await decisions.settle_left_over()
        forwarder = AdviceForwarder(engine)
        await forwarder.forward()
        bank_day = BankDay(engine, self._clock)
        self._keep_running("closing of days", bank_day.run)
        pins = PinVerifications(lambda entered: in_thread(verified_pin, vault, entered), is_fresh=engine.is_fresh)
        self._cleanup.push_async_callback(pins.close)
        network = PaymentProcessor(
            engine,
            CryptogramVerifier(issuer_keys(vault.keys)),
            dialect,
            decisions,
            pins,
            settings.bounds_of_advices(),
            settings.date_tolerances(),
            self._clock.real,
        )
        self._frames = FrameRecording(lambda: engine.now_us)
        iso_server, self.iso_address = await self._listen(
            network, dialect, iso_socket, engine, settings.iso_authority(), settings.iso_tls
        )
        self.further_iso_addresses = []
        for listener, bound in zip(settings.iso_listeners, further_sockets, strict=True):
            spoken = dialect_named(listener.dialect)
            gateway = DialectGateway(network, spoken, listener.key_exchange(sandbox_constants.KEY_ENCRYPTION_KEY))
            authority = listener.authority(is_strict=settings.connections_are_strict)
            _, address = await self._listen(gateway, spoken, bound, engine, authority, listener.tls)
            self.further_iso_addresses.append(address)

        explanations = Explanations(history)
        self._cleanup.callback(explanations.close)
        keep_up = partial(explanations.keep_up, lambda: engine.durable_sequence)
        self._keep_running("explanations", keep_up)
        if settings.iso_authority().believes_nobody:
            log.warning(
                "iso_port_believes_nobody",
                advice="set iso_acquirers, iso_tls, or iso_acquirer_authority = open",
            )
        app = build_app(
            settings,
            vault,
            engine,
            history,
            explanations,
            projection,
            network,
            iso_server,
            self._clock,
            forwarder,
            bank_day,
            self._feed,
            issuer_of,
            payments,
            self._frames,
        )
        engine.follow(app.state.streams.follow)
        self._keep_running("streams", app.state.streams.run)
        host, port = http_socket.getsockname()[:2]
        self.http_url = f"{'http' if settings.tls_certificate is None else 'https'}://{joined(host, port)}"
        self.simulations = own_simulations(settings, vault, self.http_url, self.iso_address, app.state.api_keys)
        self._cleanup.push_async_callback(asyncio.to_thread, self.simulations.close)
        app.state.simulations = self.simulations
        self.snapshots = Snapshots(
            Network(
                settings.data_dir,
                vault,
                journal,
                engine,
                keeper,
                self._feed,
                forwarder,
                bank_day,
                decisions,
                projection,
                explanations,
                self._clock,
                self.simulations,
                (checkpointing, payments_told),
            )
        )
        self._cleanup.push_async_callback(self.snapshots.close)
        app.state.snapshots = self.snapshots
        await self._serve_http(app, http_socket)
        if settings.vendor_apis:
            self._serve_vendor_apis(app, vault)
        app.state.ready = True
        log.info("ready", http=self.http_url, iso8583=joined(*self.iso_address))

    def _bound(self, host: str, port: int, setting: str) -> socket.socket:
        """A socket that is bound to a port from now on. Raises: StartError naming the setting."""
        bound = bound_socket(host, port, setting)
        self._cleanup.callback(bound.close)
        return bound

    async def _listen(
        self,
        handler: Handler,
        dialect: Dialect,
        bound: socket.socket,
        engine: Engine,
        authority: ConnectionAuthority,
        tls: ConnectionTls | None,
    ) -> tuple[Iso8583Server, tuple[str, int]]:
        """Take connections on one ISO 8583 port; returns its server and address."""
        seconds, share = self.settings.frame_seconds_max, handler.messages_in_a_turn
        limits = ServerLimits(frame_seconds_max=seconds, frames_per_turn=share)
        recorded = RecordedHandler(handler, Line(bound.getsockname()[1], dialect), self._frames)
        server = Iso8583Server(recorded, dialect, limits, authority)
        pass_over_lingering(bound)
        await server.start(bound, None if tls is None else tls.context())
        self._cleanup.push_async_callback(self._close_iso_server, server, engine)
        return server, (self.settings.iso_host, bound.getsockname()[1])

    def _serve_vendor_apis(self, app: FastAPI, vault: Vault) -> None:
        """The services that the vendor-compatible mock APIs need beside their routes."""
        wallets = SimulatedWallets(vault, self.http_url, self.iso_address)
        self._cleanup.callback(wallets.close)
        app.state.simulated_wallets = wallets
        if self.settings.vendor_apis_notify_url is not None:
            notifier = TokenNotifier(vault, self.settings.vendor_apis_notify_url)
            self._keep_running("notifications of a mock API", notifier.run)

    async def _keep_making_checkpoints(self) -> None:
        settings = self.settings
        retention = Retention(settings.journal_keep_segments)
        await keep_making_checkpoints(settings.data_dir, settings.checkpoint_segments, retention)

    def _keep_running(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Run something beside everything else until the sandbox stops, anew where it fails."""
        running = asyncio.create_task(keep_doing(name, work))

        async def stop_running() -> None:
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running

        self._cleanup.push_async_callback(stop_running)

    def _open_vault(self, loop: asyncio.AbstractEventLoop) -> Vault:
        settings = self.settings
        if SegmentReader(Directory(settings.data_dir / JOURNAL)).seals():
            require_vault(settings)  # a journal without its vault is not a new network
        if settings.database is None:
            keep_private(settings.data_dir / VAULT)
        database = open_database(settings.database_url)
        self._cleanup.callback(database.dispose)
        root_key = settings.open_root_key(may_be_made=not holds_keys(database))
        keys = KeyRing.open(database, root_key, settings.given_keys(), os.urandom)

        def announce() -> None:
            # The vault's use cases run in worker threads; the engine lives on the loop.
            asyncio.run_coroutine_threadsafe(self._feed.drain(), loop).result()

        vault = Vault(
            database, keys, settings.program(), clock=self._clock, wall_clock=self._clock.real, announce=announce
        )
        token_requestors.install(replace(vault, announce=lambda: None))
        return vault

    async def _serve_http(self, app: FastAPI, http_socket: socket.socket) -> None:
        config = uvicorn.Config(
            RequestLog(app, app.state.requests),
            http=BoundedHttpProtocol,
            log_config=None,
            access_log=False,
            lifespan="off",
            **tls_arguments(self.settings),
        )
        try:
            config.load()
        except (OSError, ssl.SSLError) as error:
            raise StartError(f"tls_certificate {self.settings.tls_certificate}: {in_words(error)}") from None
        server = QuietServer(config)
        pass_over_lingering(http_socket)
        serving = asyncio.create_task(server.serve(sockets=[http_socket]))
        while not server.started:
            if serving.done():
                raise StartError("the HTTP server stopped during its start") from serving.exception()
            await asyncio.sleep(0.005)

        async def shut_down() -> None:
            app.state.streams.close()  # they would not end by themselves
            server.leave.set()
            await serving

        self._cleanup.push_async_callback(shut_down)

    @staticmethod
    async def _close_iso_server(server: Iso8583Server, engine: Engine) -> None:
        """Take no more connections, answer what was taken, close."""
        server.stop_listening()
        await engine.settled()
        await server.close()

    def _engine_failed(self, _error: BaseException) -> None:
        self._failed.set()

    async def failed(self) -> None:
        """Wait until the engine can no longer write its journal. Nothing is answered from then on."""
        await self._failed.wait()

    async def stop(self) -> None:
        """Stop taking work, answer what was taken, close everything. Stopping twice is no error."""
        await self._cleanup.aclose()


@contextlib.contextmanager
def running_sandbox(settings: Settings, clock: Clock = time.time, steady: Clock | None = None) -> Iterator[Sandbox]:
    """A sandbox on a thread of its own, for programs and tests that are not asynchronous. Clocks: see `Sandbox`.

    Raises: StartError.
    """
    loop = BackgroundLoop("sandbox")
    try:
        sandbox = loop.run(_started(Sandbox(settings, clock, steady)))
        try:
            yield sandbox
        finally:
            loop.run(sandbox.stop())
    finally:
        loop.stop()


async def _started(sandbox: Sandbox) -> Sandbox:
    await sandbox.start()
    return sandbox
