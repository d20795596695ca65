"""Accounts: the credit line behind a card. One use case, one transaction."""

from dataclasses import asdict, dataclass

import sqlalchemy as sa

from tokenvault.callers.caller import current_caller
from tokenvault.callers.listing import newest_first
from tokenvault.callers.ownership import Owners, visible
from tokenvault.events import events, outbox
from tokenvault.reference_data.currencies import CURRENCIES, NO_CURRENCY
from tokenvault.storage import schema
from tokenvault.vault import Vault
from tokenvault.vocabulary.errors import FieldError, NotFound
from tokenvault.vocabulary.event_types import EventType
from tokenvault.vocabulary.identifiers import Prefix, to_number, to_text

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


def list_accounts(vault: Vault, *, limit: int, starting_after: str | None = None) -> list[Account]:
    """Accounts, the newest first. Raises: NotFound."""
    rows = newest_first(vault, schema.accounts, Prefix.ACCOUNT, limit=limit, starting_after=starting_after)
    return [Account(**row._mapping) for row in rows]
