"""The HTTP application: all routers, with health, readiness and metrics."""

import asyncio
import time
from collections.abc import Iterable
from functools import partial
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, PlainTextResponse
from fastapi_offline import FastAPIOffline
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from authz.engine import Engine
from authz.history.explanations import Explanations
from authz.history.projection import Projection
from authz.http.sight import IssuerOf, Sight
from authz.journal.replay import History
from authz.network.processor import PaymentProcessor
from authz.network.server import Iso8583Server
from authz.vocabulary.errors import (
    CheckpointDamaged,
    EngineStopped,
    ExplanationsBusy,
    HistoryUnavailable,
    JournalDamaged,
)
from simulators.sandbox.clocks.sandbox_clock import SandboxClock
from simulators.sandbox.feeds.advice_forwarder import AdviceForwarder
from simulators.sandbox.feeds.bank_day import BankDay
from simulators.sandbox.feeds.payment_feed import PaymentFeed
from simulators.sandbox.feeds.vault_feed import VaultFeed
from simulators.sandbox.routes import api_routes, vendor_routes
from simulators.sandbox.settings.settings import Settings
from simulators.sandbox.stream.news import News
from simulators.sandbox.stream.streams import Streams
from simulators.sandbox.traffic.frame_recording import FrameRecording
from simulators.sandbox.traffic.recent_requests import RecentRequests
from simulators.vendor_apis.earlier_paths import EarlierPaths
from tokenvault.callers.caller import Scope, current_caller
from tokenvault.calls.rate_limits import RateLimits
from tokenvault.http.protocol import problem
from tokenvault.http.protocol.calls import IDEMPOTENCY_KEY, Calls
from tokenvault.http.protocol.head import Head
from tokenvault.http.protocol.hosts import OwnHosts
from tokenvault.http.routers import network
from tokenvault.provisioning.policies import current_policy
from tokenvault.storage.database import DatabaseUnavailable, look_up
from tokenvault.vault import Vault

log = structlog.get_logger()

_DESCRIPTION = """
A payment network in a box. Accounts, cards, devices and tokens are the vault's; balances and authorizations the
engine's. Amounts are integers in minor units of a currency, times RFC 3339 in UTC, errors
`application/problem+json`. The wallet's side, with the DPoP proof and the sealed credentials, is in
`docs/wallet-integration.md`; the ISO 8583 side in `docs/wire.md`.
"""


_DATABASE_SECONDS = 2.0
"""The time that the database may take to answer the health check."""


class _Figures(Collector):
    """The counters of engine and network, read when metrics are requested."""

    def __init__(
        self,
        engine: Engine,
        network: PaymentProcessor,
        iso_server: Iso8583Server,
        feed: VaultFeed,
        projection: Projection,
        clock: SandboxClock,
        payments: PaymentFeed,
        bank_day: BankDay,
    ) -> None:
        self._engine = engine
        self._network = network
        self._iso_server = iso_server
        self._feed = feed
        self._projection = projection
        self._clock = clock
        self._payments = payments
        self._bank_day = bank_day

    def collect(self) -> Iterable[Metric]:
        decisions = CounterMetricFamily("tapwright_decisions", "Answered 0100 and 0400 by reason.", labels=["reason"])
        for reason, count in sorted(self._network.decisions.items()):
            decisions.add_metric([reason.code], count)
        yield decisions
        deciders = CounterMetricFamily(
            "tapwright_issuer_decisions",
            "Authorizations that waited for the issuer's decisioning webhook.",
            labels=["decider"],
        )
        for decider, count in sorted(self._network.issuer_deciders.items()):
            deciders.add_metric([decider.name.lower()], count)
        yield deciders
        figures = self._engine.figures
        yield CounterMetricFamily("tapwright_commands", "Commands applied and journaled.", figures.commands)
        yield CounterMetricFamily("tapwright_batches", "Durable journal appends.", figures.batches)
        yield CounterMetricFamily("tapwright_format_errors", "Malformed messages.", self._network.format_errors.count)
        yield GaugeMetricFamily(
            "tapwright_notices_set_aside",
            "Notices of the vault that the engine could not be told yet.",
            len(self._feed.set_aside),
        )
        yield GaugeMetricFamily("tapwright_connections", "Open connections.", len(self._iso_server.connections))
        yield GaugeMetricFamily("tapwright_durable_sequence", "Last durable command.", self._engine.durable_sequence)
        yield GaugeMetricFamily("tapwright_history_sequence", "Last command in the lists.", self._projection.sequence)
        yield GaugeMetricFamily(
            "tapwright_refused_clock_leap_seconds",
            "By how much the system's clock has leapt where that is refused; 0 where it is believed.",
            self._clock.refused_leap_seconds,
        )
        lag = self._payments.greatest_lag
        yield GaugeMetricFamily(
            "tapwright_payment_events_lag_commands",
            "Commands whose payments a webhook endpoint was not given yet, of the endpoint that is furthest behind.",
            lag.commands,
        )
        yield GaugeMetricFamily(
            "tapwright_payment_events_lag_seconds", "For how long that endpoint has been behind.", lag.seconds
        )
        closing = self._bank_day.progress
        yield GaugeMetricFamily(
            "tapwright_days_rows_left",
            "Rows of accounts that days which are over are yet to be closed for; 0 where nothing is being closed.",
            0 if closing.closing is None else closing.rows - closing.rows_closed,
        )
        yield CounterMetricFamily(
            "tapwright_statements_cut", "Statements cut by closing days.", closing.figures.statements
        )


def build_app(
    settings: Settings,
    vault: Vault,
    engine: Engine,
    history: History,
    explanations: Explanations,
    projection: Projection,
    iso_network: PaymentProcessor,
    iso_server: Iso8583Server,
    clock: SandboxClock,
    advice_forwarder: AdviceForwarder,
    bank_day: BankDay,
    feed: VaultFeed,
    issuer_of: IssuerOf,
    payments: PaymentFeed,
    frames: FrameRecording,
) -> FastAPI:
    """Mount everything. The application reads its surroundings from `app.state`."""
    app = FastAPIOffline(
        title="Tapwright",
        version="1",
        description=_DESCRIPTION,
        redoc_url=None,
        swagger_ui_oauth2_redirect_url="/docs/oauth2",
        separate_input_output_schemas=False,
    )
    app.state.vault = vault
    app.state.engine = engine
    app.state.history = history
    app.state.explanations = explanations
    app.state.projection = projection
    app.state.clock = clock
    app.state.feed = feed
    app.state.payments = payments
    app.state.frames = frames
    app.state.requests = RecentRequests(clock)
    app.state.undecided = iso_network.undecided
    news = News(vault, engine, projection, clock, app.state.requests, iso_network.undecided)
    app.state.streams = Streams(news)
    app.state.advice_forwarder = advice_forwarder
    app.state.bank_day = bank_day
    app.state.format_errors = iso_network.format_errors
    app.state.sight = partial(_sight, issuer_of)
    app.state.bank_name = lambda: current_policy(vault).product.issuer_name
    app.state.secrets_limits = network.secrets_limits()
    app.state.secrets_per_second = settings.secrets_per_second
    app.state.public_url = settings.public_url
    problem.install(app)

    @app.exception_handler(HistoryUnavailable)
    async def history_unavailable(_request: Request, error: HistoryUnavailable) -> JSONResponse:
        return problem.answer(503, "history_unavailable", str(error), headers={"Retry-After": "1"})

    @app.exception_handler(ExplanationsBusy)
    async def explanations_busy(_request: Request, _error: ExplanationsBusy) -> JSONResponse:
        detail = "the maximum number of explanations is in progress"
        return problem.answer(503, "explanations_busy", detail, headers={"Retry-After": "1"})

    @app.exception_handler(JournalDamaged)
    @app.exception_handler(CheckpointDamaged)
    async def past_damaged(_request: Request, error: JournalDamaged | CheckpointDamaged) -> JSONResponse:
        log.error("past_damaged", error=str(error))  # where files lie is not the caller's business
        return problem.answer(503, "journal_damaged", "the journal is damaged at this decision")

    @app.exception_handler(EngineStopped)
    async def engine_stopped(_request: Request, _error: EngineStopped) -> JSONResponse:
        return _engine_stopped()

    app.state.api_keys = settings.accepted_api_keys(vault)
    app.add_middleware(
        Calls,
        vault=vault,
        api_keys=app.state.api_keys,
        rate_limits=RateLimits(time.monotonic),
        answer_to=lambda error: _engine_stopped() if isinstance(error, EngineStopped) else None,
    )
    if settings.vendor_apis:
        app.add_middleware(EarlierPaths)
    app.add_middleware(OwnHosts, hosts=settings.own_hosts())
    app.add_middleware(Head)  # the outermost
    app.router.routes += api_routes()
    if settings.vendor_apis:
        app.router.routes += vendor_routes()
    registry = CollectorRegistry()
    registry.register(_Figures(engine, iso_network, iso_server, feed, projection, clock, payments, bank_day))
    _add_operations(app, registry)
    _tell_of_idempotency(app)
    return app


def _engine_stopped() -> JSONResponse:
    return problem.answer(503, "engine_stopped", "the engine has stopped; changes of the vault will reach it later")


def _sight(issuer_of: IssuerOf) -> Sight:
    """What the caller may see of decisions and accounts."""
    caller = current_caller.get()
    return Sight(
        issuer_of,
        everything=caller.sees_everything,
        issuer=caller.tenant if Scope.ISSUER in caller.scopes else None,
        all_decisions=Scope.NETWORK in caller.scopes,
    )


def _tell_of_idempotency(app: FastAPI) -> None:
    """Name the header that every POST takes in the OpenAPI document; it is read before any router."""
    header = {
        "name": IDEMPOTENCY_KEY,
        "in": "header",
        "required": False,
        "description": "Any text of yours, 1 to 255 characters: a request that is sent again under it is carried out "
        "once, and gets the first answer for a day. Another request under the same key is refused with 422.",
        "schema": {
            "type": "string",
            "minLength": 1,
            "maxLength": 255,
            "pattern": "^[!-~]+$",
            "examples": ["3f6c1f8e-6f0e-4a38-9d3c-0a6d2c2d3b1a"],
        },
    }
    make = app.openapi

    def openapi() -> dict[str, Any]:
        document = make()
        for operations in document["paths"].values():
            if "post" in operations:
                parameters = operations["post"].setdefault("parameters", [])
                if header not in parameters:
                    parameters.append(header)
        return document

    app.openapi = openapi  # type: ignore[method-assign]


async def _readiness(app: FastAPI) -> str:
    """`ready`, `starting`, or what is away."""
    if not app.state.ready:
        return "starting"
    try:
        async with asyncio.timeout(_DATABASE_SECONDS):
            await asyncio.to_thread(look_up, app.state.vault.database)
    except (DatabaseUnavailable, TimeoutError):
        return "database_unavailable"
    return "ready"


def _add_operations(app: FastAPI, registry: CollectorRegistry) -> None:
    app.state.ready = False

    @app.get("/healthz", include_in_schema=False)
    async def healthz() -> dict[str, str]:
        """The process answers."""
        return {"status": "ok"}

    @app.get("/readyz", include_in_schema=False)
    async def readyz() -> JSONResponse:
        """Both listeners are open, the engine has applied the vault's notices, and the database works."""
        status = await _readiness(app)
        engine, projection = app.state.engine, app.state.projection
        history = {"sequence": projection.sequence, "durable_sequence": engine.durable_sequence}
        told = {
            "status": status,
            "history": history,
            "clock": {"refused_leap_seconds": app.state.clock.refused_leap_seconds},
            "notices": {"set_aside": len(app.state.feed.set_aside)},
        }
        return JSONResponse(told, 200 if status == "ready" else 503)

    @app.get("/metrics", include_in_schema=False)
    async def metrics() -> PlainTextResponse:
        """Figures in the Prometheus text format."""
        return PlainTextResponse(generate_latest(registry).decode(), media_type="text/plain; version=0.0.4")
