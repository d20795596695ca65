"""The documents: what they print is what the code has, what they tell one to run runs, and their links hold."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from authz.iso8583.dialects.fields import built_in
from docs.changelog import KINDS, fragments
from docs.generated import current
from simulators.parties import sandbox_constants
from simulators.sandbox.wiring import running_sandbox
from tests.conftest import settings_for

ROOT = Path(__file__).parents[1]
_LINK = re.compile(r"\[(.*?)\]\(.*?\)")
_NOTE = re.compile(r" \(.*\)| \d$")
"""What follows a name: a note in parentheses, or a number where there are several of a kind."""

DOCUMENTS = sorted(path for folder in ("", "docs/", "tests/", "changes/") for path in ROOT.glob(f"{folder}*.md"))


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_generated_parts_are_current(path):
    """Tables that the code knows best are as the code has them (run `python -m docs.generated`)."""
    assert path.read_text() == current(path.read_text())


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(path):
    """Every relative link names a file, and its fragment a heading of it."""
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text()):
        name, _, fragment = target.partition("#")
        if "://" in name:
            continue
        linked = (path.parent / name).resolve() if name else path
        assert linked.exists(), f"{path.name} links to {target}"
        if fragment:
            headings = re.findall(r"^#+ (.+)$", linked.read_text(), re.MULTILINE)
            anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
            assert fragment in anchors, f"{path.name} links to {target}"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A network on the real clock, as a newcomer would start it."""
    with running_sandbox(settings_for(tmp_path_factory.mktemp("documents") / "data")) as sandbox:
        yield sandbox


@pytest.mark.parametrize("name", ["README.md", "docs/rules.md", "docs/vault.md", "docs/wallet-integration.md"])
def test_python_in_the_documents_runs(name, server, tmp_path):
    """The Python of a document, top to bottom, works in a process that knows nothing else."""
    blocks = re.findall(r"^```python\n(.*?)^```$", (ROOT / name).read_text(), re.MULTILINE | re.DOTALL)
    pem = re.findall(r"-----BEGIN .*?-----END [A-Z ]+-----", (ROOT / "docs/test-values.md").read_text(), re.DOTALL)
    (tmp_path / "manufacturer.pem").write_text("\n".join(pem))
    environment = {
        "TAPWRIGHT_URL": server.http_url,
        "TAPWRIGHT_ISO8583": "{}:{}".format(*server.iso_address),
        "PYTHONPATH": str(ROOT),
    }
    run = subprocess.run(
        [sys.executable, "-c", "".join(blocks)], env=environment, cwd=tmp_path, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    assert "APPROVED" in run.stdout or name == "docs/vault.md"


def test_tests_that_are_named_are_there():
    """Each test that a document names stands behind its row."""
    named = {
        target
        for path in DOCUMENTS
        for target in re.findall(r"`(tests/[\w/]+\.py::\w+)(?:\[\w+\])?`", path.read_text())
    }
    assert len(named) > 15
    for target in named:
        file, _, name = target.partition("::")
        assert re.search(rf"^(def {name}\(|{name} = |class {name}\b)", (ROOT / file).read_text(), re.MULTILINE), target


def test_test_values_are_listed():
    """What the sandbox takes and uses is what the list of test values says."""
    listed = (ROOT / "docs/test-values.md").read_text()
    names = [name for name in dir(sandbox_constants) if name.isupper()]
    assert names
    for name in names:
        assert f"{getattr(sandbox_constants, name)}" in listed, name


def test_data_elements_have_their_names():
    """Each row of the table of data elements begins with the name that `tapwright iso decode` shows too."""
    section = (ROOT / "docs" / "wire.md").read_text().partition("## Fields\n")[2].partition("\n## ")[0]
    table = dict(re.findall(r"^\| (\d+(?:, \d+)*) \| (.*?) \| ", section, re.MULTILINE))
    fields = built_in("ascii_1987").fields
    assert len(table) > 30
    wrong = []
    for numbers, cell in table.items():
        named = _NOTE.sub("", _LINK.sub(r"\1", cell).partition(":")[0].lower()).split("; ")
        known = [_NOTE.sub("", fields[int(number)].name).lower() for number in numbers.split(", ")]
        if not known[0].startswith("tapwright") and set(named) != set(known):
            wrong.append((numbers, named, known))
    assert wrong == []


def test_files_of_the_architecture_are_there():
    """A file or folder that `docs/architecture.md` names exists; its tables of folders are generated, so name all."""
    text = (ROOT / "docs" / "architecture.md").read_text()
    named = set(re.findall(r"`((?:tokenvault|authz|simulators|tests|benchmarks)/[\w/.]*)`", text))
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_the_architecture_names_every_module():
    """A module that stands in no table would be found by nobody who reads."""
    rows = re.findall(
        r"^\| `([\w/]+)/` \| (.*?) \| (.*) \|$", (ROOT / "docs" / "architecture.md").read_text(), re.MULTILINE
    )
    named = {f"{room}/{module}.py" for room, _, modules in rows for module in re.findall(r"`(\w+)`", modules)}
    paths = (path for package in ("tokenvault", "authz", "simulators") for path in ROOT.glob(f"{package}/**/*.py"))
    modules = {str(path.relative_to(ROOT)) for path in paths if path.name != "__init__.py"}
    assert modules == named
    assert all(holds.endswith(".") for _, holds, _ in rows)


def test_fragments_have_their_format():
    """Every file of the folder is a fragment, and its README describes every kind."""
    assert {change.kind for change in fragments(ROOT / "changes").values()} <= set(KINDS)
    described = (ROOT / "changes" / "README.md").read_text()
    assert [kind for kind in KINDS if f"| `{kind}` |" not in described] == []
