"""The same decisions by a C program over the same tables: built with gcc -O2 from `c/decide.c` when it is asked for."""

import ctypes
import re
import subprocess
from pathlib import Path

import numpy as np

from authz.kernel.checks.order import DECIDING, IDENTIFYING, Asker
from authz.program.tables import CATEGORY, FILTER, INSTRUCTION, LIMIT, METER, RULE
from authz.state.row_layouts import ACCOUNT, ACTIVITY, CARD, CELL, TOKEN, TRANSACTION
from authz.state.tables import Counter, State
from authz.vocabulary.commands import RESULT, Records
from authz.vocabulary.layouts import MESSAGE
from authz.vocabulary.reasons import LAST_APPROVAL, Reason

SOURCE = Path(__file__).parent / "c" / "decide.c"
_RECORDS = {
    "command": MESSAGE,
    "result": RESULT,
    "account": ACCOUNT,
    "card": CARD,
    "token": TOKEN,
    "transaction": TRANSACTION,
    "activity": ACTIVITY,
    "cell": CELL,
    "category": CATEGORY,
    "filter": FILTER,
    "meter": METER,
    "limit": LIMIT,
    "rule": RULE,
    "instruction": INSTRUCTION,
}
_TYPES = {"u1": "uint8_t", "u2": "uint16_t", "u4": "uint32_t", "u8": "uint64_t", "f8": "double"}
_TYPES |= {f"i{size}": f"int{8 * size}_t" for size in (1, 2, 4, 8)}
_KEYWORDS = {"operator": "operator_", "case": "case_"}
_TABLES = ("accounts", "cards", "tokens", "transactions", "token_slots", "trace_slots", "seen", "activities", "cells")
_TABLES += ("segments", "counters", "expiring", "matches")
_PROGRAM = ("categories", "filters", "meters", "cell_of", "cells_of_scope", "limits", "rules", "instructions")
_PROGRAM += ("set_starts", "set_values", "derived", "numbers")


def header() -> str:
    """The records as C structures, and the numbers that the C program names."""
    lines = ["#include <stdint.h>"]
    for name, dtype in _RECORDS.items():
        lines.append(f"struct {name} {{")
        for field in dtype.names or ():
            form = dtype[field].str[1:]
            spelled = _KEYWORDS.get(field, field)
            if form[0] == "S":
                lines.append(f"    char {spelled}[{form[1:]}];")
            else:
                lines.append(f"    {_TYPES[form]} {spelled};")
        lines += ["};", f'_Static_assert(sizeof(struct {name}) == {dtype.itemsize}, "{name}");']
    lines += [f"#define COUNTER_{counter.name} {counter.value}" for counter in Counter]
    lines += [f"#define REASON_{reason.name} {reason.value}" for reason in Reason]
    lines.append(f"#define LAST_APPROVAL {int(LAST_APPROVAL)}")
    return "\n".join(lines) + "\n"


NOT_IN_C = {
    "country": "no token is restricted to countries",
    "simulation": "no decline is asked for",
    "early_reversal": "nothing is reversed",
    "original": "no purchase names an earlier message",
    "shared_fields": "no purchase names an earlier message",
    "original_amount": "no purchase names an earlier message",
    "token_limit": "no token has a limit of its own",
}
"""Checks of a request that the C program leaves out on purpose, with the reason why none of its taps can fail them."""

_NOT_DONE_IN_C = {"use_limited_use_key"}
"""What the kernel does behind a check that passes, and the C program leaves out: its taps are signed with card keys."""


def order_header() -> str:
    """The checks of a request in the kernel's order, as the C program has them.

    Raises: ValueError for a check that is neither in C nor in `NOT_IN_C`, or is in both; for one in C that no request
    is asked, or that the kernel does not have; and for what the kernel does behind a check and the C program does not.
    """
    source = SOURCE.read_text()
    in_c = set(re.findall(r"^CHECK\((\w+)\)", source, re.MULTILINE))
    _check_that_none_is_missing(in_c)
    _check_that_all_left_out_are_done_by_the_kernel(source)
    lines = []
    for name, rows in (("identify_for_issuer", IDENTIFYING), ("decide_for_issuer", DECIDING)):
        lines += [f"static inline int64_t {name}(const tap *m) {{", "    int64_t reason;"]
        for row in rows:
            if Asker.ISSUER not in row.asked_by or row.name not in in_c:
                continue
            lines.append(f"    if ((reason = check_{row.name}(m))) return reason;")
            if row.when_passed is None or row.when_passed.__name__ in _NOT_DONE_IN_C:
                continue
            if f"void {row.when_passed.__name__}(" not in source:
                raise ValueError(
                    f"decide.c does not have {row.when_passed.__name__}, which follows the check {row.name}"
                )
            lines.append(f"    {row.when_passed.__name__}(m);")
        lines += ["    return 0;", "}"]
    return "\n".join(lines) + "\n"


def _check_that_none_is_missing(in_c: set[str]) -> None:
    """Check that those which a request is asked are in C or left out on purpose.  Raises: ValueError."""
    asked = {row.name for row in (*IDENTIFYING, *DECIDING) if Asker.ISSUER in row.asked_by}
    for wrong, what in (
        (in_c - asked, "has checks that no request is asked"),
        (asked - in_c - NOT_IN_C.keys(), "lacks checks of a request, which belong there or into in_c.NOT_IN_C"),
        (NOT_IN_C.keys() - (asked - in_c), "is not without checks that in_c.NOT_IN_C names"),
    ):
        if wrong:
            raise ValueError(f"decide.c {what}: {', '.join(sorted(wrong))}")


def _check_that_all_left_out_are_done_by_the_kernel(source: str) -> None:
    """Check that what the C program leaves out is done by the kernel, and not in C.  Raises: ValueError."""
    done = {row.when_passed.__name__ for row in (*IDENTIFYING, *DECIDING) if row.when_passed is not None}
    for name in sorted(_NOT_DONE_IN_C):
        if name not in done or f"void {name}(" in source:
            raise ValueError(f"{name} in in_c._NOT_DONE_IN_C: the kernel does not do it, or decide.c does")


class DecidedInC:
    """Decides taps on a state by the C program. directory: where it is built. Raises: CalledProcessError, OSError."""

    def __init__(self, directory: Path) -> None:
        (directory / "tables.h").write_text(header())
        (directory / "order.h").write_text(order_header())
        library = directory / "decide.so"
        command = ["gcc", "-O2", "-shared", "-fPIC", "-I", str(directory), "-o", str(library), str(SOURCE)]
        subprocess.run(command, check=True)
        self._decide = ctypes.CDLL(str(library)).decide

    def __call__(self, state: State, today: np.ndarray, month: int, commands: Records, results: Records) -> None:
        """Decide. today: as the kernel keeps it of the commands' day.  month: YYMM."""
        arrays = [getattr(state, name) for name in _TABLES]
        arrays += [getattr(state.program, name) for name in _PROGRAM]
        arrays.append(today)
        pointers = [array.ctypes.data for array in arrays]
        numbers = [len(state.token_slots), len(state.trace_slots), len(state.seen), len(state.program.derived), month]
        tables = (ctypes.c_int64 * (len(pointers) + len(numbers)))(*pointers, *numbers)
        self._decide(
            ctypes.byref(tables),
            ctypes.c_void_p(commands.ctypes.data),
            ctypes.c_void_p(results.ctypes.data),
            ctypes.c_int64(len(commands)),
        )
