"""What agencies' streams lost unread, and when the operator said what became of it."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0020"
down_revision: str | None = "0019"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "stream_loss",
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("lost", sa.Integer(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_why", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.agency_id"]),
        sa.PrimaryKeyConstraint("notice_id"),
    )
    with op.batch_alter_table("stream_loss", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_stream_loss_agency_id"), ["agency_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("stream_loss", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_stream_loss_agency_id"))

    op.drop_table("stream_loss")
