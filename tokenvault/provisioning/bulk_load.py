"""Bulk loading of a portfolio: accounts, cards and active tokens, thousands in one transaction.

The same rows, seals and notices to the engine as one by one; but one event and one entry of the audit trail for each
chunk, not for each card.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from tokenvault.callers.caller import current_caller
from tokenvault.callers.ownership import Owners
from tokenvault.cards.cards import PIN_TRIES, CardState
from tokenvault.cards.products import NO_PRODUCT, cut_day_with
from tokenvault.cards.segments import UNKNOWN_LIFE_STAGE
from tokenvault.emv.cryptograms.cryptogram_versions import TAPWRIGHT_AES
from tokenvault.events import events, outbox
from tokenvault.keys.key_ring import KeyPurpose
from tokenvault.keys.sealing import CARD_CONTACTS, CARD_PAN, new_pan_lookup, seal
from tokenvault.provisioning.decision import Outcome
from tokenvault.storage import schema
from tokenvault.tokens.lifecycle import TokenState
from tokenvault.tokens.token_requestors import requestor_in
from tokenvault.tokens.tokens import AssuranceMethod, TokenLocation
from tokenvault.vault import Vault
from tokenvault.vocabulary.errors import Conflict, FieldError
from tokenvault.vocabulary.event_types import EventType
from tokenvault.vocabulary.identifiers import Prefix, to_text
from tokenvault.vocabulary.pan import PAR_CHARACTERS, PanRange

CHUNK = 2000
_ATTEMPTS = 64
_PAR_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # 32 characters: one for five random bits


@dataclass(frozen=True)
class LoadPlan:
    """What to load. tokens: at most one an account.  token_requestor_id: a merchant's: these tokens have no device.

    product, cut_day: of all accounts, as `accounts.open_account` takes them.
    """

    accounts: int
    tokens: int
    token_requestor_id: str
    currency: str = "EUR"
    credit_limit_minor: int = 250_000
    product: int = NO_PRODUCT
    cut_day: int | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.tokens <= self.accounts:
            raise FieldError("tokens", "must be at most one per account")
        cut_day_with(self.product, self.cut_day)  # refused here rather than with the first chunk


def load(vault: Vault, plan: LoadPlan, told: Callable[[int], None] = lambda _: None) -> None:
    """Load a portfolio. told: called after each chunk with the accounts loaded so far.

    Raises: FieldError; Conflict if a PAN range is almost exhausted; what was loaded by then stays.
    """
    done = 0
    while done < plan.accounts:
        count = min(CHUNK, plan.accounts - done)
        _load_chunk(vault, plan, count, min(count, max(0, plan.tokens - done)))
        done += count
        told(done)


def _load_chunk(vault: Vault, plan: LoadPlan, count: int, token_count: int) -> None:
    now, tenant = vault.now(), current_caller.get().tenant
    cut_day = cut_day_with(plan.product, plan.cut_day)
    with vault.transaction() as connection:
        requestor = requestor_in(connection, plan.token_requestor_id)
        account_rows: list[dict[str, Any]] = [
            {
                "id": vault.new_number(),
                "currency": plan.currency,
                "credit_limit_minor": plan.credit_limit_minor,
                "transaction_limit_minor": None,
                "segment": None,
                "life_stage": UNKNOWN_LIFE_STAGE,
                "product": plan.product,
                "cut_day": cut_day,
                "tenant": tenant,
                "created_at": now,
            }
            for _ in range(count)
        ]
        card_rows = list(_card_rows(vault, connection, account_rows))
        token_rows = list(_token_rows(vault, connection, card_rows[:token_count], requestor.identifier))
        for row in token_rows:
            row |= requestor.domain.columns()
        for table, rows in ((schema.accounts, account_rows), (schema.cards, card_rows), (schema.tokens, token_rows)):
            if rows:
                connection.execute(sa.insert(table), rows)
        outbox.put(
            connection,
            *_account_notices(account_rows),
            *_card_notices(card_rows),
            *_token_notices(token_rows, card_rows),
        )
        events.record(
            vault,
            connection,
            EventType.PORTFOLIO_LOADED,
            to_text(Prefix.ACCOUNT, account_rows[-1]["id"]),
            {"accounts": count, "tokens": token_count},
            Owners(issuer=tenant),
        )


def _unused_pans(
    vault: Vault,
    connection: sa.Connection,
    pan_range: PanRange,
    count: int,
    taken: Callable[[sa.Connection, list[str]], set[str]],
) -> list[str]:
    """A number of different unused PANs of a range."""
    pans: dict[str, None] = {}
    for _ in range(_ATTEMPTS):
        drawn = list({pan_range.pan(vault.random_below(pan_range.capacity)) for _ in range(count - len(pans))})
        used = taken(connection, drawn)
        pans |= dict.fromkeys(pan for pan in drawn if pan not in used)
        if len(pans) == count:
            return list(pans)
    raise Conflict("a PAN range is almost exhausted", code="pan_range_exhausted")


def _card_rows(vault: Vault, connection: sa.Connection, account_rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    table = schema.cards

    def taken(connection: sa.Connection, pans: list[str]) -> set[str]:
        by_lookup = {new_pan_lookup(vault.keys, pan)["pan_lookup"]: pan for pan in pans}
        query = sa.select(table.c.pan_lookup).where(table.c.pan_lookup.in_(list(by_lookup)))
        return {by_lookup[bytes(lookup)] for lookup in connection.execute(query).scalars()}

    if len(vault.keys.versions(KeyPurpose.PAN_LOOKUP)) > 1:
        raise Conflict("the lookup key is being rotated: load after the rotation has finished", code="rotation_running")
    pans = _unused_pans(vault, connection, vault.program.funding_range, len(account_rows), taken)
    expiry = vault.expiry_after(vault.program.card_validity_months)
    for account, pan in zip(account_rows, pans, strict=True):
        card_id = vault.new_number()
        yield {
            "id": card_id,
            "account_id": account["id"],
            "last4": pan[-4:],
            "expiry": expiry,
            "payment_account_reference": _reference(vault),
            "state": CardState.ACTIVE,
            "masked_contacts": {},
            "pin_verification_value": None,
            "pin_tries_left": PIN_TRIES,
            "created_at": account["created_at"],
            CARD_CONTACTS.sealed: None,
            CARD_CONTACTS.version: None,
            **seal(vault.keys, CARD_PAN, card_id, pan.encode("ascii"), vault.random_bytes),
            **new_pan_lookup(vault.keys, pan),
        }


def _reference(vault: Vault) -> str:
    prefix = vault.program.par_prefix
    drawn = vault.random_bytes(PAR_CHARACTERS - len(prefix))
    return prefix + "".join(_PAR_ALPHABET[byte & 31] for byte in drawn)


def _token_rows(
    vault: Vault, connection: sa.Connection, card_rows: list[dict[str, Any]], requestor_id: str
) -> Iterator[dict[str, Any]]:
    table = schema.tokens

    def taken(connection: sa.Connection, pans: list[str]) -> set[str]:
        return set(connection.execute(sa.select(table.c.token_pan).where(table.c.token_pan.in_(pans))).scalars())

    pans = _unused_pans(vault, connection, vault.program.token_range, len(card_rows), taken)
    expiry = vault.expiry_after(vault.program.token_validity_months)
    key_index = vault.keys.current_version(KeyPurpose.EMV_MASTER_AES)
    for card, pan in zip(card_rows, pans, strict=True):
        yield {
            "id": vault.new_number(),
            "card_id": card["id"],
            "device_id": None,
            "token_requestor_id": requestor_id,
            "token_pan": pan,
            "pan_sequence_number": "01",
            "expiry": expiry,
            "location": TokenLocation.REMOTE,
            "assurance_method": AssuranceMethod.ISSUER_ASSERTED,
            "cryptogram_version": TAPWRIGHT_AES.number,
            "key_index": key_index,
            "decision": Outcome.APPROVED,
            "decision_reasons": [],
            "votes": {},
            "terms_version": None,
            "state": TokenState.ACTIVE,
            "suspended_by": [],
            "replaces_id": None,
            "transaction_counter": 0,
            "limited_use_key": None,
            "device_risk": 0,
            "created_at": card["created_at"],
        }


def _account_notices(rows: list[dict[str, Any]]) -> Iterator[outbox.Notice]:
    names = ("currency", "credit_limit_minor", "transaction_limit_minor", "segment", "life_stage", "product", "cut_day")
    for row in rows:
        told = {name: row[name] for name in names}
        yield outbox.AccountNotice(account_id=row["id"], opened_at=row["created_at"], **told)


def _card_notices(rows: list[dict[str, Any]]) -> Iterator[outbox.Notice]:
    for row in rows:
        yield outbox.CardNotice(row["id"], row["account_id"], row["state"])


def _token_notices(rows: list[dict[str, Any]], card_rows: list[dict[str, Any]]) -> Iterator[outbox.Notice]:
    names = set(outbox.TokenNotice.__dataclass_fields__)
    for row, card in zip(rows, card_rows, strict=False):
        yield outbox.TokenNotice(
            **{name: value for name, value in row.items() if name in names},
            token_id=row["id"],
            account_id=card["account_id"],
            payment_account_reference=card["payment_account_reference"],
            device_created_at=row["created_at"],
        )
