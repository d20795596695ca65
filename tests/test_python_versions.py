"""Every version of Python that `pyproject.toml` admits: installed from the registry, compiled, and paid with."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
VERSIONS = ("3.11", "3.12", "3.13")
COMING = "3.14"
"""For which wheels of everything must be there; it is run when machines have it."""

PAYMENT = """
from simulators import Phone, Sandbox, Terminal

with Sandbox() as sandbox:
    phone, terminal = Phone(sandbox.http_url), Terminal(sandbox.iso_address)
    phone.provision(sandbox.card())
    reasons = [sandbox.reason_of(terminal.pay(phone, amount)) for amount in (1_250, 9_999_999)]
    terminal.close()
    phone.close()
print(*reasons)
"""


def found(version):
    """An interpreter of a version: this one, one on the path, or one of pyenv's; None where there is none."""
    if sys.version.startswith(f"{version}."):
        return sys.executable
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    candidates = [shutil.which(f"python{version}"), *sorted(pyenv.glob(f"{version}.*/bin/python"), reverse=True)]
    for candidate in filter(None, candidates):  # what stands on the path may be pyenv's and lead nowhere
        run = subprocess.run(
            [candidate, "-c", "import ensurepip, sys; print(sys.version)"], capture_output=True, text=True
        )
        if run.stdout.startswith(f"{version}."):
            return candidate
    return None


@pytest.mark.slow
@pytest.mark.parametrize("version", VERSIONS)
def test_it_works_with_this_version(version, tmp_path):
    """A virtual environment, the command line and a payment; no warning is given by anything of ours."""
    interpreter = found(version)
    if interpreter is None:
        pytest.skip(f"there is no Python {version} on this machine")
    source, programs = tmp_path / "source", tmp_path / "environment" / "bin"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    for package in ("tokenvault", "authz", "simulators"):
        shutil.copytree(ROOT / package, source / package, ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run([interpreter, "-m", "venv", programs.parent], check=True)
    pip = [programs / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, source], check=True)

    surroundings = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "NUMBA_DISABLE_JIT")}

    def run(program, *arguments):
        command = [programs / program, *arguments]
        return subprocess.run(command, cwd=tmp_path, env=surroundings, capture_output=True, text=True)

    version_told = run("python", "-W", "error", "-m", "simulators", "--version")
    assert version_told.stdout == f"tapwright {PROJECT['version']}\n", version_told.stderr
    # argparse differs between versions of Python.
    assert run("tapwright").stdout.startswith("Tapwright is a payment network in a box")
    refused = run("tapwright", "scenario", "run", "--sed", "5")
    assert refused.returncode == 2
    assert refused.stderr.startswith("usage: tapwright scenario ")
    assert refused.stderr.endswith("tapwright scenario: error: there is no flag --sed; did you mean --seed?\n")
    completion = run("tapwright", "completion", "bash")
    assert "warm-up" in completion.stdout, completion.stderr
    warmed = run("tapwright", "warm-up")
    assert warmed.returncode == 0, warmed.stderr
    paid = run("python", "-c", PAYMENT)
    assert (paid.stdout, paid.stderr) == ("approved insufficient_funds\n", "")


@pytest.mark.slow
def test_everything_has_wheels_for_the_version_that_is_coming(tmp_path):
    """Nothing is installed: pip only looks for wheels, and would fail where there are only sources."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    looking = ["--dry-run", "--ignore-installed", "--target", tmp_path, "--only-binary=:all:"]
    command = [*pip, *looking, "--python-version", COMING, *PROJECT["dependencies"]]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


def test_the_versions_are_those_of_the_project():
    """The oldest one is the least that `pip` accepts."""
    assert PROJECT["requires-python"] == f">={VERSIONS[0]}"
