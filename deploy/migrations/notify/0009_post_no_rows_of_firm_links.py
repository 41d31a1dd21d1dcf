"""Links that were handed out as rows lead nowhere any more: mails, papers and the desk have new ones."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    with op.batch_alter_table("firm_link", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_firm_link_posting_id"))
    op.drop_table("firm_link")


def downgrade() -> None:
    op.create_table(
        "firm_link",
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("posting_id", sa.Uuid(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("link_id"),
    )
    with op.batch_alter_table("firm_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_firm_link_posting_id"), ["posting_id"], unique=False)
