"""The first shape."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To the newer shape."""
    op.create_table(
        "accounts",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("credit_limit_minor", sa.BigInteger(), nullable=False),
        sa.Column("transaction_limit_minor", sa.BigInteger(), nullable=False),
        sa.Column("segment", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
    )
    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.create_index("ix_accounts_listing", ["created_at", "id"], unique=False)

    op.create_table(
        "api_keys",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("calls_per_second", sa.Integer(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("digest", name=op.f("uq_api_keys_digest")),
    )
    op.create_table(
        "audit_entries",
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("occurred_at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=48), nullable=False),
        sa.Column("resource_id", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=48), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_audit_entries")),
    )
    op.create_table(
        "devices",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("public_key", sa.LargeBinary(length=65), nullable=False),
        sa.Column("key_thumbprint", sa.String(length=43), nullable=False),
        sa.Column("attested_by", sa.String(length=256), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_devices")),
        sa.UniqueConstraint("key_thumbprint", name=op.f("uq_devices_key_thumbprint")),
    )
    with op.batch_alter_table("devices", schema=None) as batch_op:
        batch_op.create_index("ix_devices_listing", ["created_at", "id"], unique=False)

    op.create_table(
        "events",
        sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.String(length=48), nullable=False),
        sa.Column("resource_id", sa.String(length=24), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_events")),
        sa.UniqueConstraint("id", name=op.f("uq_events_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_events_resource_id"), ["resource_id"], unique=False)

    op.create_table(
        "idempotent_answers",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("request_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("sealed_answer", sa.LargeBinary(), nullable=False),
        sa.Column("answer_key_version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idempotent_answers")),
        sa.UniqueConstraint("name_digest", name=op.f("uq_idempotent_answers_name_digest")),
    )
    with op.batch_alter_table("idempotent_answers", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_idempotent_answers_answer_key_version"), ["answer_key_version"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_idempotent_answers_created_at"), ["created_at"], unique=False)

    op.create_table(
        "key_rotations",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("resealed", sa.BigInteger(), nullable=False),
        sa.Column("remaining", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_rotations")),
    )
    op.create_table(
        "keys",
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("purpose", "version", name=op.f("pk_keys")),
    )
    op.create_table(
        "outbox",
        sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_outbox")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "policies",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_policies")),
    )
    op.create_table(
        "proofs_seen",
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_proofs_seen")),
    )
    with op.batch_alter_table("proofs_seen", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_proofs_seen_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "push_payloads",
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("token_id", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_push_payloads")),
    )
    with op.batch_alter_table("push_payloads", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_push_payloads_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "token_requestors",
        sa.Column("identifier", sa.String(length=11), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("channels", sa.JSON(), nullable=False),
        sa.Column("merchant_id", sa.String(length=15), nullable=True),
        sa.Column("countries", sa.JSON(), nullable=False),
        sa.Column("transaction_limit_minor", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("identifier", name=op.f("pk_token_requestors")),
    )
    op.create_table(
        "webhook_endpoints",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("url", sa.String(length=2048), nullable=False),
        sa.Column("event_types", sa.JSON(), nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
        sa.Column("secret_key_version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_endpoints")),
    )
    with op.batch_alter_table("webhook_endpoints", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_webhook_endpoints_secret_key_version"), ["secret_key_version"], unique=False
        )

    op.create_table(
        "cards",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("sealed_pan", sa.LargeBinary(), nullable=False),
        sa.Column("pan_key_version", sa.Integer(), nullable=False),
        sa.Column("pan_lookup", sa.LargeBinary(length=32), nullable=False),
        sa.Column("lookup_key_version", sa.Integer(), nullable=False),
        sa.Column("last4", sa.String(length=4), nullable=False),
        sa.Column("expiry", sa.String(length=4), nullable=False),
        sa.Column("payment_account_reference", sa.String(length=29), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("sealed_contacts", sa.LargeBinary(), nullable=True),
        sa.Column("contacts_key_version", sa.Integer(), nullable=True),
        sa.Column("masked_contacts", sa.JSON(), nullable=False),
        sa.Column("pin_verification_value", sa.String(length=4), nullable=True),
        sa.Column("pin_tries_left", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_cards_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cards")),
        sa.UniqueConstraint("pan_lookup", name=op.f("uq_cards_pan_lookup")),
        sa.UniqueConstraint("payment_account_reference", name=op.f("uq_cards_payment_account_reference")),
    )
    with op.batch_alter_table("cards", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_cards_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_cards_contacts_key_version"), ["contacts_key_version"], unique=False)
        batch_op.create_index("ix_cards_listing", ["created_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_cards_lookup_key_version"), ["lookup_key_version"], unique=False)
        batch_op.create_index(batch_op.f("ix_cards_pan_key_version"), ["pan_key_version"], unique=False)

    op.create_table(
        "webhook_deliveries",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("endpoint_id", sa.BigInteger(), nullable=False),
        sa.Column("event_sequence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.BigInteger(), nullable=False),
        sa.Column("last_outcome", sa.String(length=128), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["endpoint_id"],
            ["webhook_endpoints.id"],
            name=op.f("fk_webhook_deliveries_endpoint_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["event_sequence"], ["events.sequence"], name=op.f("fk_webhook_deliveries_event_sequence")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_deliveries")),
    )
    with op.batch_alter_table("webhook_deliveries", schema=None) as batch_op:
        batch_op.create_index("ix_webhook_deliveries_due", ["state", "next_attempt_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_webhook_deliveries_endpoint_id"), ["endpoint_id"], unique=False)

    op.create_table(
        "tokens",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("card_id", sa.BigInteger(), nullable=False),
        sa.Column("device_id", sa.BigInteger(), nullable=True),
        sa.Column("token_requestor_id", sa.String(length=11), nullable=False),
        sa.Column("token_pan", sa.String(length=19), nullable=True),
        sa.Column("pan_sequence_number", sa.String(length=2), nullable=False),
        sa.Column("expiry", sa.String(length=4), nullable=False),
        sa.Column("location", sa.String(length=24), nullable=False),
        sa.Column("assurance_method", sa.String(length=2), nullable=False),
        sa.Column("cryptogram_version", sa.Integer(), nullable=False),
        sa.Column("key_index", sa.Integer(), nullable=False),
        sa.Column("channels", sa.JSON(), nullable=False),
        sa.Column("merchant_id", sa.String(length=15), nullable=True),
        sa.Column("countries", sa.JSON(), nullable=False),
        sa.Column("transaction_limit_minor", sa.BigInteger(), nullable=True),
        sa.Column("decision", sa.String(length=40), nullable=False),
        sa.Column("decision_reasons", sa.JSON(), nullable=False),
        sa.Column("votes", sa.JSON(), nullable=False),
        sa.Column("terms_version", sa.String(length=16), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("suspended_by", sa.JSON(), nullable=False),
        sa.Column("replaces_id", sa.BigInteger(), nullable=True),
        sa.Column("transaction_counter", sa.Integer(), nullable=False),
        sa.Column("limited_use_key", sa.String(length=7), nullable=True),
        sa.Column("device_risk", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["card_id"], ["cards.id"], name=op.f("fk_tokens_card_id")),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name=op.f("fk_tokens_device_id")),
        sa.ForeignKeyConstraint(
            ["token_requestor_id"], ["token_requestors.identifier"], name=op.f("fk_tokens_token_requestor_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
        sa.UniqueConstraint("token_pan", name=op.f("uq_tokens_token_pan")),
    )
    with op.batch_alter_table("tokens", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tokens_card_id"), ["card_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_tokens_device_id"), ["device_id"], unique=False)
        batch_op.create_index("ix_tokens_listing", ["created_at", "id"], unique=False)
        batch_op.create_index(
            "live_token_of_card_on_device",
            ["card_id", "device_id"],
            unique=True,
            sqlite_where=sa.text("(state NOT IN ('deactivated', 'declined'))"),
            postgresql_where=sa.text("(state NOT IN ('deactivated', 'declined'))"),
        )
        batch_op.create_index(
            "live_token_of_card_on_file",
            ["card_id", "token_requestor_id"],
            unique=True,
            sqlite_where=sa.text("(state NOT IN ('deactivated', 'declined')) AND device_id IS NULL"),
            postgresql_where=sa.text("(state NOT IN ('deactivated', 'declined')) AND device_id IS NULL"),
        )

    op.create_table(
        "messages",
        sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("token_id", sa.BigInteger(), nullable=False),
        sa.Column("method", sa.String(length=32), nullable=False),
        sa.Column("recipient", sa.String(length=128), nullable=False),
        sa.Column("sealed_text", sa.LargeBinary(), nullable=False),
        sa.Column("text_key_version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["token_id"], ["tokens.id"], name=op.f("fk_messages_token_id")),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_messages")),
        sa.UniqueConstraint("id", name=op.f("uq_messages_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_messages_text_key_version"), ["text_key_version"], unique=False)
        batch_op.create_index(batch_op.f("ix_messages_token_id"), ["token_id"], unique=False)

    op.create_table(
        "verifications",
        sa.Column("token_id", sa.BigInteger(), nullable=False),
        sa.Column("method", sa.String(length=32), nullable=False),
        sa.Column("code_digest", sa.LargeBinary(length=32), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts_left", sa.Integer(), nullable=False),
        sa.Column("resends_left", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["token_id"], ["tokens.id"], name=op.f("fk_verifications_token_id")),
        sa.PrimaryKeyConstraint("token_id", name=op.f("pk_verifications")),
    )


def downgrade() -> None:
    """Back to the older shape."""
    op.drop_table("verifications")
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_messages_token_id"))
        batch_op.drop_index(batch_op.f("ix_messages_text_key_version"))

    op.drop_table("messages")
    with op.batch_alter_table("tokens", schema=None) as batch_op:
        batch_op.drop_index(
            "live_token_of_card_on_file",
            sqlite_where=sa.text("(state NOT IN ('deactivated', 'declined')) AND device_id IS NULL"),
            postgresql_where=sa.text("(state NOT IN ('deactivated', 'declined')) AND device_id IS NULL"),
        )
        batch_op.drop_index(
            "live_token_of_card_on_device",
            sqlite_where=sa.text("(state NOT IN ('deactivated', 'declined'))"),
            postgresql_where=sa.text("(state NOT IN ('deactivated', 'declined'))"),
        )
        batch_op.drop_index("ix_tokens_listing")
        batch_op.drop_index(batch_op.f("ix_tokens_device_id"))
        batch_op.drop_index(batch_op.f("ix_tokens_card_id"))

    op.drop_table("tokens")
    with op.batch_alter_table("webhook_deliveries", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_webhook_deliveries_endpoint_id"))
        batch_op.drop_index("ix_webhook_deliveries_due")

    op.drop_table("webhook_deliveries")
    with op.batch_alter_table("cards", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_cards_pan_key_version"))
        batch_op.drop_index(batch_op.f("ix_cards_lookup_key_version"))
        batch_op.drop_index("ix_cards_listing")
        batch_op.drop_index(batch_op.f("ix_cards_contacts_key_version"))
        batch_op.drop_index(batch_op.f("ix_cards_account_id"))

    op.drop_table("cards")
    with op.batch_alter_table("webhook_endpoints", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_webhook_endpoints_secret_key_version"))

    op.drop_table("webhook_endpoints")
    op.drop_table("token_requestors")
    with op.batch_alter_table("push_payloads", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_push_payloads_expires_at"))

    op.drop_table("push_payloads")
    with op.batch_alter_table("proofs_seen", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_proofs_seen_expires_at"))

    op.drop_table("proofs_seen")
    op.drop_table("policies")
    op.drop_table("outbox")
    op.drop_table("keys")
    op.drop_table("key_rotations")
    with op.batch_alter_table("idempotent_answers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_idempotent_answers_created_at"))
        batch_op.drop_index(batch_op.f("ix_idempotent_answers_answer_key_version"))

    op.drop_table("idempotent_answers")
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_events_resource_id"))

    op.drop_table("events")
    with op.batch_alter_table("devices", schema=None) as batch_op:
        batch_op.drop_index("ix_devices_listing")

    op.drop_table("devices")
    op.drop_table("audit_entries")
    op.drop_table("api_keys")
    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.drop_index("ix_accounts_listing")

    op.drop_table("accounts")
