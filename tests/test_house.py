"""The house: which way imports run, what routers may not touch, and names that say nothing."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("tokenvault", "authz", "simulators")
MODULES = sorted(path for package in PACKAGES for path in ROOT.glob(f"{package}/**/*.py"))

MAY_IMPORT = {
    "tokenvault": {"tokenvault"},
    "authz": {"authz", "tokenvault"},
    "simulators": {"simulators", "authz", "tokenvault"},
}
PURE = {
    "background",
    "countries",
    "currencies",
    "emv",
    "errors",
    "events.webhook_signatures",
    "identifiers",
    "merchant_categories",
    "outgoing_calls",
    "pan",
    "sqlite_errors",
}
"""What the engine may take from the vault: functions without storage or HTTP."""

WITHOUT_TESTS = {
    Path("tokenvault/calls"),
    Path("tokenvault/cards"),
    Path("tokenvault/http"),
    Path("tokenvault/storage/migrations"),
    Path("tokenvault/storage/migrations/versions"),
}
"""What other tests run whole: `tests/tokenvault/storage` migrates databases by it."""

EMPTY_NAMES = re.compile(r"util|helper|manager|misc|common", re.IGNORECASE)


def _imports(path):
    """Every module that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_run_one_way(path):
    """simulators -> authz -> tokenvault, and nothing in the packages knows tests, benchmarks or documents."""
    package = path.relative_to(ROOT).parts[0]
    ours = {*PACKAGES, "tests", "benchmarks", "docs"}
    roots = {name.partition(".")[0] for name in _imports(path)} & ours
    assert roots <= MAY_IMPORT[package]


@pytest.mark.parametrize("path", sorted(ROOT.glob("authz/**/*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_the_engine_takes_only_pure_functions_from_the_vault(path):
    """No storage, no HTTP, no keys."""
    taken = {name.removeprefix("tokenvault.") for name in _imports(path) if name.startswith("tokenvault.")}
    assert all(any(f"{name}.".startswith(f"{pure}.") for pure in PURE) for name in taken), taken


@pytest.mark.parametrize(
    "path",
    sorted({*ROOT.glob("*/http/**/*.py"), *ROOT.glob("*/*/http/**/*.py")}),
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_routers_hold_no_sql_and_no_cryptography(path):
    """A router parses, calls one use case and shows what came back."""
    roots = {name.partition(".")[0] for name in _imports(path)}
    assert roots.isdisjoint({"sqlalchemy", "sqlite3", "cryptography", "joserfc", "numpy", "numba"})
    if path.name not in ("problem.py", "access.py", "calls.py"):
        assert not any(isinstance(node, ast.Try) for node in ast.walk(ast.parse(path.read_text())))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_names_say_something(path):
    """No module, class or function is called after nothing in particular."""
    names = [path.stem]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            names.append(node.name)
    # EMV's own word: the common session key derivation.
    assert [name for name in names if EMPTY_NAMES.search(name.replace("_common_fields", ""))] == []


DETERMINISTIC = sorted(
    [
        *ROOT.glob("authz/kernel/**/*.py"),
        *(ROOT / "authz" / f"{name}.py" for name in ("arrays/hash_index", "state/tables", "journal/replay")),
    ]
)


@pytest.mark.parametrize("path", DETERMINISTIC, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_engine_reads_no_clock_and_no_randomness(path):
    """Time and identifiers come in with the command."""
    roots = {imported.partition(".")[0] for imported in _imports(path)}
    assert roots.isdisjoint({"time", "datetime", "random", "secrets", "os", "uuid"})


ROOMS = sorted({path.parent.relative_to(ROOT) for path in MODULES})


@pytest.mark.parametrize("room", ROOMS, ids=str)
def test_every_room_has_tests_of_its_own(room):
    """`tests/` mirrors the packages: who changes a room finds its tests under the same name."""
    modules = [path for path in (ROOT / room).glob("*.py") if path.name != "__init__.py"]
    assert not modules or room in WITHOUT_TESTS or list((ROOT / "tests" / room).glob("test_*.py"))


def test_every_room_of_tests_is_of_a_room():
    """Tests of a room that is gone would be looked for by nobody."""
    folders = {path.parent.relative_to(ROOT / "tests") for path in ROOT.glob("tests/*/**/test_*.py")}
    assert {folder for folder in folders if folder.parts[0] in PACKAGES} <= set(ROOMS)


MODULES_MAX, LINES_MAX = 15, 400
"""Of a folder, `__init__.py` not counted, and of a file: what a reader takes in at a glance."""
CROWDED_FOLDERS = {"tokenvault", "tokenvault/emv", "tokenvault/http"}
LONG_FILES: set[str] = set()
"""Those that are over it still. Whoever mends one takes it out; none is put in."""


def test_no_folder_is_crowded():
    """Nor one that is mended still among the exceptions."""
    crowded = {
        str(room)
        for room in ROOMS
        if len([path for path in (ROOT / room).glob("*.py") if path.name != "__init__.py"]) > MODULES_MAX
    }
    assert crowded == CROWDED_FOLDERS


def test_no_file_is_long():
    """Nor one that is mended still among the exceptions."""
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in MODULES}
    assert {path for path, lines in lengths.items() if lines > LINES_MAX} == LONG_FILES
