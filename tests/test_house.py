"""The house: which way imports run between packages and rooms, what routers may not touch, names that say nothing."""

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
PURE = {"background", "emv", "outgoing", "reference_data", "vocabulary"}
"""The rooms of the vault that the engine may take from: functions without storage, keys or HTTP."""

ROOMS_IN_ORDER = {"tokenvault": 3, "authz": 3, "simulators": 3}
"""How deep the rooms of a package import each other one way: 1, its folders; 2, those in them too, and so on.

Deeper ones are looked at as well, and their circles shown by `pytest tests/test_house.py -rx`.
"""

AT_THE_ROOT = {"tokenvault": {"vault"}, "authz": {"engine"}, "simulators": {"__main__"}}
"""The modules that stand in no room: what starts a package, or what all of it is given."""

WITHOUT_TESTS = {
    Path("simulators/cli/flags"): "`tests/simulators/cli/verbs`, and `tests/simulators/sandbox/settings`",
    Path("simulators/cli/verbs/testing"): "`tests/simulators/cli/verbs`, and those of what a verb does",
    Path("simulators/sandbox/http/traffic"): "over HTTP, in `tests/integration`: `test_frames.py` and others",
    Path("simulators/scenarios/staging"): "`tests/simulators/scenarios` plays scenarios on a stage",
    Path("tokenvault"): "`vault.py` holds what every use case receives; all of `tests/tokenvault` opens one",
    Path("tokenvault/callers"): "`tests/security/test_tenants.py`, and lists in `tests/integration`",
    Path("tokenvault/emv"): "errors only",
    Path("tokenvault/http/fields"): "over HTTP, in `tests/integration`",
    Path("tokenvault/http/routers"): "over HTTP, in `tests/integration`",
    Path("tokenvault/program"): "`tests/authz/kernel/checks/test_token_domain.py`, `tests/simulators/sandbox/settings`",
    Path("tokenvault/storage/migrations"): "`tests/tokenvault/storage` migrates databases by them",
    Path("tokenvault/storage/migrations/versions"): "`tests/tokenvault/storage` migrates databases by them",
}
"""Folders whose tests are elsewhere, and where."""

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
    taken = {name for name in _imports(path) if name.startswith("tokenvault.")}
    assert {name.split(".")[1] for name in taken} <= PURE, taken


@pytest.mark.parametrize("room", sorted(PURE))
def test_what_the_engine_takes_is_pure(room):
    """Those rooms take from each other alone, and know no database."""
    imported = {name for path in ROOT.glob(f"tokenvault/{room}/**/*.py") for name in _imports(path)}
    taken = {name for name in imported if name.startswith("tokenvault.")}
    assert {name.split(".")[1] for name in taken} <= PURE, taken
    assert {name.partition(".")[0] for name in imported}.isdisjoint({"sqlalchemy", "fastapi", "starlette"})


def _module_named(name):
    """The module that an import means: `name` itself, or the one that a thing of this name is taken from."""
    path = ROOT.joinpath(*name.split("."))
    return name if path.is_dir() or path.with_suffix(".py").is_file() else name.rpartition(".")[0]


def _room_of(module, depth):
    """The folder of a module, as deep as that at most: of `authz.iso8583.chip.chip_data` at 1, `authz.iso8583`."""
    path = ROOT.joinpath(*module.split("."))
    folder = module if path.is_dir() else module.rpartition(".")[0]
    return ".".join(folder.split(".")[: depth + 1])


def _arrows(package, depth):
    """Which rooms of a package import which others, and by which modules: {(room, room): {"module -> module"}}."""
    arrows = {}
    for path in sorted(ROOT.glob(f"{package}/**/*.py")):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for name in _imports(path):
            taken = _module_named(name)
            ends = (_room_of(module, depth), _room_of(taken, depth))
            if taken.partition(".")[0] == package and ends[0] != ends[1]:
                arrows.setdefault(ends, set()).add(f"{module} -> {taken}")
    return arrows


def _in_circles(arrows):
    """The arrows that lead in circles: from whose head their tail can be reached again."""
    reached = {}
    for tail, head in arrows:
        reached.setdefault(tail, set()).add(head)
    while True:
        further = {
            room: set().union(heads, *(reached.get(head, ()) for head in heads)) for room, heads in reached.items()
        }
        if further == reached:
            return {ends: modules for ends, modules in arrows.items() if ends[0] in reached.get(ends[1], ())}
        reached = further


@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("package", PACKAGES)
def test_rooms_form_an_order(package, depth):
    """No room needs one that needs it, whether whole rooms are looked at or the rooms in them."""
    circles = "\n".join(sorted(line for modules in _in_circles(_arrows(package, depth)).values() for line in modules))
    if circles and depth > ROOMS_IN_ORDER[package]:
        pytest.xfail(f"rooms import each other in circles:\n{circles}")
    assert circles == ""


def test_a_circle_of_rooms_is_found():
    """Whatever is on the way of a circle, and nothing that only leads there or away."""
    arrows = {ends: {"how"} for ends in [("a", "b"), ("b", "c"), ("c", "a"), ("d", "a"), ("c", "e")]}
    assert set(_in_circles(arrows)) == {("a", "b"), ("b", "c"), ("c", "a")}


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


@pytest.mark.parametrize("package", PACKAGES)
def test_every_module_has_a_room(package):
    """At a package's root stands nothing but what starts it."""
    assert {path.stem for path in ROOT.glob(f"{package}/*.py")} - {"__init__"} == AT_THE_ROOT[package]


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
    has_tests = bool(list((ROOT / "tests" / room).glob("test_*.py")))
    assert has_tests or not modules or room in WITHOUT_TESTS
    assert not (has_tests and room in WITHOUT_TESTS)


def test_every_room_of_tests_is_of_a_room():
    """Tests of a room that is gone would be looked for by nobody."""
    folders = {path.parent.relative_to(ROOT / "tests") for path in ROOT.glob("tests/*/**/test_*.py")}
    assert {folder for folder in folders if folder.parts[0] in PACKAGES} <= set(ROOMS)


MODULES_MAX, LINES_MAX = 15, 400
"""Of a folder, `__init__.py` not counted, and of a file: what a reader takes in at a glance."""


def test_no_folder_is_crowded():
    """What a folder holds is seen at one glance."""
    crowded = {
        str(room)
        for room in ROOMS
        if len([path for path in (ROOT / room).glob("*.py") if path.name != "__init__.py"]) > MODULES_MAX
    }
    assert crowded == set()


def test_no_file_is_long():
    """A module is one idea."""
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in MODULES}
    assert {path for path, lines in lengths.items() if lines > LINES_MAX} == set()
