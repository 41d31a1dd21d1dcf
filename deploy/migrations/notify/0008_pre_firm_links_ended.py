"""Firm's links name their posting by themselves; what is kept is only until when they were ended."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "firm_links_ended",
        sa.Column("posting_id", sa.Uuid(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("posting_id"),
    )
    op.execute(
        "INSERT INTO firm_links_ended (posting_id, ended_at, ended_by)"
        " SELECT posting_id, max(revoked_at), max(revoked_by) FROM firm_link"
        " WHERE revoked_at IS NOT NULL GROUP BY posting_id"
    )


def downgrade() -> None:
    op.drop_table("firm_links_ended")
