"""The QA guide, run as it stands: files written, commands run in a shell, Python in one session, servers beside."""

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"(?:<!-- ([a-z, ]+) -->\n)?^```(sh|python|yaml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"# ([\w-]+\.(?:yaml|py))\n")
NOTHING_SKIPPED = "TAPWRIGHT_TEST_PCSC" in os.environ


def free_port():
    """A port that nobody has."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


class Reader:
    """Runs the guide's blocks in order, in a folder of its own."""

    def __init__(self, folder):
        self.folder, self.background = folder, []
        http, iso, self.recorder = free_port(), free_port(), free_port()
        bin_folder = folder / "bin"
        bin_folder.mkdir()
        for name, module in (("tapwright", "-m simulators.cli"), ("python", "")):
            script = bin_folder / name
            script.write_text(f'#!/bin/sh\nexec {sys.executable} {module} "$@"\n')
            script.chmod(0o755)
        self.environment = os.environ | {
            "PATH": f"{bin_folder}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "TAPWRIGHT_HTTP_PORT": str(http),
            "TAPWRIGHT_ISO_PORT": str(iso),
            "TAPWRIGHT_URL": f"http://127.0.0.1:{http}",
            "TAPWRIGHT_ISO8583": f"127.0.0.1:{iso}",
            "QA_RECORDER_PORT": str(self.recorder),
        }
        self.session = {}

    def write(self, text):
        """A file that the guide shows."""
        (self.folder / FILE.match(text)[1]).write_text(text)

    def run(self, text):
        """Commands in a shell that stops at the first that fails; returns what they print."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", text],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def begin(self, text):
        """A command that runs on, once it has said that it is ready."""
        command = text.strip().replace("8593", str(self.recorder))
        process = subprocess.Popen(
            ["bash", "-c", f"exec {command}"], cwd=self.folder, env=self.environment, stdout=subprocess.PIPE, text=True
        )
        self.background.append(process)
        assert process.stdout.readline(), f"{command} said nothing"

    def end(self, process):
        """Stop what runs on."""
        process.terminate()
        process.wait()
        process.stdout.close()

    def execute(self, text, monkeypatch):
        """Python, in the session of the blocks before."""
        for name in ("TAPWRIGHT_URL", "TAPWRIGHT_ISO8583", "QA_RECORDER_PORT"):
            monkeypatch.setenv(name, self.environment[name])
        exec(compile(text, "docs/qa-guide.md", "exec"), self.session)


@pytest.fixture
def reader(tmp_path):
    """One who follows the guide."""
    made = Reader(tmp_path)
    yield made
    for process in reversed(made.background):
        made.end(process)


def has_a_reader():
    """Whether a phone can be put on a virtual PC/SC reader here."""
    try:
        import smartcard  # noqa: F401
    except ImportError:
        return False
    return shutil.which("pcscd") is not None


@pytest.mark.slow
def test_the_guide_runs_from_top_to_bottom(reader, monkeypatch):
    """Every block of it, in order."""
    said, with_reader = "", has_a_reader()
    assert with_reader or not NOTHING_SKIPPED
    if with_reader:
        daemon = subprocess.Popen(["pcscd", "--foreground"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        reader.background.append(daemon)
        reader.run("for i in $(seq 100); do (: < /dev/tcp/127.0.0.1/35963) 2>/dev/null && break; sleep 0.05; done")
    blocks = BLOCK.findall((ROOT / "docs/qa-guide.md").read_text())
    assert len(blocks) > 15
    for mark, language, text in blocks:
        if "with a reader" in mark and not with_reader:
            continue
        if FILE.match(text):
            reader.write(text)
        elif "in the background" in mark:
            reader.begin(text)
            if "--pcsc" in text:
                reader.run(
                    "for i in $(seq 100); do pcsc_scan -c | grep -q 'ATR: 3B 84 80 01' && break; sleep 0.1; done"
                )
        elif language == "sh":
            if "replay" in text:
                reader.end(reader.background.pop())
            said += reader.run(text)
        elif language == "python":
            reader.execute(text, monkeypatch)
    for words in (
        "1 of 1 passed",
        "wrong.yaml:4: tap.amount: 'much' is not an amount",
        "2 passed",
        "APPROVED",
        "0810",
        "answered as before",
        "refused",
    ):
        assert words in said, words
    for name in ("results.xml", "report.html", "receipt.svg", "messages.jsonl", "scenario.schema.json", "day.jsonl"):
        assert (reader.folder / name).stat().st_size > 100, name
