"""Writes the modules that are made from the table of checks: their numbers, and the compiled passes.

    python -m authz.kernel.generation

The compiler needs plain calls, so the table itself is not walked when a message is decided. A test compares what is
committed with what this writes.
"""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from authz.kernel.checks.order import (
    DECIDING,
    IDENTIFYING,
    LOOKS_ONLY,
    Asker,
    Function,
    Row,
    always,
    names_of_checks,
    parameters,
    writes_its_own_findings,
)

_LINE_MAX = 120
_KERNEL = Path(__file__).parent
_NOTICE = "Written by `python -m authz.kernel.generation` from `checks/order.py`; not to be changed by hand."
_PHASES = {
    "identify": (IDENTIFYING, "Who is asking"),
    "decide": (DECIDING, "Whether it may be done"),
}


def numbers_module() -> str:
    """The module with the number of each check."""
    members = "\n".join(f"    {name.upper()} = {number}" for number, name in enumerate(names_of_checks()))
    return f'''"""The checks by number and name, in the order in which they run.

{_NOTICE}
"""

from enum import IntEnum, unique


@unique
class Check(IntEnum):
    """The checks in the order in which they run; an index into findings."""

{members}
'''


def passes_module() -> str:
    """The module with two functions for each asker: who is asking, and whether it may be done."""
    functions: list[str] = []
    names: dict[str, str] = {}
    for verb, (table, said) in _PHASES.items():
        for asker in Asker:
            rows = [row for row in table if asker in row.asked_by]
            name, body = f"{verb}_for_{asker.name.lower()}", "\n".join(_body(asker, rows))
            if body in names:
                functions.append(f"{name} = {names[body]}\n")
            else:
                names[body] = name
                functions.append(
                    f'{_heading(name, rows)}    """{said}: the checks for `Asker.{asker.name}`."""\n{body}\n'
                )
    return f'''"""The ordered passes over a message, one for each asker: every check in its order, and what it uses up.

{_NOTICE}
"""

{_imports()}


''' + "\n\n".join(functions)


def _imports() -> str:
    taken: dict[str, set[str]] = {
        "typing": {"Any"},
        "authz.arrays.compiled": {"Integer", "inlined"},
        "authz.kernel.checks.findings": {"Findings", "note"},
        "authz.kernel.checks.numbers": {"Check"},
        "authz.kernel.accounts.message_context": {"MessageContext"},
        "authz.state.tables": {"State"},
        "authz.vocabulary.reasons": {"Reason"},
    }
    for row in IDENTIFYING + DECIDING:
        for function in (row.check, row.when_passed, row.when_declined, *row.asked_by.values()):
            if function is not None and function is not always:
                taken.setdefault(function.__module__, set()).add(function.__name__)
    ours = [_import(module, names) for module, names in sorted(taken.items()) if module != "typing"]
    return "\n".join((_import("typing", taken["typing"]), "", *ours))


def _import(module: str, names: set[str]) -> str:
    ordered = sorted(names, key=lambda name: (name[0].islower(), name))
    line = f"from {module} import {', '.join(ordered)}"
    if len(line) <= _LINE_MAX:
        return line
    return f"from {module} import (\n" + "".join(f"    {name},\n" for name in ordered) + ")"


def _heading(name: str, rows: list[Row]) -> str:
    arguments = ["state: State", "command: Any", "context: MessageContext", "findings: Findings"]
    if any("result" in parameters(row.check) for row in rows):
        arguments.append("result: Any")
    return f"@inlined\ndef {name}({', '.join(arguments)}) -> Integer:\n"


def _body(asker: Asker, rows: list[Row]) -> Iterator[str]:
    yield "    checks = findings.checks"
    for condition, group in groupby(rows, lambda row: row.asked_by[asker]):
        indent = "    "
        if condition is not always:
            yield f"    if {_call(condition)}:"
            indent = "        "
        for row in group:
            yield from (indent + line for line in _check(row, looks_only=asker in LOOKS_ONLY))
    yield "    return Reason.APPROVED"


def _check(row: Row, *, looks_only: bool) -> Iterator[str]:
    noted = f"note(checks, Check.{row.name.upper()}, {_call(row.check)})"
    if not row.declines:
        yield noted
        return
    yield f"reason = {_call(row.check) if writes_its_own_findings(row) else noted}"
    yield "if reason != Reason.APPROVED:"
    if row.when_declined is not None and not looks_only:
        yield f"    {_call(row.when_declined)}"
    yield "    return reason"
    if row.when_passed is not None and not looks_only:
        yield _call(row.when_passed)


def _call(function: Function) -> str:
    return f"{function.__name__}({', '.join(parameters(function))})"


MODULES = {_KERNEL / "checks" / "numbers.py": numbers_module, _KERNEL / "passes.py": passes_module}
"""What is written where."""


def main() -> None:
    """Write the modules."""
    for path, written in MODULES.items():
        path.write_text(written())


if __name__ == "__main__":
    main()
