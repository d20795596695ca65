"""The routes of the API: every module in the folders below that has a `router` is found, so that none is forgotten."""

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache
from types import ModuleType

from fastapi import APIRouter
from starlette.routing import BaseRoute

from tokenvault.callers.caller import Scope
from tokenvault.http.protocol import problem
from tokenvault.http.protocol.access import requires

_VAULT, _ENGINE, _SANDBOX = "tokenvault.http", "authz.http", "simulators.sandbox.http"
_VENDORS = "simulators.vendor_apis"

READING_ORDER = (
    "customers",
    "applications",
    "application_policy",
    "products",
    "accounts",
    "cards",
    "devices",
    "tokens",
    "controls",
    "phone_account",
    "phone_dues",
    "token_transactions",
    "token_requestors",
    "policy",
    "events",
    "stream",
    "network",
    "keys",
    "administration",
    "balances",
    "authorizations",
    "transactions",
    "waivers",
    "payments",
    "corrections",
    "statements",
    "plans",
    "relief",
    "relief_of_many",
    "dues",
    "books",
    "exceptions",
    "program",
    "offers",
    "rules",
    "simulations",
    "simulated_days",
    "snapshots",
    "simulated_phones",
    "simulated_terminals",
    "simulated_payments",
    "simulated_cryptograms",
    "published_vectors",
    "messages",
    "format_errors",
    "frames",
    "decoded_messages",
    "requests",
    "undecided_messages",
    "token_service",
    "issuer_processor",
)
"""The order of the modules in the OpenAPI document; a module that is not named here follows those that are."""


@cache
def api_routes() -> list[BaseRoute]:
    """The routes of vault, engine and sandbox: made once, for FastAPI takes a tenth of a second to prepare them.

    A route knows no application: it finds the one that it is called in by the request.
    """
    every = APIRouter(generate_unique_id_function=lambda route: route.name)
    for module in router_modules(_VAULT):
        every.include_router(module.router)
    for module in router_modules(_ENGINE, _SANDBOX):
        if module.__name__.startswith(_ENGINE):  # which knows the vault's scopes and problems by their names only
            access, responses = requires(*map(Scope, module.SCOPES)), problem.responses(*module.STATUSES)
            every.include_router(module.router, dependencies=[access], responses=responses)
        else:
            every.include_router(module.router)
    return every.routes


@cache
def vendor_routes() -> list[BaseRoute]:
    """The routes that are shaped like vendors' services."""
    every = APIRouter(
        generate_unique_id_function=lambda route: f"{route.endpoint.__module__.rpartition('.')[2]}_{route.name}"
    )
    for module in router_modules(_VENDORS):
        every.include_router(module.router)
    return every.routes


def router_modules(*packages: str) -> list[ModuleType]:
    """The modules in these packages, at any depth, that have a `router`; in `READING_ORDER`."""
    found = [module for package in packages for module in _modules_of(package) if hasattr(module, "router")]
    return sorted(found, key=lambda module: _place(module.__name__.rpartition(".")[2]))


def _modules_of(package: str) -> Iterator[ModuleType]:
    folder = importlib.import_module(package)
    for each in pkgutil.walk_packages(folder.__path__, f"{package}."):
        yield importlib.import_module(each.name)


def _place(name: str) -> tuple[int, str]:
    return (READING_ORDER.index(name) if name in READING_ORDER else len(READING_ORDER), name)
