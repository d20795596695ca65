"""Expiries: holds that have ended without a message, because their time was up or the issuer ended them."""

from authz.vocabulary.commands import record

EXPIRY = record(
    [
        ("sequence", "i8"),  # the command in whose pass the hold ended; with `part`, what names an expiry
        ("decision", "i8"),  # the sequence of the authorization whose hold it was
        ("account_id", "u8"),
        ("card_id", "u8"),
        ("token_id", "u8"),
        ("released_minor", "i8"),  # in the account's currency, never 0
        ("part", "u4"),  # 0 for the first expiry of a command
        ("currency", "u2"),  # the account's, ISO 4217 numeric
        ("spare", "u2"),
    ]
)
"""One expiry, as the kernel hands it over beside a command's result."""
