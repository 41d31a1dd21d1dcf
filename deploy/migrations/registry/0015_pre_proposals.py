"""What the season planner proposes for a month, and what staff made of it."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0015"
down_revision: str | None = "0014"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "program_proposal",
        sa.Column("proposal_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("cafe_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("skill", sa.String(), nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("wanted", sa.Float(), nullable=False),
        sa.Column("attended", sa.Float(), nullable=False),
        sa.Column("numbers", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["cafe_id"], ["cafe.cafe_id"]),
        sa.ForeignKeyConstraint(["session_id"], ["program_session.session_id"]),
        sa.PrimaryKeyConstraint("proposal_id"),
    )
    with op.batch_alter_table("program_proposal", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_program_proposal_month"), ["month"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("program_proposal", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_program_proposal_month"))

    op.drop_table("program_proposal")
