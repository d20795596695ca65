"""Indexes behind tenants: a list of what is one's own does not walk through what is everybody's."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_INDEXES = {
    "ix_accounts_tenant": ("accounts", ["tenant"]),
    "ix_devices_tenant": ("devices", ["tenant", "created_at"]),
    "ix_events_issuer": ("events", ["issuer", "sequence"]),
    "ix_events_wallet": ("events", ["wallet", "sequence"]),
}


def upgrade() -> None:
    """To the newer shape."""
    for name, (table, columns) in _INDEXES.items():
        op.create_index(name, table, columns)


def downgrade() -> None:
    """To the older one."""
    for name, (table, _columns) in _INDEXES.items():
        op.drop_index(name, table)
