"""Wrong guesses at secrets, by card and by caller, and what came of each PIN that a terminal has sent."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To the newer shape."""
    op.create_table(
        "wrong_guesses",
        sa.Column("subject", sa.String(length=96), nullable=False),
        sa.Column("secret", sa.String(length=16), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("locked_until", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("subject", "secret", name=op.f("pk_wrong_guesses")),
    )
    op.create_table(
        "pin_attempts",
        sa.Column("token_id", sa.BigInteger(), nullable=False),
        sa.Column("transaction_counter", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("was_right", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["token_id"], ["tokens.id"], name=op.f("fk_pin_attempts_token_id")),
        sa.PrimaryKeyConstraint("token_id", "transaction_counter", name=op.f("pk_pin_attempts")),
    )


def downgrade() -> None:
    """To the older one."""
    op.drop_table("pin_attempts")
    op.drop_table("wrong_guesses")
