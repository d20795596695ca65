"""Statements: what an account owed when its statement was cut, and what is to be paid by when."""

from authz.vocabulary.commands import record

STATEMENT = record(
    [
        ("sequence", "i8"),  # the command with which it was cut
        ("account_id", "u8"),
        ("closing_minor", "i8"),  # all that is owed but instalments that are not billed yet; negative for a credit
        ("minimum_minor", "i8"),  # what is to be paid by the due day at least, 0 where nothing is owed
        ("interest_minor", "i8"),  # charged with this statement
        ("past_due_minor", "i8"),  # the part of the minimum that earlier statements asked for
        ("day", "u2"),  # the day on which it was cut, as all days here: days since 1970-01-01
        ("since", "u2"),  # the day of the statement before, 0 for the first
        ("due_day", "u2"),
        ("currency", "u2"),  # the account's, ISO 4217 numeric
        ("missed", "u1"),  # dues that were missed in a row
        ("product", "u1"),
        ("segment", "u2"),  # whose terms it was cut by
        ("part", "u4"),  # which of the statements it is that were cut with the same command, from 0
    ]
)
"""One statement, as the kernel hands it over beside a command's result. 64 bytes; amounts in minor units."""
