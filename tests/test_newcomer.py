"""What a newcomer has to touch: each recipe is carried out in a copy of the tree, and what it adds is used.

A recipe is a heading, the places that have to be touched, and what is done with the result: a program that uses it, and
tests that take it up by themselves, because they go over a table's rows or a folder's files. Nothing else is changed in
the copy; where a recipe needs one place more than it says, its program or its tests fail.
"""

import filecmp
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TREE = ("tokenvault", "authz", "simulators", "docs", "tests", "pyproject.toml", "README.md", "CHANGELOG.md")

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Row:
    """A line that is put behind another line of a file: the first one that begins so."""

    path: str
    behind: str
    row: str

    def put(self, tree: Path) -> None:
        """Write it."""
        file = tree / self.path
        lines = file.read_text().splitlines(keepends=True)
        place = next(i for i, line in enumerate(lines) if line.startswith(self.behind))
        file.write_text("".join([*lines[: place + 1], self.row + "\n", *lines[place + 1 :]]))


@dataclass(frozen=True)
class NewFile:
    """A file that was not there."""

    path: str
    content: str

    def put(self, tree: Path) -> None:
        """Write it."""
        file = tree / self.path
        assert not file.exists()
        file.write_text(self.content)


@dataclass(frozen=True)
class Recipe:
    """How something is added.

    places: everything that is touched.  use: a program that uses it.  tests: those that hold for it at once.
    documents: texts that stand in a document after ``python -m docs.generated``, by its name.
    """

    heading: str
    places: tuple[Row | NewFile, ...]
    use: str
    tests: tuple[str, ...] = ()
    documents: dict[str, str] = field(default_factory=dict)


LIMIT_PERIOD = Recipe(
    "A limit period: one row of the table of periods",
    places=(
        Row(
            "authz/program/periods.py",
            behind="    SINCE_VERIFICATION = ",
            row='    QUARTER = 7, Begins.EVERY_MONTHS, 3, "since the first of January, April, July or October"',
        ),
    ),
    use='''
from datetime import UTC, datetime

from simulators.sandbox.scratch_sandbox import scratch_sandbox
from simulators.testkit.kit import Bench

LIMIT = {"id": "once-a-quarter", "window": "quarter", "count_max": 1}
RULE = {
    "id": "much-in-a-quarter", "action": "decline", "reason": "suspected_fraud",
    "when": {"attribute": "amount_quarter", "operator": ">", "value": 10_000},
}

with scratch_sandbox() as sandbox, Bench(sandbox.http_url, sandbox.iso_address) as bench:
    bench.issuer.call("PUT", "/v1/program", {"time_zone": "Europe/Berlin", "limits": [LIMIT], "rules": [RULE]})
    bench.clock.set_to(datetime(2027, 3, 31, 21, 0, tzinfo=UTC))  # the last hours of a quarter in Berlin
    account, terminal = bench.account(), bench.terminal()
    phone = bench.phone(bench.card(account))
    assert terminal.pay(phone, 500).approved

    refused = bench.decision(terminal.pay(phone, 500))
    assert refused["reason"] == "exceeds_limit"
    assert "quarter" in str([check for check in refused["checks"] if check["outcome"] == "failed"]), refused
    (counter,) = bench.issuer.call("GET", f"/v1/accounts/{account}")["counters"]
    assert (counter["window"], counter["count"]) == ("quarter", 1)

    bench.clock.set_to(datetime(2027, 3, 31, 22, 30, tzinfo=UTC))  # half past midnight there: the first of April
    assert terminal.pay(phone, 500).approved
''',
    tests=(
        "tests/authz/kernel/test_undefined_values.py::test_every_period_counts_and_begins[quarter]",
        "tests/authz/kernel/accounts/test_calendar.py",
        "tests/authz/program",
    ),
    documents={"rules.md": "| `quarter` | since the first of January, April, July or October |"},
)  # fmt: skip


DIALECT = Recipe(
    "A dialect of ISO 8583: one file of JSON",
    places=(
        NewFile(
            "authz/iso8583/dialects/framed_by_text.json",
            # The network's own table, behind a length of four digits.
            (ROOT / "authz/iso8583/dialects/ascii_1987.json")
            .read_text()
            .replace('"about": {"desc": "', '"about": {"desc": "behind a length of four digits: ')
            .replace("\n}", ',\n "framing": {"length_bytes": 4, "length_encoding": "ascii"}\n}'),
        ),
    ),
    use="""
from authz.iso8583.dialects.fields import built_in
from simulators.sandbox.scratch_sandbox import scratch_sandbox
from simulators.sandbox.settings.iso_listeners import listener_of
from simulators.terminals.terminal import Terminal
from simulators.testkit.kit import Bench

with (
    scratch_sandbox(iso_listeners=[listener_of("framed_by_text:0")]) as sandbox,
    Bench(sandbox.http_url, sandbox.iso_address) as bench,
):
    (address,) = sandbox.further_iso_addresses
    terminal = Terminal(address, clock=bench.clock, dialect=built_in("framed_by_text"))
    assert bench.reason_of(terminal.pay(bench.phone(), 1_250)) == "approved"
    terminal.close()
""",
    tests=(
        "tests/authz/iso8583/dialects/test_dialects.py",
        "tests/integration/test_other_dialects.py::test_a_payment_and_its_reversal",
    ),
    documents={"wire.md": "| `framed_by_text` | behind a length of four digits: "},
)


ENDPOINT = Recipe(
    "An endpoint: one file with a router in an HTTP folder",
    places=(
        NewFile(
            "authz/http/durability.py",
            '''"""``/v1/durability``: how much of what was decided is on the disk."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from authz.http.surroundings import EngineDependency

router = APIRouter(prefix="/v1/durability", tags=["durability"])
SCOPES = ("network", "sandbox")
STATUSES = ()


class DurabilityView(BaseModel):
    """How far the journal has come."""

    sequence: int = Field(description="Number of the last command that is on the disk.", examples=[120000])


@router.get("")
async def read_durability(engine: EngineDependency) -> DurabilityView:
    """Read how much of what was decided is on the disk. Scope: network or sandbox."""
    return DurabilityView(sequence=engine.durable_sequence)
''',
        ),
    ),
    use="""
from simulators.parties.issuer_client import Issuer, IssuerRefused
from simulators.parties.sandbox_constants import ISSUER_API_KEY, SANDBOX_API_KEY
from simulators.sandbox.scratch_sandbox import scratch_sandbox

with scratch_sandbox() as sandbox, Issuer(sandbox.http_url, SANDBOX_API_KEY) as operator:
    account = operator.open_account("EUR", 100_000)
    assert operator.call("GET", "/v1/durability")["sequence"] > 0
    assert "/v1/durability" in operator.call("GET", "/openapi.json")["paths"]
    try:
        Issuer(sandbox.http_url, ISSUER_API_KEY).call("GET", "/v1/durability")
    except IssuerRefused as refused:
        assert refused.status == 403, refused
    else:
        raise AssertionError("an issuer's key was let in")
""",
    tests=(
        "tests/simulators/sandbox/test_routes.py",
        "tests/integration/test_http_api.py",
        "tests/integration/test_http_conventions.py",
        "tests/security/test_tenants.py",
        "tests/test_house.py",
    ),
)


VENDOR_ROUTE = Recipe(
    "A vendor's API: one file with a router among the vendor APIs",
    places=(
        NewFile(
            "simulators/vendor_apis/card_program.py",
            '''"""A look-alike of a card program's API: what a card's state is in its words."""

from typing import Any

from fastapi import APIRouter

from tokenvault.callers.caller import Scope
from tokenvault.cards.cards import CardState, find_card
from tokenvault.http.protocol.access import VaultDependency, requires

router = APIRouter(
    prefix="/look-alikes/card-program/v3",
    tags=["look-alike: card program"],
    dependencies=[requires(Scope.ISSUER, Scope.SANDBOX)],
)

_STATES = {CardState.ACTIVE: "ACTIVE", CardState.FROZEN: "SUSPENDED", CardState.CLOSED: "TERMINATED"}


@router.get("/cards/{card_token}")
def read_card(vault: VaultDependency, card_token: str) -> dict[str, Any]:
    """Read a card. Scope: issuer or sandbox."""
    card = find_card(vault, card_token)
    return {"token": card.text_id, "last_four": card.last4, "state": _STATES[card.state]}
''',
        ),
    ),
    use="""
from simulators.parties.sandbox_constants import SANDBOX_API_KEY
from simulators.sandbox.scratch_sandbox import scratch_sandbox
from simulators.testkit.kit import Bench

with scratch_sandbox(look_alikes=True) as sandbox, Bench(sandbox.http_url, sandbox.iso_address) as bench:
    card = bench.card()
    bench.issuer.set_frozen(card, True)
    told = bench.issuer.call("GET", f"/look-alikes/card-program/v3/cards/{card}")
    assert (told["token"], told["state"]) == (card, "SUSPENDED")
""",
    tests=("tests/simulators/sandbox/test_routes.py", "tests/simulators/vendor_apis"),
)


RECIPES = [(LIMIT_PERIOD, [Row]), (DIALECT, [NewFile]), (ENDPOINT, [NewFile]), (VENDOR_ROUTE, [NewFile])]
"""Each with what it may cost: a further place would be one that somebody forgets."""


IS_THE_COPY = """
import pathlib
import authz
assert pathlib.Path(authz.__file__).is_relative_to(pathlib.Path.cwd())
"""


def _copied(tree: Path) -> None:
    for name in TREE:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, tree / name)


def _run(tree: Path, *arguments: str) -> None:
    """Python in the copy, interpreted, with nothing of the tree that this test is in."""
    environment = {**os.environ, "PYTHONPATH": str(tree), "NUMBA_DISABLE_JIT": "1"}
    ran = subprocess.run([sys.executable, *arguments], cwd=tree, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout[-4000:] + ran.stderr[-4000:]


def _changed(tree: Path) -> set[str]:
    """The files of the packages that are not as they were."""
    files = {
        str(path.relative_to(root))
        for root in (ROOT, tree)
        for package in ("tokenvault", "authz", "simulators")
        for path in (root / package).rglob("*")
        if path.is_file() and path.suffix in (".py", ".json", ".yaml", ".pem")
    }
    return {
        name
        for name in files
        if not (tree / name).exists() or not (ROOT / name).exists() or not filecmp.cmp(ROOT / name, tree / name, False)
    }


@pytest.mark.parametrize(("recipe", "cost"), RECIPES, ids=[recipe.heading for recipe, _ in RECIPES])
def test_recipe(recipe, cost, tmp_path):
    """In as many places as it says it is there, can be used, is tested and is in the documents."""
    assert [type(place) for place in recipe.places] == cost
    _copied(tmp_path)
    for place in recipe.places:
        place.put(tmp_path)
    _run(tmp_path, "-c", IS_THE_COPY + recipe.use)
    _run(tmp_path, "-m", "docs.generated")
    for document, text in recipe.documents.items():
        assert text in (tmp_path / "docs" / document).read_text()
    _run(tmp_path, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *recipe.tests)
    assert _changed(tmp_path) == {place.path for place in recipe.places}
