"""What a run has found, for readers: a mutant as a difference, survivors as they come, and the figures."""

import ast
import difflib
from collections import Counter
from collections.abc import Iterable

from tests.mutation.mutants import Mutant
from tests.mutation.running import Outcome, Verdict
from tests.mutation.targets import ROOT


def difference(mutant: Mutant) -> str:
    """A mutant as a unified difference of its source."""
    source = (ROOT / mutant.path).read_text()
    changed = _changed(source, mutant)
    lines = difflib.unified_diff(source.splitlines(), changed.splitlines(), mutant.path, str(mutant), "", "", 1, "")
    return "\n".join(lines)


def _changed(source: str, mutant: Mutant) -> str:
    """The source with the mutant's text in it."""
    old = mutant.change.old
    lines = source.splitlines(keepends=True)
    first, last = old.lineno - 1, old.end_lineno - 1  # type: ignore[attr-defined]
    # Columns count octets of UTF-8.
    head = lines[first].encode()[: old.col_offset].decode()  # type: ignore[attr-defined]
    tail = lines[last].encode()[old.end_col_offset :].decode()  # type: ignore[attr-defined]
    after = mutant.after
    if isinstance(old, ast.expr) and not isinstance(old, ast.Constant) and after:
        after = f"({after})" if "not " in after else after
    return "".join([*lines[:first], head + after + tail, *lines[last + 1 :]])


def survivor(outcome: Outcome, reason: str = "") -> str:
    """A mutant that no test has noticed; reason: why that is well, where it is written down."""
    mutant = outcome.mutant
    head = f"{mutant}  {outcome.verdict}" + (f", changes nothing: {reason}" if reason else "")
    return (
        f"{head}\n    in {mutant.function or 'the module'}: {mutant.before}\n    becomes: {mutant.after or 'nothing'}"
    )


def table(outcomes: Iterable[Outcome], written_down: set[Mutant]) -> str:
    """Files with their figures, and the sum."""
    rows: dict[str, Counter[str]] = {}
    for outcome in outcomes:
        for name in (outcome.mutant.path, "all"):
            row = rows.setdefault(name, Counter())
            row["mutants"] += 1
            row["killed"] += outcome.is_killed
            row["written down"] += outcome.mutant in written_down
            row["untested"] += outcome.verdict is Verdict.UNTESTED
    heads = ("mutants", "killed", "written down", "untested")
    lines = [" ".join([f"{'':48}", *(f"{head:>12}" for head in heads), f"{'killed':>8}"])]
    for name, row in sorted(rows.items(), key=lambda pair: (pair[0] == "all", pair[0])):
        share = 100 * row["killed"] / row["mutants"]
        lines.append(" ".join([f"{name:48}", *(f"{row[head]:12}" for head in heads), f"{share:7.1f}%"]))
    return "\n".join(lines)
