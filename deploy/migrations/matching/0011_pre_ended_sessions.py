"""Which sessions ended before their time."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "ended_sessions",
        sa.Column("ended_id", sa.Uuid(), nullable=False),
        sa.Column("begun_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("ended_id"),
    )
    with op.batch_alter_table("ended_sessions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ended_sessions_begun_until"), ["begun_until"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("ended_sessions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ended_sessions_begun_until"))

    op.drop_table("ended_sessions")
