"""A history that was made of commands in memory, for tests of what is read from it."""

import numpy as np
import sqlalchemy as sa

from authz.history.book_rows import account_changes, change_rows, statement_rows, statements
from authz.history.history_file import open_history, prepared
from authz.history.history_rows import decisions, expiries, position, postings, rows_of
from authz.history.payment_course import name_payments
from authz.journal.records import Durable
from authz.journal.replay import apply_batch
from authz.kernel.application import name_accounts
from authz.program.compilation import compiled_program
from authz.program.document import ProgramDocument, with_offsets
from authz.state.tables import Counter, made_by, new_state
from authz.vocabulary.commands import COMMAND
from tests.authz.commands import opening


class Story:
    """Commands, one after the other, and the rows that the projection would make of them."""

    def __init__(self, path, **document):
        self.database = open_history(path)
        prepared(self.database, bytes(16))
        program = with_offsets(ProgramDocument.model_validate(document))
        self.state = new_state(16, compiled_program(program, version=1))
        self.tell(opening())

    @property
    def last(self):
        """The sequence of the last command."""
        return int(self.state.counters[Counter.SEQUENCE])

    def tell(self, commands):
        """Apply commands and write their rows; returns the sequence of the last."""
        commands = np.require(commands.copy().view(COMMAND), requirements="W")
        first = self.last + 1
        name_accounts(self.state, commands)
        self.state, results, _ = apply_batch(self.state, commands)
        durable = Durable(first, commands, results, *made_by(self.state))
        rows = rows_of(durable, _bank, lambda _token: "purse")
        with self.database.begin() as connection:
            name_payments(connection, decisions, rows.decided, rows.posted)
            for table, made in (
                (decisions, rows.decided),
                (postings, rows.posted),
                (expiries, list(rows.expired)),
                (statements, statement_rows(durable, _bank)),
                (account_changes, change_rows(durable, _bank)),
            ):
                if made:
                    connection.execute(sa.insert(table), made)
            for change in rows.settled:
                connection.execute(
                    sa.update(decisions).where(decisions.c.sequence == change["sequence"]).values(**change)
                )
            connection.execute(sa.update(position).values(sequence=durable.last, time_us=durable.time_us))
        return durable.last


def _bank(_account):
    """Who issues all accounts."""
    return "bank"
