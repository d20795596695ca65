"""The versioned provisioning policy: decision thresholds, one-time codes, terms and card art."""

from dataclasses import asdict, dataclass, field
from html import escape
from typing import Any

import sqlalchemy as sa

from tokenvault.events import audit
from tokenvault.provisioning.decision import ProvisioningPolicy, WalletReason
from tokenvault.storage import schema
from tokenvault.vault import Vault
from tokenvault.vocabulary.errors import FieldError
from tokenvault.vocabulary.votes import Vote


@dataclass(frozen=True)
class VerificationPolicy:
    """How one-time codes live. code_seconds: until a code is too old.  attempts: wrong codes until the request is
    declined.  resends: codes after the first.
    """

    code_seconds: int = 600
    attempts: int = 3
    resends: int = 3


@dataclass(frozen=True)
class Terms:
    """The terms and conditions that a cardholder must have seen."""

    version: str = "2026-01"
    text: str = "Sandbox terms: no money moves, and nothing here binds anybody."


@dataclass(frozen=True)
class Product:
    """What the wallet shows of the card. Colours: RRGGBB."""

    name: str = "Tapwright Card"
    issuer_name: str = "Tapwright Bank"
    background_color: str = "123A5E"
    foreground_color: str = "FFFFFF"
    support_phone: str = "+4930000000"


@dataclass(frozen=True)
class Policy:
    """Everything that the issuer's side decides about provisioning. version: 0 is what holds before any is set."""

    provisioning: ProvisioningPolicy = field(default_factory=ProvisioningPolicy)
    verification: VerificationPolicy = VerificationPolicy()
    terms: Terms = Terms()
    product: Product = Product()
    version: int = 0


def product_art(product: Product) -> str:
    """The card's picture as SVG, 1536 by 969 like the artwork that wallets take."""
    ink, name, issuer = f"#{product.foreground_color}", escape(product.name), escape(product.issuer_name)
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1536 969" role="img" aria-label="{name}">
<rect width="1536" height="969" rx="72" fill="#{product.background_color}"/>
<g fill="none" stroke="{ink}" stroke-width="14" stroke-linecap="round" opacity="0.85">
<path d="M1290 180a130 130 0 0 1 0 190M1340 130a200 200 0 0 1 0 290M1240 225a70 70 0 0 1 0 100"/></g>
<g fill="{ink}" font-family="Helvetica, Arial, sans-serif">
<text x="96" y="190" font-size="84">{issuer}</text><text x="96" y="870" font-size="60" opacity="0.85">{name}</text></g>
</svg>
"""


def check_terms(policy: Policy, accepted: str | None) -> None:
    """Raise FieldError if a cardholder has accepted other terms than those in force."""
    if accepted is not None and accepted != policy.terms.version:
        raise FieldError("terms_version", f"is not the version in force, {policy.terms.version}: show it first")


def policy_in(connection: sa.Connection) -> Policy:
    """The policy in force, read inside a transaction."""
    query = sa.select(schema.policies).order_by(schema.policies.c.version.desc()).limit(1)
    row = connection.execute(query).one_or_none()
    return Policy() if row is None else _policy_of(row.document, row.version)


def current_policy(vault: Vault) -> Policy:
    """The policy in force."""
    with vault.reading() as connection:
        return policy_in(connection)


def set_policy(vault: Vault, policy: Policy) -> Policy:
    """Put a policy in force; returns it with its version."""
    with vault.transaction() as connection:
        version = policy_in(connection).version + 1
        connection.execute(
            sa.insert(schema.policies).values(version=version, document=_document(policy), created_at=vault.now())
        )
        audit.write(vault, connection, "policy.set", f"policy {version}")
        return policy_in(connection)


def _document(policy: Policy) -> dict[str, Any]:
    told = asdict(policy)
    told["provisioning"]["wallet_reasons"] = {
        str(reason): vote.name.lower() for reason, vote in policy.provisioning.wallet_reasons.items()
    }
    del told["version"]
    return told


def _policy_of(document: dict[str, Any], version: int) -> Policy:
    told = document["provisioning"]
    reasons = {WalletReason(reason): Vote[vote.upper()] for reason, vote in told["wallet_reasons"].items()}
    countries = tuple(told["expected_countries"])
    return Policy(
        ProvisioningPolicy(**told | {"wallet_reasons": reasons, "expected_countries": countries}),
        VerificationPolicy(**document["verification"]),
        Terms(**document["terms"]),
        Product(**document["product"]),
        version,
    )
