"""pre_proofs."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "proof",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("night", sa.Date(), nullable=True),
        sa.Column("shards", sa.Integer(), nullable=False),
        sa.Column("repair", sa.Boolean(), nullable=False),
        sa.Column("certificate", sa.JSON(), nullable=True),
        sa.Column("repaired", sa.Integer(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("night"),
    )
    with op.batch_alter_table("proof", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_proof_finished_at"), ["finished_at"], unique=False)
    op.create_table(
        "wrong_list",
        sa.Column("proof", sa.Integer(), nullable=False),
        sa.Column("shard", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("scope_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("proof", "shard", "scope", "scope_id"),
    )


def downgrade() -> None:
    op.drop_table("wrong_list")
    with op.batch_alter_table("proof", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_proof_finished_at"))

    op.drop_table("proof")
