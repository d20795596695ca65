"""Accounts: the credit line behind a card. One use case, one transaction."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import sqlalchemy as sa

from tokenvault.callers.caller import current_caller
from tokenvault.callers.listing import newest_first
from tokenvault.callers.ownership import Owners, visible
from tokenvault.cards.products import NO_PRODUCT, check_exchange, cut_day_with
from tokenvault.cards.segments import UNKNOWN_LIFE_STAGE
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
    segment: the one that it is pinned to, None where the engine classifies it; life_stage: see `segments`.
    product, cut_day: see `products`; None where there is no product.  tenant: the issuer.
    """

    id: int
    currency: str
    credit_limit_minor: int
    transaction_limit_minor: int | None
    segment: int | None
    life_stage: int
    product: int
    cut_day: int | None
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
    "life_stage": "life_stage",
    "product": "product",
    "cut_day": "cut_day",
}
"""By field: the API's name of what can be changed."""


def open_account(
    vault: Vault,
    *,
    currency: str,
    credit_limit_minor: int,
    transaction_limit_minor: int | None,
    segment: int | None = None,
    life_stage: int = UNKNOWN_LIFE_STAGE,
    product: int = NO_PRODUCT,
    cut_day: int | None = None,
) -> Account:
    """Open an account.

    transaction_limit_minor: greatest single amount; no bound of its own where None.
    segment: the one that it is pinned to; the engine classifies it where None.
    cut_day: the first of the month where None and there is a product.
    Raises: FieldError.
    """
    with vault.transaction() as connection:
        return open_account_in(
            vault,
            connection,
            currency=currency,
            credit_limit_minor=credit_limit_minor,
            transaction_limit_minor=transaction_limit_minor,
            segment=segment,
            life_stage=life_stage,
            product=product,
            cut_day=cut_day,
            tenant=current_caller.get().tenant,
        )


def open_account_in(
    vault: Vault,
    connection: sa.Connection,
    *,
    currency: str,
    credit_limit_minor: int,
    transaction_limit_minor: int | None,
    segment: int | None,
    life_stage: int,
    product: int,
    cut_day: int | None,
    tenant: str,
) -> Account:
    """Open an account as a part of a transaction, see `open_account`. tenant: the issuer. Raises: FieldError."""
    if currency not in CURRENCIES:
        raise FieldError("currency", NO_CURRENCY)
    account = Account(
        id=vault.new_number(),
        currency=currency,
        credit_limit_minor=credit_limit_minor,
        transaction_limit_minor=transaction_limit_minor,
        segment=segment,
        life_stage=life_stage,
        product=product,
        cut_day=cut_day_with(product, cut_day),
        tenant=tenant,
        created_at=vault.now(),
    )
    _check_limits(account)
    connection.execute(sa.insert(schema.accounts).values(**asdict(account)))
    _tell(vault, connection, account, EventType.ACCOUNT_OPENED, {"currency": currency})
    return account


def change_account(vault: Vault, text_id: str, changes: Mapping[str, Any]) -> Account:
    """Change limits, segment, stage of life, product or cut day of an account, from now on; held and posted stays.

    changes: by field of `Account`, those in `NAMES`; what is left out stays.

    An account that owes more than its new credit limit has nothing available until enough of it is paid. One that gets
    its first product without a cut day gets the first of the month. One that is pinned to no segment any longer stays
    where it is until the engine classifies it next. Changes that change nothing are no event.
    Raises: NotFound; FieldError.
    """
    with vault.transaction() as connection:
        row = connection.execute(_account_named(text_id)).one_or_none()
        if row is None:
            raise NotFound(f"there is no account {text_id}")
        before = Account(**row._mapping)
        account = replace(before, **changes)
        check_exchange(before.product, account.product)
        account = replace(account, cut_day=cut_day_with(account.product, account.cut_day))
        _check_limits(account)
        if account != before:
            table = schema.accounts
            changed = {
                name: getattr(account, name) for name in NAMES if getattr(account, name) != getattr(before, name)
            }
            connection.execute(sa.update(table).where(table.c.id == account.id).values(**changed))
            told = {NAMES[name]: value for name, value in changed.items()}
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
    notice = outbox.AccountNotice(
        account_id=account.id,
        currency=account.currency,
        credit_limit_minor=account.credit_limit_minor,
        transaction_limit_minor=account.transaction_limit_minor,
        segment=account.segment,
        product=account.product,
        cut_day=account.cut_day,
        life_stage=account.life_stage,
        opened_at=account.created_at,
    )
    outbox.put(connection, notice)
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
