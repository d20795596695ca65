"""What an account is spent with: its cards, and the tokens of them."""

from dataclasses import dataclass

import sqlalchemy as sa

from tokenvault.cards.accounts import Account
from tokenvault.storage import schema
from tokenvault.tokens.lifecycle import LIVING
from tokenvault.vault import Vault


@dataclass(frozen=True)
class Instruments:
    """What an account is spent with: numbers of its cards, and PANs of the tokens that were activated and live on.

    The newest first.
    """

    card_ids: list[int]
    token_pans: list[str]

    def __repr__(self) -> str:
        return f"Instruments({len(self.card_ids)} cards, {len(self.token_pans)} tokens)"


def instruments_of(vault: Vault, account: Account) -> Instruments:
    """The cards and tokens of an account."""
    cards, tokens = schema.cards, schema.tokens
    of_cards = sa.select(cards.c.id).where(cards.c.account_id == account.id)
    of_tokens = (
        sa.select(tokens.c.token_pan)
        .join(cards, tokens.c.card_id == cards.c.id)
        .where(cards.c.account_id == account.id, tokens.c.state.in_(LIVING), tokens.c.token_pan.is_not(None))
    )
    with vault.reading() as connection:
        return Instruments(
            list(connection.execute(of_cards.order_by(cards.c.created_at.desc(), cards.c.id.desc())).scalars()),
            list(connection.execute(of_tokens.order_by(tokens.c.created_at.desc(), tokens.c.id.desc())).scalars()),
        )
