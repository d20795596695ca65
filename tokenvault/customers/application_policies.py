"""An issuer's versioned application policy: how it decides on applications, and for how long the desk may answer."""

from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import Any

import sqlalchemy as sa

from tokenvault.callers.caller import current_caller
from tokenvault.cards.accounts import AMOUNT_MINOR_MAX
from tokenvault.customers.credit_decision import CreditPolicy, ScoreBand
from tokenvault.events import audit
from tokenvault.reference_data.currencies import CURRENCIES, NO_CURRENCY
from tokenvault.storage import schema
from tokenvault.vault import Vault
from tokenvault.vocabulary.errors import FieldError
from tokenvault.vocabulary.votes import Vote

_WEEK_SECONDS = 7 * 24 * 3600


@dataclass(frozen=True)
class ApplicationPolicy:
    """What holds for applications to one issuer. version: 0 is what holds before any is set.

    currency: of the accounts that are opened, and of the limits.  review_seconds: for how long the desk may answer.
    """

    credit: CreditPolicy = field(default_factory=CreditPolicy)
    currency: str = "CNY"
    review_seconds: int = _WEEK_SECONDS
    version: int = 0


def policy_in(connection: sa.Connection, tenant: str) -> ApplicationPolicy:
    """The policy of an issuer that is in force, read inside a transaction."""
    table = schema.application_policies
    query = sa.select(table).where(table.c.tenant == tenant).order_by(table.c.version.desc()).limit(1)
    row = connection.execute(query).one_or_none()
    return ApplicationPolicy() if row is None else _policy_of(row.document, row.version)


def current_policy(vault: Vault) -> ApplicationPolicy:
    """The policy of the calling issuer that is in force."""
    with vault.reading() as connection:
        return policy_in(connection, current_caller.get().tenant)


def set_policy(vault: Vault, policy: ApplicationPolicy) -> ApplicationPolicy:
    """Put a policy of the calling issuer in force; returns it with its version. Raises: FieldError."""
    _check(policy)
    tenant = current_caller.get().tenant
    with vault.transaction() as connection:
        version = policy_in(connection, tenant).version + 1
        row = {"tenant": tenant, "version": version, "document": _document(policy), "created_at": vault.now()}
        connection.execute(sa.insert(schema.application_policies).values(**row))
        audit.write(vault, connection, "application_policy.set", f"application policy {version}")
        return policy_in(connection, tenant)


def _check(policy: ApplicationPolicy) -> None:
    """Raises: FieldError."""
    if policy.currency not in CURRENCIES:
        raise FieldError("currency", NO_CURRENCY)
    bands = policy.credit.score_bands
    if not bands:
        raise FieldError("score_bands", "must have at least one band: without any, every application is declined")
    for number, (band, below) in enumerate(pairwise(bands), 1):
        if below.score_min >= band.score_min:
            raise FieldError(f"score_bands.{number}.score_min", "must be below that of the band before")
    for number, band in enumerate(bands):
        if band.vote is Vote.RED:
            raise FieldError(
                f"score_bands.{number}.vote", "must be green or yellow: scores below the last band are red"
            )
        if not 0 <= band.credit_limit_minor <= AMOUNT_MINOR_MAX:
            raise FieldError(f"score_bands.{number}.credit_limit", f"must be 0 to {AMOUNT_MINOR_MAX} minor units")


def _document(policy: ApplicationPolicy) -> dict[str, Any]:
    told = asdict(policy)
    for band in told["credit"]["score_bands"]:
        band["vote"] = band["vote"].name.lower()
    del told["version"]
    return told


def _policy_of(document: dict[str, Any], version: int) -> ApplicationPolicy:
    credit = document["credit"]
    bands = (ScoreBand(**band | {"vote": Vote[band["vote"].upper()]}) for band in credit["score_bands"])
    places = {name: tuple(credit[name]) for name in ("open_cities", "open_channels")}
    decided = CreditPolicy(**credit | places | {"score_bands": tuple(bands)})
    return ApplicationPolicy(decided, document["currency"], document["review_seconds"], version)
