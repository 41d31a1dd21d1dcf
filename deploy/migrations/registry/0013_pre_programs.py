"""Sessions of programs, seats in them, and the counts that outlive both."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0013"
down_revision: str | None = "0012"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "program_session",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("cafe_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("skill", sa.String(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("staff", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["cafe_id"],
            ["cafe.cafe_id"],
        ),
        sa.PrimaryKeyConstraint("session_id"),
    )
    with op.batch_alter_table("program_session", schema=None) as batch_op:
        batch_op.create_index("ix_program_session_cafe", ["cafe_id", "starts_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_program_session_starts_at"), ["starts_at"], unique=False)

    op.create_table(
        "enrolment",
        sa.Column("enrolment_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("seeker_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("from_waiting_list", sa.Boolean(), nullable=False),
        sa.Column("has_rated", sa.Boolean(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["seeker_id"],
            ["seeker.seeker_id"],
        ),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["program_session.session_id"],
        ),
        sa.PrimaryKeyConstraint("enrolment_id"),
    )
    with op.batch_alter_table("enrolment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_enrolment_seeker_id"), ["seeker_id"], unique=False)
        batch_op.create_index("ix_enrolment_session", ["session_id", "state"], unique=False)

    op.create_table(
        "session_opinion",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["program_session.session_id"],
        ),
        sa.PrimaryKeyConstraint("session_id", "score"),
    )
    op.create_table(
        "session_use",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["program_session.session_id"],
        ),
        sa.PrimaryKeyConstraint("session_id", "state"),
    )


def downgrade() -> None:
    op.drop_table("session_use")
    op.drop_table("session_opinion")
    with op.batch_alter_table("enrolment", schema=None) as batch_op:
        batch_op.drop_index("ix_enrolment_session")
        batch_op.drop_index(batch_op.f("ix_enrolment_seeker_id"))

    op.drop_table("enrolment")
    with op.batch_alter_table("program_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_program_session_starts_at"))
        batch_op.drop_index("ix_program_session_cafe")

    op.drop_table("program_session")
