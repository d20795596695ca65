"""Gathers the fragments of ``changes/`` into CHANGELOG.md at a release.

    python -m docs.changelog            shows what the release would say
    python -m docs.changelog 0.2.0      writes it, and deletes the fragments

changes/README.md says what a fragment is.
"""

import argparse
import re
import sys
from datetime import date
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
KINDS = ("security", "removed", "deprecated", "changed", "added", "fixed")
"""The kinds of a change, in the order in which a release lists them: first what may break a user's program."""
LINE_LENGTH_MAX = 120
_NAME = re.compile(r"(?P<words>[a-z0-9]+(-[a-z0-9]+)*)\.(?P<kind>[a-z]+)\.md")
_VERSION = re.compile(r"\d+\.\d+\.\d+")
_SECTION = re.compile(r"^## ", re.MULTILINE)


class FragmentError(ValueError):
    """A fragment, the version or the changelog is not as changes/README.md describes."""


class Fragment(NamedTuple):
    """One change: its kind, and what a user has to know about it, in one paragraph."""

    kind: str
    text: str


def fragment(path: Path) -> Fragment:
    """Read a fragment.  Raises: FragmentError, which names the file and what is wrong with it."""
    named = _NAME.fullmatch(path.name)
    if named is None or named["kind"] not in KINDS:
        raise FragmentError(f"{path.name}: the name must be WORDS.KIND.md, with a KIND of {', '.join(KINDS)}")
    text = path.read_text(encoding="utf-8")
    if fault := _fault(text):
        raise FragmentError(f"{path.name}: {fault}")
    return Fragment(named["kind"], text.removesuffix("\n"))


def _fault(text: str) -> str:
    """What is wrong with the text of a fragment, or nothing."""
    lines = text.split("\n")
    if lines.pop() or not lines:
        return "the text must end with the end of a line"
    if any(not line.strip() or line != line.strip() for line in lines):
        return "the text must be one paragraph: no empty line, and no space at the beginning or end of a line"
    if any(re.match(r"[#>|]|[-+*] |\d+\. ", line) for line in lines):
        return "the text must be one paragraph: no heading, list, quotation or table"
    if any(len(line) > LINE_LENGTH_MAX for line in lines):
        return f"a line must have at most {LINE_LENGTH_MAX} characters"
    if not re.match(r"[A-Z`]", text) or not lines[-1].endswith("."):
        return "the text must begin with a capital letter or with code, and end with a full stop"
    return ""


def fragments(folder: Path) -> dict[Path, Fragment]:
    """Every fragment of a folder, by its file.  Raises: FragmentError for anything else in it."""
    return {path: fragment(path) for path in sorted(folder.iterdir()) if path.name != "README.md"}


def gathered(changes: list[Fragment]) -> str:
    """The changes as a changelog lists them: an entry for each kind, and in it an entry for each change."""
    lines = []
    for kind in KINDS:
        of_this_kind = [change for change in changes if change.kind == kind]
        if of_this_kind:
            lines.append(f"- **{kind.capitalize()}.**\n")
        for change in of_this_kind:
            first, *rest = change.text.split("\n")
            lines.append("".join((f"  - {first}\n", *(f"    {line}\n" for line in rest))))
    return "".join(lines)


def released(changelog: str, version: str, day: date, changes: list[Fragment]) -> str:
    """The changelog with the changes in the section of this version, which is dated.

    A section "VERSION (unreleased)" is completed: the changes stand before the first entry that it has.
    Raises: FragmentError for a version that is none, or that the changelog already has, and where nothing has changed.
    """
    if not _VERSION.fullmatch(version):
        raise FragmentError(f"{version}: a version is three numbers, for example 0.2.0")
    if re.search(rf"^## {re.escape(version)} \(\d", changelog, re.MULTILINE):
        raise FragmentError(f"{version}: CHANGELOG.md has this version already")
    heading = f"## {version} ({day.isoformat()})\n"
    unreleased = f"## {version} (unreleased)\n"
    if unreleased in changelog:
        before, section = changelog.split(unreleased)
        entry = re.search(r"^- ", section, re.MULTILINE)
        at = entry.start() if entry else len(section)
        return before + heading + section[:at] + gathered(changes) + section[at:]
    if not changes:
        raise FragmentError(f"{version}: nothing has changed, changes/ contains no fragment")
    first = _SECTION.search(changelog)
    at = first.start() if first else len(changelog)
    return f"{changelog[:at]}{heading}\n{gathered(changes)}\n{changelog[at:]}"


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Show the next release's entries, or make the release.  Returns the exit code: 2 where something is wrong."""
    parser = argparse.ArgumentParser(prog="python -m docs.changelog", description="Gather changes/ into CHANGELOG.md.")
    parser.add_argument("version", nargs="?", help="make the release of this version")
    parser.add_argument("--date", type=date.fromisoformat, default=None, help="of the release (default: today)")
    options = parser.parse_args(arguments)
    changelog = root / "CHANGELOG.md"
    try:
        found = fragments(root / "changes")
        if options.version is None:
            sys.stdout.write(gathered(list(found.values())) or "Nothing has changed.\n")
            return 0
        day = options.date or date.today()
        text = released(changelog.read_text(encoding="utf-8"), options.version, day, list(found.values()))
    except FragmentError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    changelog.write_text(text, encoding="utf-8")
    for path in found:
        path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
