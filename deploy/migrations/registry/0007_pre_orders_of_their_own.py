"""pre_orders_of_their_own."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid5

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "clock_mark",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_table(
        "defaulter",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("registration_number", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    with op.batch_alter_table("defaulter", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_defaulter_name"), ["name"], unique=False)

    op.create_table(
        "job_order",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("source_ref", sa.String(), nullable=False),
        sa.Column("posting_id", sa.Uuid(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("firm_key", sa.String(), nullable=False),
        sa.Column("title_key", sa.String(), nullable=False),
        sa.Column("alone", sa.Boolean(), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("told_until", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["agency_id"],
            ["agency.agency_id"],
        ),
        sa.ForeignKeyConstraint(["posting_id"], ["posting.posting_id"], initially="DEFERRED", deferrable=True),
        sa.PrimaryKeyConstraint("order_id"),
    )
    with op.batch_alter_table("job_order", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_job_order_agency_id"), ["agency_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_job_order_fingerprint"), ["fingerprint"], unique=False)
        batch_op.create_index(batch_op.f("ix_job_order_firm_key"), ["firm_key"], unique=False)
        batch_op.create_index(batch_op.f("ix_job_order_posting_id"), ["posting_id"], unique=False)
        batch_op.create_index("ix_job_order_state", ["state", "valid_until"], unique=False)
        batch_op.create_index(batch_op.f("ix_job_order_title_key"), ["title_key"], unique=False)

    op.create_table(
        "job_order_revision",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["job_order.order_id"], initially="DEFERRED", deferrable=True),
        sa.PrimaryKeyConstraint("order_id", "revision"),
    )
    _give_each_credit_an_order()
    with op.batch_alter_table("posting_credit", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_posting_credit_posting_id"))

    op.drop_table("posting_credit")
    with op.batch_alter_table("posting", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_posting_fingerprint"))
        batch_op.drop_column("fingerprint")

    with op.batch_alter_table("seeker", schema=None) as batch_op:
        batch_op.add_column(sa.Column("valid_until", sa.Date(), nullable=False, server_default=_in_days(92)))
    with op.batch_alter_table("seeker", schema=None) as batch_op:
        batch_op.alter_column("valid_until", server_default=None)

    with op.batch_alter_table("submission", schema=None) as batch_op:
        batch_op.add_column(sa.Column("state", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("valid_until", sa.Date(), nullable=True))


def _in_days(days: int) -> str:
    """Everyone who is here is taken in anew today."""
    return (datetime.now(UTC).date() + timedelta(days=days)).isoformat()


def _give_each_credit_an_order() -> None:
    """An order says what its posting said, under its own reference; sent again, it is found by its keys too."""
    metadata, bind = sa.MetaData(), op.get_bind()
    postings, credits, orders = (
        sa.Table(name, metadata, autoload_with=bind) for name in ("posting", "posting_credit", "job_order")
    )
    chosen = sa.select(
        credits.c.agency_id,
        credits.c.source_ref,
        credits.c.posting_id,
        credits.c.content_hash,
        credits.c.sent_at,
        postings.c.state,
        postings.c.facts,
        postings.c.fingerprint,
    ).join(postings, postings.c.posting_id == credits.c.posting_id)
    today = datetime.now(UTC).date()
    for row in bind.execute(chosen).mappings().all():
        order_id = uuid5(UUID(str(row["agency_id"])), row["source_ref"])
        kept = row["facts"] if isinstance(row["facts"], dict) else json.loads(row["facts"])
        closes_on = date.fromisoformat(kept["closes_on"]) if kept.get("closes_on") else None
        valid_until = min(filter(None, (closes_on, today + timedelta(days=61))))
        bind.execute(
            orders.insert().values(
                order_id=order_id if bind.dialect.name == "postgresql" else order_id.hex,
                agency_id=row["agency_id"],
                source_ref=row["source_ref"],
                posting_id=row["posting_id"],
                revision=1,
                state=row["state"],
                decided_by="agency",
                reason="",
                facts=kept | {"agency_id": str(UUID(str(row["agency_id"]))), "source_ref": row["source_ref"]},
                content_hash=row["content_hash"],
                fingerprint=row["fingerprint"],
                firm_key=order_id.hex,
                title_key=order_id.hex,
                alone=False,
                accepted_at=row["sent_at"],
                changed_at=row["sent_at"],
                valid_from=today,
                valid_until=valid_until,
            )
        )


def downgrade() -> None:
    with op.batch_alter_table("submission", schema=None) as batch_op:
        batch_op.drop_column("valid_until")
        batch_op.drop_column("state")

    with op.batch_alter_table("seeker", schema=None) as batch_op:
        batch_op.drop_column("valid_until")

    with op.batch_alter_table("posting", schema=None) as batch_op:
        batch_op.add_column(sa.Column("fingerprint", sa.VARCHAR(), nullable=False))
        batch_op.create_index(batch_op.f("ix_posting_fingerprint"), ["fingerprint"], unique=False)

    op.create_table(
        "posting_credit",
        sa.Column("agency_id", sa.CHAR(length=32), nullable=False),
        sa.Column("source_ref", sa.VARCHAR(), nullable=False),
        sa.Column("posting_id", sa.CHAR(length=32), nullable=False),
        sa.Column("content_hash", sa.VARCHAR(), nullable=False),
        sa.Column("sent_at", sa.DATETIME(), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id"],
            ["agency.agency_id"],
        ),
        sa.ForeignKeyConstraint(
            ["posting_id"],
            ["posting.posting_id"],
        ),
        sa.PrimaryKeyConstraint("agency_id", "source_ref"),
    )
    with op.batch_alter_table("posting_credit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_posting_credit_posting_id"), ["posting_id"], unique=False)

    op.drop_table("job_order_revision")
    with op.batch_alter_table("job_order", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_job_order_title_key"))
        batch_op.drop_index("ix_job_order_state")
        batch_op.drop_index(batch_op.f("ix_job_order_posting_id"))
        batch_op.drop_index(batch_op.f("ix_job_order_firm_key"))
        batch_op.drop_index(batch_op.f("ix_job_order_fingerprint"))
        batch_op.drop_index(batch_op.f("ix_job_order_agency_id"))

    op.drop_table("job_order")
    with op.batch_alter_table("defaulter", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_defaulter_name"))

    op.drop_table("defaulter")
    op.drop_table("clock_mark")
