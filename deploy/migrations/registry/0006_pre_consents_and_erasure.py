"""pre_consents_and_erasure."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "kept_by_law",
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("seeker_id", sa.Uuid(), nullable=False),
        sa.Column("article", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("line_id"),
    )
    with op.batch_alter_table("kept_by_law", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_kept_by_law_ends_at"), ["ends_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_kept_by_law_seeker_id"), ["seeker_id"], unique=False)

    op.create_table(
        "forgotten",
        sa.Column("subject", sa.Uuid(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entries", sa.JSON(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("subject"),
    )
    with op.batch_alter_table("forgotten", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_forgotten_done_at"), ["done_at"], unique=False)

    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.add_column(sa.Column("seeker_id", sa.Uuid(), nullable=True))
        batch_op.create_index(batch_op.f("ix_account_seeker_id"), ["seeker_id"], unique=False)
        batch_op.create_foreign_key("account_seeker_id_fkey", "seeker", ["seeker_id"], ["seeker_id"])

    with op.batch_alter_table("consent", schema=None) as batch_op:
        batch_op.add_column(sa.Column("purpose", sa.String(), nullable=False, server_default="matching"))
        batch_op.add_column(sa.Column("recipient", sa.String(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("text", sa.String(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("given_through", sa.String(), nullable=False, server_default="file"))
        batch_op.add_column(sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("seeker", schema=None) as batch_op:
        batch_op.add_column(sa.Column("scrubbed", sa.JSON(), nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("human_only", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    with op.batch_alter_table("seeker", schema=None) as batch_op:
        batch_op.drop_column("human_only")
        batch_op.drop_column("scrubbed")

    with op.batch_alter_table("consent", schema=None) as batch_op:
        batch_op.drop_column("revoked_at")
        batch_op.drop_column("given_through")
        batch_op.drop_column("text")
        batch_op.drop_column("recipient")
        batch_op.drop_column("purpose")

    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.drop_constraint("account_seeker_id_fkey", type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_account_seeker_id"))
        batch_op.drop_column("seeker_id")

    with op.batch_alter_table("forgotten", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_forgotten_done_at"))

    op.drop_table("forgotten")
    with op.batch_alter_table("kept_by_law", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_kept_by_law_seeker_id"))
        batch_op.drop_index(batch_op.f("ix_kept_by_law_ends_at"))

    op.drop_table("kept_by_law")
