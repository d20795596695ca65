"""Generation of token PANs: random (the default), or format-preserving encryption of the funding PAN."""

from collections.abc import Iterator

import sqlalchemy as sa

from tokenvault.cards.cards import funding_pan_of
from tokenvault.emv.ciphers import format_preserving
from tokenvault.keys.key_ring import KeyPurpose
from tokenvault.program.card_program import PanGeneration
from tokenvault.storage import schema
from tokenvault.vault import Vault
from tokenvault.vocabulary.errors import Conflict

_ATTEMPTS = 32


def unused_token_pan(vault: Vault, connection: sa.Connection, card_id: int, token_id: int) -> str:
    """A PAN of the token range that no token has or ever had. No funding PAN lies in that range.

    Raises: Conflict if the range is as good as full.
    """
    is_random = vault.program.pan_generation is PanGeneration.RANDOM
    candidates = _at_random(vault) if is_random else _preserving(vault, connection, card_id, token_id)
    for pan in candidates:
        taken = sa.select(schema.tokens.c.id).where(schema.tokens.c.token_pan == pan)
        if connection.execute(taken).first() is None:
            return pan
    raise Conflict("the token PAN range is almost exhausted", code="pan_range_exhausted")


def _at_random(vault: Vault) -> Iterator[str]:
    token_range = vault.program.token_range
    for _ in range(_ATTEMPTS):
        yield token_range.pan(vault.random_below(token_range.capacity))


def _preserving(vault: Vault, connection: sa.Connection, card_id: int, token_id: int) -> Iterator[str]:
    """The funding PAN's own digits, encrypted under a tweak of this token; encrypted once more where that is taken."""
    funding_range, token_range = vault.program.funding_range, vault.program.token_range
    key = vault.keys.current(KeyPurpose.TOKEN_PAN)
    width = token_range.digits - len(token_range.prefix) - 1
    funding_pan = funding_pan_of(vault, connection, card_id)
    digits = funding_pan[len(funding_range.prefix) : -1].rjust(width, "0")[-width:]
    for _ in range(_ATTEMPTS):
        digits = format_preserving.encrypt(key, token_id.to_bytes(8, "big"), digits)
        yield token_range.pan(int(digits))
