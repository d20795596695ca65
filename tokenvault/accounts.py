"""Accounts: the credit line behind a card. One use case, one transaction."""

from dataclasses import asdict, dataclass

import sqlalchemy as sa

from tokenvault.calls.caller import current_caller
from tokenvault.currencies import CURRENCIES, NO_CURRENCY
from tokenvault.errors import FieldError, NotFound
from tokenvault.events import events, outbox
from tokenvault.events.events import EventType
from tokenvault.identifiers import Prefix, to_number, to_text
from tokenvault.ownership import Owners, visible
from tokenvault.storage import schema
from tokenvault.storage.listing import newest_first
from tokenvault.tokens.lifecycle import LIVING
from tokenvault.vault import Vault

AMOUNT_MINOR_MAX = 10**12 - 1
"""Greatest amount: what the twelve digits of DE 4 can carry."""


@dataclass(frozen=True)
class Account:
    """An account. Amounts in minor units of currency; created_at in Unix seconds.

    transaction_limit_minor: the greatest single amount, or None where only the available credit bounds it.
    tenant: the issuer.
    """

    id: int
    currency: str
    credit_limit_minor: int
    transaction_limit_minor: int | None
    segment: int
    tenant: str
    created_at: int

    @property
    def text_id(self) -> str:
        """The identifier outside."""
        return to_text(Prefix.ACCOUNT, self.id)


def open_account(
    vault: Vault, *, currency: str, credit_limit_minor: int, transaction_limit_minor: int | None, segment: int
) -> Account:
    """Open an account.

    transaction_limit_minor: greatest single amount; no bound of its own where None.
    Raises: FieldError.
    """
    if currency not in CURRENCIES:
        raise FieldError("currency", NO_CURRENCY)
    if not 0 <= credit_limit_minor <= AMOUNT_MINOR_MAX:
        raise FieldError("credit_limit", f"must be 0 to {AMOUNT_MINOR_MAX} minor units")
    limit = transaction_limit_minor
    if limit is not None and not 0 <= limit <= AMOUNT_MINOR_MAX:
        raise FieldError("transaction_limit", f"must be 0 to {AMOUNT_MINOR_MAX} minor units")
    tenant = current_caller.get().tenant
    account = Account(vault.new_number(), currency, credit_limit_minor, limit, segment, tenant, vault.now())
    with vault.transaction() as connection:
        connection.execute(sa.insert(schema.accounts).values(**asdict(account)))
        outbox.put(connection, outbox.AccountNotice(account.id, currency, credit_limit_minor, limit, segment))
        data = {"currency": currency}
        events.record(vault, connection, EventType.ACCOUNT_OPENED, account.text_id, data, Owners(issuer=tenant))
    return account


def find_account(vault: Vault, text_id: str) -> Account:
    """The account with this identifier. Raises: NotFound."""
    number = to_number(Prefix.ACCOUNT, text_id)
    query = sa.select(schema.accounts).where(schema.accounts.c.id == number, visible(schema.accounts))
    with vault.reading() as connection:
        row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFound(f"there is no account {text_id}")
    return Account(**row._mapping)


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


def list_accounts(vault: Vault, *, limit: int, starting_after: str | None = None) -> list[Account]:
    """Accounts, the newest first. Raises: NotFound."""
    rows = newest_first(vault, schema.accounts, Prefix.ACCOUNT, limit=limit, starting_after=starting_after)
    return [Account(**row._mapping) for row in rows]
