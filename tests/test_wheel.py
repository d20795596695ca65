"""The wheel: what `pip install` puts on a machine is everything, and all of it can be imported from there."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("tokenvault", "authz", "simulators")
BUILT_FROM = ("pyproject.toml", "README.md", "LICENSE", *PACKAGES)

FOR_DEVELOPERS = {"tokenvault/storage/migrations/script.py.mako"}
"""What only a checkout needs: the template of new migrations."""

IMPORT_ALL = """
import importlib, pathlib, sys
for name in sys.argv[1:]:
    module = importlib.import_module(name)
    assert pathlib.Path(module.__file__).is_relative_to(pathlib.Path.cwd()), module.__file__
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """A folder with the wheel installed into it. Built from a copy: a build leaves files beside its sources."""
    source, folder = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("installed")
    for name in BUILT_FROM:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, source / name)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", source, source], check=True)
    (wheel,) = source.glob("*.whl")
    subprocess.run([*pip, "install", "--no-deps", "--target", folder, wheel], check=True)
    return folder


def _files(root: Path) -> set[str]:
    return {
        str(path.relative_to(root))
        for package in PACKAGES
        for path in (root / package).rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }


def test_every_file_of_the_packages_is_in_the_wheel(installed):
    """A room that nobody put into the wheel would be missing on every machine but ours."""
    assert _files(installed) == _files(ROOT) - FOR_DEVELOPERS


def test_every_module_of_the_wheel_can_be_imported(installed):
    """From the folder where the wheel was installed, and from nowhere else."""
    paths = [Path(name) for name in _files(ROOT) if name.endswith(".py")]
    names = {".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in paths}
    names -= {name for name in names if "migrations" in name or name.endswith("__main__")}
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    environment["PYTHONPATH"] = str(installed)
    subprocess.run([sys.executable, "-c", IMPORT_ALL, *sorted(names)], cwd=installed, env=environment, check=True)
