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
from pathlib import Path

import pytest

from tests.newcomer.recipe import Change, CopiedFile, Line, NewFile
from tests.newcomer.recipes import RECIPES, ROOT

TREE = (
    "tokenvault",
    "authz",
    "simulators",
    "docs",
    "tests",
    "pyproject.toml",
    "README.md",
    "CHANGELOG.md",
    "changes",
    "CONTRIBUTING.md",
)

pytestmark = pytest.mark.slow


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


COSTS = {
    "check": [NewFile, Line, Line, Line],  # a function; its row and the import of it; a message that it declines
    "posting-kind": [Line, Line],  # its row, and the kernel's posting of it
    "limit-period": [Line],
    "token-state": [Change, Line, Change, Change],  # its row; a vendor's word; the tests' model: when it is, what it is
    "dialect": [CopiedFile],
    "endpoint": [NewFile],
    "vendor-route": [NewFile],
    "attack": [NewFile, Line, Line],
}
"""What each recipe may cost: a further place would be one that somebody forgets."""


@pytest.mark.parametrize("name", RECIPES)
def test_recipe(name, tmp_path):
    """In as many places as it says it is there, can be used, is tested and is in the documents."""
    recipe = RECIPES[name]
    assert [type(place) for place in recipe.places] == COSTS[name]
    _copied(tmp_path)
    for place in recipe.places:
        place.put(tmp_path)
    for generator in recipe.generators:
        _run(tmp_path, "-m", generator)
    _run(tmp_path, "-c", IS_THE_COPY + recipe.use)
    _run(tmp_path, "-m", "docs.generated")
    for document, text in recipe.documents.items():
        assert text in (tmp_path / "docs" / document).read_text()
    _run(tmp_path, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *recipe.tests)
    by_hand = {place.path for place in recipe.places if not place.path.startswith("tests/")}
    assert _changed(tmp_path) == by_hand | recipe.generated
