"""Customers, their applications for cards, and the policies by which issuers decide on them."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_TENANT = sa.String(length=32)
_LISTED = ("applications", "customers")


def _row(name: str) -> "sa.Column[int]":
    return sa.Column(name, sa.BigInteger(), nullable=False)


def upgrade() -> None:
    """To the newer shape."""
    op.create_table(
        "customers",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=True),
        sa.Column("identity_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("birth_date", sa.String(length=10), nullable=False),
        sa.Column("life_stage", sa.Integer(), nullable=False),
        sa.Column("bureau_score", sa.Integer(), nullable=False),
        sa.Column("forced_outcome", sa.String(length=16), nullable=True),
        sa.Column("tenant", _TENANT, nullable=False),
        _row("created_at"),
        sa.PrimaryKeyConstraint("id", name="pk_customers"),
        sa.UniqueConstraint("tenant", "identity_digest", name="uq_customers_tenant_identity_digest"),
    )
    op.create_table(
        "applications",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        _row("customer_id"),
        sa.Column("product", sa.Integer(), nullable=False),
        sa.Column("cut_day", sa.Integer(), nullable=True),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("city", sa.String(length=64), nullable=False),
        sa.Column("device_digest", sa.LargeBinary(length=32), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("votes", sa.JSON(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("credit_limit_minor", sa.BigInteger(), nullable=True),
        sa.Column("decided_by", sa.String(length=16), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("review_until", sa.BigInteger(), nullable=True),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("card_id", sa.BigInteger(), nullable=True),
        _row("created_at"),
        sa.PrimaryKeyConstraint("id", name="pk_applications"),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name="fk_applications_customer_id"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_applications_account_id"),
        sa.ForeignKeyConstraint(["card_id"], ["cards.id"], name="fk_applications_card_id"),
        sa.UniqueConstraint("account_id", name="uq_applications_account_id"),
        sa.UniqueConstraint("card_id", name="uq_applications_card_id"),
    )
    op.create_table(
        "application_policies",
        sa.Column("tenant", _TENANT, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        _row("created_at"),
        sa.PrimaryKeyConstraint("tenant", "version", name="pk_application_policies"),
    )
    op.create_index("ix_applications_customer_id", "applications", ["customer_id"])
    op.create_index("ix_applications_device_digest", "applications", ["device_digest"])
    op.create_index("ix_applications_review", "applications", ["state", "review_until"])
    for table in _LISTED:
        op.create_index(f"ix_{table}_listing", table, ["created_at", "id"])
    in_review = sa.text("state = 'in_review'")
    op.create_index(
        "application_in_review",
        "applications",
        ["customer_id", "product"],
        unique=True,
        sqlite_where=in_review,
        postgresql_where=in_review,
    )


def downgrade() -> None:
    """To the older one, in which nobody applies."""
    for table in ("application_policies", *_LISTED):
        op.drop_table(table)
