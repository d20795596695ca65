"""Switches to another program, and ends the days that are over under the one that they began with."""

from collections.abc import Callable

import structlog

from authz.engine import Engine
from authz.program.document import ProgramDocument
from authz.program.segments import classifies
from authz.state.tables import Counter
from authz.vocabulary.commands import Kind
from authz.vocabulary.layouts import new_command

log = structlog.get_logger()

ROWS_TOGETHER = 16_384
"""So many rows of accounts are closed with one command, between batches of payments."""


async def switch_program(engine: Engine, edit: Callable[[ProgramDocument], ProgramDocument]) -> int:
    """Switch to a changed program; returns its version.

    Terms say since when they hold, and the conditions of segments do not: where either program has them, the days that
    are over are closed first. So it makes no difference to any account when its days are closed. Payments are answered
    meanwhile.

    Raises: EngineStopped; what `edit` raises.
    """
    if classifies(engine.document.segments) or classifies(edit(engine.document).segments):
        await _close_days_that_are_over(engine)
    return await engine.change(edit)


async def _close_days_that_are_over(engine: Engine) -> None:
    """Close them for all accounts, and once more where midnight has passed meanwhile."""
    closed_until = -1
    while _has_books(engine) and (closed_until < _day(engine) - 1 or _is_over(engine)):
        await engine.run(new_command(Kind.PASS_TIME))
        closed_until, row = _day(engine) - 1, 0
        while row < engine.state.counters[Counter.ACCOUNTS]:
            command = new_command(Kind.CLOSE_DAY, day=closed_until, first_row=row, rows=ROWS_TOGETHER)
            row += int((await engine.run(command))["rows_closed"][0])
        log.info("days_closed_for_a_program", accounts=row)


def _has_books(engine: Engine) -> bool:
    return bool(engine.state.counters[Counter.BILLINGS])


def _day(engine: Engine) -> int:
    """The local day of the last command."""
    return int(engine.state.counters[Counter.DAY])


def _is_over(engine: Engine) -> bool:
    """Whether that day is over."""
    return engine.now_us >= int(engine.state.counters[Counter.DAY_ENDS_US])
