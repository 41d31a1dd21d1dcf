"""pre_vault_and_audit."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seeker_id", sa.Uuid(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("previous", sa.String(), nullable=False),
        sa.Column("seal", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_seeker_id"), ["seeker_id"], unique=False)

    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("seal", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "vault_item",
        sa.Column("seeker_id", sa.Uuid(), nullable=False),
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["seeker_id"],
            ["seeker.seeker_id"],
        ),
        sa.PrimaryKeyConstraint("seeker_id", "item"),
    )
    op.create_table(
        "vault_key",
        sa.Column("seeker_id", sa.Uuid(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("wrapped_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["seeker_id"],
            ["seeker.seeker_id"],
        ),
        sa.PrimaryKeyConstraint("seeker_id"),
    )
    with op.batch_alter_table("vault_key", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_vault_key_wrapped_by"), ["wrapped_by"], unique=False)

    op.drop_table("vault")
    with op.batch_alter_table("reveal", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_reveal_seeker_id"))

    op.drop_table("reveal")


def downgrade() -> None:
    op.create_table(
        "reveal",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("seeker_id", sa.Uuid(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    with op.batch_alter_table("reveal", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reveal_seeker_id"), ["seeker_id"], unique=False)

    op.create_table(
        "vault",
        sa.Column("seeker_id", sa.Uuid(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["seeker_id"],
            ["seeker.seeker_id"],
        ),
        sa.PrimaryKeyConstraint("seeker_id"),
    )
    with op.batch_alter_table("vault_key", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_vault_key_wrapped_by"))

    op.drop_table("vault_key")
    op.drop_table("vault_item")
    op.drop_table("audit_head")
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_seeker_id"))

    op.drop_table("audit")
