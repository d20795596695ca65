"""The vault's SQL tables. Identifiers are 63-bit numbers, amounts minor units, times Unix seconds."""

import sqlalchemy as sa

metadata = sa.MetaData()

accounts = sa.Table(
    "accounts",
    metadata,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("credit_limit_minor", sa.BigInteger, nullable=False),
    sa.Column("transaction_limit_minor", sa.BigInteger, nullable=False),
    sa.Column("segment", sa.Integer, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
)

cards = sa.Table(
    "cards",
    metadata,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("account_id", sa.ForeignKey(accounts.c.id), nullable=False),
    sa.Column("sealed_pan", sa.LargeBinary, nullable=False),
    sa.Column("pan_key_version", sa.Integer, nullable=False),
    sa.Column("pan_lookup", sa.LargeBinary(32), nullable=False, unique=True),
    sa.Column("last4", sa.String(4), nullable=False),
    sa.Column("expiry", sa.String(4), nullable=False),
    sa.Column("payment_account_reference", sa.String(29), nullable=False, unique=True),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
)

devices = sa.Table(
    "devices",
    metadata,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("public_key", sa.LargeBinary(65), nullable=False),
    sa.Column("key_thumbprint", sa.String(43), nullable=False, unique=True),
    sa.Column("attested_by", sa.String(256), nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
)

tokens = sa.Table(
    "tokens",
    metadata,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("card_id", sa.ForeignKey(cards.c.id), nullable=False, index=True),
    sa.Column("device_id", sa.ForeignKey(devices.c.id), nullable=False),
    sa.Column("token_requestor_id", sa.String(11), nullable=False),
    sa.Column("token_pan", sa.String(19), nullable=True, unique=True),
    sa.Column("pan_sequence_number", sa.String(2), nullable=False),
    sa.Column("expiry", sa.String(4), nullable=False),
    sa.Column("cryptogram_version", sa.Integer, nullable=False),
    sa.Column("key_index", sa.Integer, nullable=False),
    sa.Column("decision", sa.String(40), nullable=False),
    sa.Column("decision_reasons", sa.JSON, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("suspended_by", sa.JSON, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
)

live_token_of_card_on_device = sa.Index(
    "live_token_of_card_on_device",
    tokens.c.card_id,
    tokens.c.device_id,
    unique=True,
    sqlite_where=tokens.c.state.not_in(("deactivated", "declined")),
    postgresql_where=tokens.c.state.not_in(("deactivated", "declined")),
)

outbox = sa.Table(
    "outbox",
    metadata,
    # SQLite promises never to use a number twice only with AUTOINCREMENT, which takes a plain integer type.
    sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("state", sa.JSON, nullable=False),
    sqlite_autoincrement=True,
)

proofs_seen = sa.Table(
    "proofs_seen",
    metadata,
    sa.Column("digest", sa.LargeBinary(32), primary_key=True),
    sa.Column("expires_at", sa.BigInteger, nullable=False, index=True),
)

keys = sa.Table(
    "keys",
    metadata,
    sa.Column("purpose", sa.String(32), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("wrapped", sa.LargeBinary, nullable=False),
)
