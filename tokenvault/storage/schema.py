"""The vault's SQL tables. Identifiers are 63-bit numbers, amounts minor units, times Unix seconds.

What is sealed stands beside the version of its key. A change here needs a migration, see ``migrations/``.
"""

import sqlalchemy as sa

from tokenvault.storage.columns import created_at, number, sequence, tenant
from tokenvault.storage.columns import metadata as metadata
from tokenvault.vocabulary.tenants import TENANT_CHARACTERS_MAX

accounts = sa.Table(
    "accounts",
    metadata,
    number(),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("credit_limit_minor", sa.BigInteger, nullable=False),
    sa.Column("transaction_limit_minor", sa.BigInteger, nullable=True),
    sa.Column("segment", sa.Integer, nullable=True),  # NULL where none is pinned to it
    sa.Column("life_stage", sa.Integer, nullable=False),
    sa.Column("product", sa.Integer, nullable=False),
    sa.Column("cut_day", sa.Integer, nullable=True),  # NULL without a product
    tenant(),
    created_at(),
)

cards = sa.Table(
    "cards",
    metadata,
    number(),
    sa.Column("account_id", sa.ForeignKey(accounts.c.id), nullable=False, index=True),
    sa.Column("sealed_pan", sa.LargeBinary, nullable=False),
    sa.Column("pan_key_version", sa.Integer, nullable=False, index=True),
    sa.Column("pan_lookup", sa.LargeBinary(32), nullable=False, unique=True),
    sa.Column("lookup_key_version", sa.Integer, nullable=False, index=True),
    sa.Column("last4", sa.String(4), nullable=False),
    sa.Column("expiry", sa.String(4), nullable=False),
    sa.Column("payment_account_reference", sa.String(29), nullable=False, unique=True),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("sealed_contacts", sa.LargeBinary, nullable=True),
    sa.Column("contacts_key_version", sa.Integer, nullable=True, index=True),
    sa.Column("masked_contacts", sa.JSON, nullable=False),
    sa.Column("pin_verification_value", sa.String(4), nullable=True),
    sa.Column("pin_tries_left", sa.Integer, nullable=False),
    created_at(),
)

devices = sa.Table(
    "devices",
    metadata,
    number(),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("public_key", sa.LargeBinary(65), nullable=False),
    sa.Column("key_thumbprint", sa.String(43), nullable=False, unique=True),
    sa.Column("attested_by", sa.String(256), nullable=False),
    tenant(),
    created_at(),
)

token_requestors = sa.Table(
    "token_requestors",
    metadata,
    sa.Column("identifier", sa.String(11), primary_key=True),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("channels", sa.JSON, nullable=False),
    sa.Column("merchant_id", sa.String(15), nullable=True),
    sa.Column("countries", sa.JSON, nullable=False),
    sa.Column("transaction_limit_minor", sa.BigInteger, nullable=True),
    tenant(),
    created_at(),
)

tokens = sa.Table(
    "tokens",
    metadata,
    number(),
    sa.Column("card_id", sa.ForeignKey(cards.c.id), nullable=False, index=True),
    sa.Column("device_id", sa.ForeignKey(devices.c.id), nullable=True, index=True),
    sa.Column("token_requestor_id", sa.ForeignKey(token_requestors.c.identifier), nullable=False),
    sa.Column("token_pan", sa.String(19), nullable=True, unique=True),
    sa.Column("pan_sequence_number", sa.String(2), nullable=False),
    sa.Column("expiry", sa.String(4), nullable=False),
    sa.Column("location", sa.String(32), nullable=False),
    sa.Column("assurance_method", sa.String(2), nullable=False),
    sa.Column("cryptogram_version", sa.Integer, nullable=False),
    sa.Column("key_index", sa.Integer, nullable=False),
    sa.Column("channels", sa.JSON, nullable=False),
    sa.Column("merchant_id", sa.String(15), nullable=True),
    sa.Column("countries", sa.JSON, nullable=False),
    sa.Column("transaction_limit_minor", sa.BigInteger, nullable=True),
    sa.Column("decision", sa.String(40), nullable=False),
    sa.Column("decision_reasons", sa.JSON, nullable=False),
    sa.Column("votes", sa.JSON, nullable=False),
    sa.Column("terms_version", sa.String(16), nullable=True),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("suspended_by", sa.JSON, nullable=False),
    sa.Column("replaces_id", sa.BigInteger, nullable=True),
    sa.Column("transaction_counter", sa.Integer, nullable=False),
    sa.Column("limited_use_key", sa.String(7), nullable=True),
    sa.Column("device_risk", sa.Integer, nullable=False),
    sa.Column("controls", sa.JSON(none_as_null=True), nullable=True),
    created_at(),
)

_ENDED = ("deactivated", "declined")
_IS_LIVE = tokens.c.state.not_in(_ENDED)

live_token_of_card_on_device = sa.Index(
    "live_token_of_card_on_device",
    tokens.c.card_id,
    tokens.c.device_id,
    unique=True,
    sqlite_where=_IS_LIVE,
    postgresql_where=_IS_LIVE,
)

live_token_of_card_on_file = sa.Index(
    "live_token_of_card_on_file",
    tokens.c.card_id,
    tokens.c.token_requestor_id,
    unique=True,
    sqlite_where=sa.and_(_IS_LIVE, tokens.c.device_id.is_(None)),
    postgresql_where=sa.and_(_IS_LIVE, tokens.c.device_id.is_(None)),
)

push_payloads = sa.Table(
    "push_payloads",
    metadata,
    sa.Column("digest", sa.LargeBinary(32), primary_key=True),
    sa.Column("token_id", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False, index=True),
)

verifications = sa.Table(
    "verifications",
    metadata,
    sa.Column("token_id", sa.ForeignKey(tokens.c.id), primary_key=True),
    sa.Column("method", sa.String(32), nullable=False),
    sa.Column("code_digest", sa.LargeBinary(32), nullable=True),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    sa.Column("attempts_left", sa.Integer, nullable=False),
    sa.Column("resends_left", sa.Integer, nullable=False),
)

messages = sa.Table(
    "messages",
    metadata,
    sequence(),
    sa.Column("id", sa.BigInteger, nullable=False, unique=True),
    sa.Column("token_id", sa.ForeignKey(tokens.c.id), nullable=False, index=True),
    sa.Column("method", sa.String(32), nullable=False),
    sa.Column("recipient", sa.String(128), nullable=False),
    sa.Column("sealed_text", sa.LargeBinary, nullable=False),
    sa.Column("text_key_version", sa.Integer, nullable=False, index=True),
    created_at(),
    sqlite_autoincrement=True,
)

policies = sa.Table(
    "policies",
    metadata,
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("document", sa.JSON, nullable=False),
    created_at(),
)

outbox = sa.Table(
    "outbox",
    metadata,
    sequence(),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("state", sa.JSON, nullable=False),
    sqlite_autoincrement=True,
)

events = sa.Table(
    "events",
    metadata,
    sequence(),
    sa.Column("id", sa.BigInteger, nullable=False, unique=True),
    sa.Column("type", sa.String(48), nullable=False),
    sa.Column("resource_id", sa.String(24), nullable=False, index=True),
    sa.Column("issuer", sa.String(TENANT_CHARACTERS_MAX), nullable=True),
    sa.Column("wallet", sa.String(TENANT_CHARACTERS_MAX), nullable=True),
    sa.Column("data", sa.JSON, nullable=False),
    created_at(),
    sqlite_autoincrement=True,
)

webhook_endpoints = sa.Table(
    "webhook_endpoints",
    metadata,
    number(),
    sa.Column("url", sa.String(2048), nullable=False),
    sa.Column("event_types", sa.JSON, nullable=False),
    tenant(),
    sa.Column("hears_everything", sa.Boolean, nullable=False),
    sa.Column("scopes", sa.JSON, nullable=False),  # what its caller's key was good for: as whom it sees payments
    sa.Column("payments_until", sa.String(64), nullable=True),  # how far it was told of payments
    sa.Column("sealed_secret", sa.LargeBinary, nullable=False),
    sa.Column("secret_key_version", sa.Integer, nullable=False, index=True),
    created_at(),
)

webhook_deliveries = sa.Table(
    "webhook_deliveries",
    metadata,
    number(),
    sa.Column("endpoint_id", sa.ForeignKey(webhook_endpoints.c.id, ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("event_sequence", sa.ForeignKey(events.c.sequence), nullable=True),  # NULL for a payment's event
    # What names a payment's event, and the event as this endpoint sees it: id, resource_id, data, created_at.
    sa.Column("payment_sequence", sa.BigInteger, nullable=True),
    sa.Column("payment_part", sa.BigInteger, nullable=True),
    sa.Column("payment_type", sa.String(48), nullable=True),
    sa.Column("payment_event", sa.JSON(none_as_null=True), nullable=True),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("next_attempt_at", sa.BigInteger, nullable=False),
    sa.Column("last_outcome", sa.String(128), nullable=True),
    created_at(),
    sa.Index("ix_webhook_deliveries_due", "state", "next_attempt_at"),
    sa.Index(
        "ix_webhook_deliveries_payment",
        "endpoint_id",
        "payment_sequence",
        "payment_part",
        "payment_type",
        unique=True,
    ),
)

audit_entries = sa.Table(
    "audit_entries",
    metadata,
    sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("occurred_at", sa.BigInteger, nullable=False),
    sa.Column("actor", sa.String(64), nullable=False),
    sa.Column("action", sa.String(48), nullable=False),
    sa.Column("resource_id", sa.String(64), nullable=False),
    sa.Column("reason", sa.String(48), nullable=False),
    sa.Column("details", sa.JSON, nullable=False),
    sa.Column("digest", sa.LargeBinary(32), nullable=False),
)

proofs_seen = sa.Table(
    "proofs_seen",
    metadata,
    sa.Column("digest", sa.LargeBinary(32), primary_key=True),
    sa.Column("expires_at", sa.BigInteger, nullable=False, index=True),
)

api_keys = sa.Table(
    "api_keys",
    metadata,
    number(),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("scopes", sa.JSON, nullable=False),
    tenant(),
    sa.Column("lineage", sa.BigInteger, nullable=False),  # the first key of those that rotation made of each other
    sa.Column("digest", sa.LargeBinary(32), nullable=False, unique=True),
    sa.Column("calls_per_second", sa.Integer, nullable=True),
    sa.Column("expires_at", sa.BigInteger, nullable=True),
    created_at(),
)

wrong_guesses = sa.Table(
    "wrong_guesses",
    metadata,
    sa.Column("subject", sa.String(96), primary_key=True),
    sa.Column("secret", sa.String(16), primary_key=True),
    sa.Column("wrong", sa.Integer, nullable=False),
    sa.Column("since", sa.BigInteger, nullable=False),
    sa.Column("locked_until", sa.BigInteger, nullable=True),
)

pin_attempts = sa.Table(
    "pin_attempts",
    metadata,
    sa.Column("token_id", sa.ForeignKey(tokens.c.id), primary_key=True),
    sa.Column("transaction_counter", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("digest", sa.LargeBinary(32), nullable=False),
    sa.Column("was_right", sa.Boolean, nullable=False),
)

idempotent_answers = sa.Table(
    "idempotent_answers",
    metadata,
    number(),
    sa.Column("name_digest", sa.LargeBinary(32), nullable=False, unique=True),
    sa.Column("request_digest", sa.LargeBinary(32), nullable=False),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("sealed_answer", sa.LargeBinary, nullable=False),
    sa.Column("answer_key_version", sa.Integer, nullable=False, index=True),
    sa.Column("created_at", sa.BigInteger, nullable=False, index=True),
)

keys = sa.Table(
    "keys",
    metadata,
    sa.Column("purpose", sa.String(32), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("wrapped", sa.LargeBinary, nullable=False),
)

key_rotations = sa.Table(
    "key_rotations",
    metadata,
    number(),
    sa.Column("purpose", sa.String(32), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("resealed", sa.BigInteger, nullable=False),
    sa.Column("remaining", sa.BigInteger, nullable=False),
    created_at(),
)

high_water = sa.Table(
    "high_water",
    metadata,
    number(),
    sa.Column("network", sa.LargeBinary(16), nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Column("digest", sa.LargeBinary(32), nullable=False),
    sa.Column("reserved", sa.BigInteger, nullable=False),
)

customers = sa.Table(
    "customers",
    metadata,
    number(),
    sa.Column("reference", sa.String(64), nullable=True),
    sa.Column("identity_digest", sa.LargeBinary(32), nullable=False),
    sa.Column("birth_date", sa.String(10), nullable=False),
    sa.Column("life_stage", sa.Integer, nullable=False),
    sa.Column("bureau_score", sa.Integer, nullable=False),
    sa.Column("forced_outcome", sa.String(16), nullable=True),
    tenant(),
    created_at(),
    sa.UniqueConstraint("tenant", "identity_digest"),
)

applications = sa.Table(
    "applications",
    metadata,
    number(),
    sa.Column("customer_id", sa.ForeignKey(customers.c.id), nullable=False, index=True),
    sa.Column("product", sa.Integer, nullable=False),
    sa.Column("cut_day", sa.Integer, nullable=True),
    sa.Column("channel", sa.String(32), nullable=False),
    sa.Column("city", sa.String(64), nullable=False),
    sa.Column("device_digest", sa.LargeBinary(32), nullable=True, index=True),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("votes", sa.JSON, nullable=False),
    sa.Column("reasons", sa.JSON, nullable=False),
    sa.Column("score", sa.Integer, nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("credit_limit_minor", sa.BigInteger, nullable=True),
    sa.Column("decided_by", sa.String(16), nullable=True),  # NULL while it is in review
    sa.Column("decided_at", sa.BigInteger, nullable=True),
    sa.Column("review_until", sa.BigInteger, nullable=True),
    sa.Column("account_id", sa.ForeignKey(accounts.c.id), nullable=True, unique=True),
    sa.Column("card_id", sa.ForeignKey(cards.c.id), nullable=True, unique=True),
    created_at(),
    sa.Index("ix_applications_review", "state", "review_until"),
)

application_policies = sa.Table(
    "application_policies",
    metadata,
    sa.Column("tenant", sa.String(TENANT_CHARACTERS_MAX), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("document", sa.JSON, nullable=False),
    created_at(),
)

_IN_REVIEW = applications.c.state == "in_review"

application_in_review = sa.Index(
    "application_in_review",
    applications.c.customer_id,
    applications.c.product,
    unique=True,
    sqlite_where=_IN_REVIEW,
    postgresql_where=_IN_REVIEW,
)

sa.Index("ix_accounts_tenant", accounts.c.tenant)
sa.Index("ix_devices_tenant", devices.c.tenant, devices.c.created_at)
sa.Index("ix_events_issuer", events.c.issuer, events.c.sequence)
sa.Index("ix_events_wallet", events.c.wallet, events.c.sequence)

for _listed in (accounts, applications, cards, customers, devices, tokens):
    sa.Index(f"ix_{_listed.name}_listing", _listed.c.created_at, _listed.c.id)
