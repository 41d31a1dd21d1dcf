"""pre_rematches_in_turn."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "rematch_in_turn",
        sa.Column("rematch_id", sa.Uuid(), nullable=False),
        sa.Column("season", sa.String(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("rematch_id"),
    )


def downgrade() -> None:
    op.drop_table("rematch_in_turn")
