"""The routes of the API: whatever a module of the HTTP folders serves is mounted, whoever may call it."""

import ast
from pathlib import Path
from types import ModuleType

import pytest
from fastapi import APIRouter
from fastapi.openapi.utils import get_openapi

from simulators.sandbox import routes
from simulators.sandbox.routes import READING_ORDER, api_routes, router_modules, vendor_routes

ROOT = Path(__file__).parents[3]
FOLDERS = ("tokenvault/http", "authz/http", "simulators/sandbox/http", "simulators/vendor_apis")
METHODS = {"get", "post", "put", "patch", "delete", "head", "options", "api_route", "route"}


def _modules():
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield ".".join(path.relative_to(ROOT).with_suffix("").parts), ast.parse(path.read_text())


def _operations(routes):
    """The operation ids of routes: an endpoint's name, behind its module's where it is shaped like a vendor's."""
    paths = get_openapi(title="", version="", routes=routes)["paths"]
    return {operation["operationId"] for operations in paths.values() for operation in operations.values()}


def test_every_endpoint_is_mounted():
    """Each function that a route's decorator stands above, read from the files, is served."""
    written = [
        f"{module.rpartition('.')[2]}_{node.name}" if module.startswith("simulators.vendor_apis") else node.name
        for module, tree in _modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and any(
            isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute) and each.func.attr in METHODS
            for each in node.decorator_list
        )
    ]
    assert sorted(written) == sorted(_operations(api_routes()) | _operations(vendor_routes()))


def test_every_place_in_the_reading_order_is_a_module():
    """A name that is gone is taken out."""
    names = {module.__name__.rpartition(".")[2] for module in router_modules(*(f.replace("/", ".") for f in FOLDERS))}
    assert set(READING_ORDER) <= names


def test_a_module_that_the_reading_order_does_not_name_comes_last(monkeypatch):
    """It is mounted all the same."""
    monkeypatch.setattr(routes, "READING_ORDER", READING_ORDER[1:])
    names = [module.__name__ for module in router_modules("tokenvault.http")]
    assert names[0] == "tokenvault.http.routers.applications"
    assert names[-1] == "tokenvault.http.routers.customers"


@pytest.mark.parametrize("missing", ["SCOPES", "STATUSES"])
def test_a_module_of_the_engine_says_who_may_call_it(monkeypatch, missing):
    """Or nothing is served at all."""
    module = ModuleType("authz.http.settlements")
    module.router, module.SCOPES, module.STATUSES = APIRouter(), ("sandbox",), ()
    delattr(module, missing)
    monkeypatch.setattr(routes, "router_modules", lambda *packages: [module] if "authz.http" in packages else [])
    with pytest.raises(AttributeError, match=f"'authz.http.settlements' has no attribute '{missing}'"):
        api_routes.__wrapped__()


def test_a_scope_that_there_is_not_is_refused(monkeypatch):
    """As the application starts."""
    module = ModuleType("authz.http.settlements")
    module.router, module.SCOPES, module.STATUSES = APIRouter(), ("anybody",), ()
    monkeypatch.setattr(routes, "router_modules", lambda *packages: [module] if "authz.http" in packages else [])
    with pytest.raises(ValueError, match="anybody"):
        api_routes.__wrapped__()
