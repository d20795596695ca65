"""Accounts: the credit line behind a card. One use case, one transaction."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

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


NAMES = {
    "credit_limit_minor": "credit_limit",
    "transaction_limit_minor": "transaction_limit",
    "segment": "segment",
}
"""By field: the API's name of what can be changed."""


def open_account(
    vault: Vault, *, currency: str, credit_limit_minor: int, transaction_limit_minor: int | None, segment: int
) -> Account:
    """Open an account.

    transaction_limit_minor: greatest single amount; no bound of its own where None.
    Raises: FieldError.
    """
    if currency not in CURRENCIES:
        raise FieldError("currency", NO_CURRENCY)
    limit, tenant = transaction_limit_minor, current_caller.get().tenant
    account = Account(vault.new_number(), currency, credit_limit_minor, limit, segment, tenant, vault.now())
    _check_limits(account)
    with vault.transaction() as connection:
        connection.execute(sa.insert(schema.accounts).values(**asdict(account)))
        _tell(vault, connection, account, EventType.ACCOUNT_OPENED, {"currency": currency})
    return account


def change_account(vault: Vault, text_id: str, changes: Mapping[str, Any]) -> Account:
    """Change limits and segment of an account, for all payments from now on; what is held and posted stays.

    changes: by field of `Account`, those in `NAMES`; what is left out stays.

    An account that owes more than its new credit limit has nothing available until enough of it is paid. Changes that
    change nothing are no event.
    Raises: NotFound; FieldError.
    """
    with vault.transaction() as connection:
        row = connection.execute(_account_named(text_id)).one_or_none()
        if row is None:
            raise NotFound(f"there is no account {text_id}")
        before = Account(**row._mapping)
        account = replace(before, **changes)
        _check_limits(account)
        if account != before:
            table = schema.accounts
            connection.execute(sa.update(table).where(table.c.id == account.id).values(**changes))
            told = {NAMES[name]: value for name, value in changes.items() if getattr(before, name) != value}
            _tell(vault, connection, account, EventType.ACCOUNT_CHANGED, told)
    return account


def _check_limits(account: Account) -> None:
    """Raises: FieldError."""
    for name in ("credit_limit_minor", "transaction_limit_minor"):
        limit = getattr(account, name)
        if limit is not None and not 0 <= limit <= AMOUNT_MINOR_MAX:
            raise FieldError(NAMES[name], f"must be 0 to {AMOUNT_MINOR_MAX} minor units")


def _tell(
    vault: Vault, connection: sa.Connection, account: Account, event_type: EventType, data: dict[str, Any]
) -> None:
    """Tell the engine how an account is now, and its issuer what has happened."""
    limits = account.credit_limit_minor, account.transaction_limit_minor
    outbox.put(connection, outbox.AccountNotice(account.id, account.currency, *limits, account.segment))
    events.record(vault, connection, event_type, account.text_id, data, Owners(issuer=account.tenant))


def find_account(vault: Vault, text_id: str) -> Account:
    """The account with this identifier. Raises: NotFound."""
    with vault.reading() as connection:
        row = connection.execute(_account_named(text_id)).one_or_none()
    if row is None:
        raise NotFound(f"there is no account {text_id}")
    return Account(**row._mapping)


def _account_named(text_id: str) -> "sa.Select[Any]":
    """The caller's account with this identifier. Raises: NotFound for what is none."""
    number = to_number(Prefix.ACCOUNT, text_id)
    return sa.select(schema.accounts).where(schema.accounts.c.id == number, visible(schema.accounts))


def list_accounts(vault: Vault, *, limit: int, starting_after: str | None = None) -> list[Account]:
    """Accounts, the newest first. Raises: NotFound."""
    rows = newest_first(vault, schema.accounts, Prefix.ACCOUNT, limit=limit, starting_after=starting_after)
    return [Account(**row._mapping) for row in rows]
