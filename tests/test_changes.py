"""Fragments of the changelog: what is refused, and how a release gathers them. `test_documents.py` holds the format."""

import shutil
from datetime import date

import pytest

from docs.changelog import ROOT, Fragment, FragmentError, fragment, main, released

CHANGELOG = "# Changes\n\n## 0.1.0 (2026-01-01)\n\n- It began.\n"
DAY = date(2026, 12, 1)


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("limits.md", "Limits.\n", "name must be"),
        ("limits.improved.md", "Limits.\n", "name must be"),
        ("Limits.added.md", "Limits.\n", "name must be"),
        ("limits.added.txt", "Limits.\n", "name must be"),
        ("limits.added.md", "", "end of a line"),
        ("limits.added.md", "Limits.", "end of a line"),
        ("limits.added.md", "Limits.\n\nAnd rules.\n", "no empty line"),
        ("limits.added.md", "Limits.\n  And rules.\n", "no space"),
        ("limits.added.md", "# Limits.\n", "no heading"),
        ("limits.added.md", "Limits.\n- And rules.\n", "no heading, list"),
        ("limits.added.md", f"L{'x' * 119}.\n", "at most 120"),
        ("limits.added.md", "limits.\n", "capital letter"),
        ("limits.added.md", "Limits\n", "full stop"),
    ],
)
def test_anything_else_is_refused(tmp_path, capsys, name, text, fault):
    """In one line that names the file; nothing is written, nothing deleted."""
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    (tmp_path / "changes").mkdir()
    path = tmp_path / "changes" / name
    path.write_text(text)
    with pytest.raises(FragmentError, match=fault):
        fragment(path)
    assert main(["0.2.0"], tmp_path) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"{name}: ")
    assert told.count("\n") == 1
    assert (tmp_path / "CHANGELOG.md").read_text() == CHANGELOG
    assert path.read_text() == text


@pytest.fixture
def tree(tmp_path):
    """A changelog and three fragments."""
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    folder = tmp_path / "changes"
    folder.mkdir()
    shutil.copy(ROOT / "changes" / "README.md", folder)
    (folder / "odd-cents.fixed.md").write_text("`amount` is rounded half to even, as ISO 4217\nsays.\n")
    (folder / "years.added.md").write_text("Limits have years.\n")
    (folder / "weeks.added.md").write_text("Limits have weeks.\n")
    return tmp_path


ENTRIES = """\
- **Added.**
  - Limits have weeks.
  - Limits have years.
- **Fixed.**
  - `amount` is rounded half to even, as ISO 4217
    says.
"""


def test_they_are_shown(tree, capsys):
    """Without a version nothing is written."""
    assert main([], tree) == 0
    assert capsys.readouterr().out == ENTRIES
    assert (tree / "CHANGELOG.md").read_text() == CHANGELOG
    assert len(list((tree / "changes").iterdir())) == 4


def test_a_release_gathers_them(tree):
    """In a section above the earlier ones; only the README is left in the folder."""
    assert main(["0.2.0", "--date", "2026-12-01"], tree) == 0
    assert (tree / "CHANGELOG.md").read_text() == (
        f"# Changes\n\n## 0.2.0 (2026-12-01)\n\n{ENTRIES}\n## 0.1.0 (2026-01-01)\n\n- It began.\n"
    )
    assert [path.name for path in (tree / "changes").iterdir()] == ["README.md"]
    assert main([], tree) == 0


def test_an_unreleased_section_is_completed():
    """What it says already stays, behind what the fragments say."""
    changelog = "# Changes\n\n## 0.1.0 (unreleased)\n\nFirst:\n\n- It began.\n"
    assert released(changelog, "0.1.0", DAY, [Fragment("added", "Years.")]) == (
        "# Changes\n\n## 0.1.0 (2026-12-01)\n\nFirst:\n\n- **Added.**\n  - Years.\n- It began.\n"
    )


@pytest.mark.parametrize(("version", "changes"), [("0.1.0", 1), ("1", 1), ("0.2.0", 0)])
def test_a_release_that_cannot_be(version, changes):
    """A version that was released, one that is none, and one in which nothing has changed."""
    with pytest.raises(FragmentError, match=version):
        released(CHANGELOG, version, DAY, [Fragment("added", "Years.")] * changes)
