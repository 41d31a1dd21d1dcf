"""How does Alembic reach a service's database? Shared by all three histories; `deploy.schema` says which and where."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy.types import TypeDecorator

from deploy.schema import tables_of


def render_type(kind: str, item: Any, _autogenerating: AutogenContext) -> str | Literal[False]:
    """Write a type of ours as what it is in the database: history does not change when our code does."""
    return f"sa.{item.impl!r}" if kind == "type" and isinstance(item, TypeDecorator) else False


def check_what_was_written(ctx: Any, step: Any, heads: Any, run_args: Any) -> None:  # noqa: ARG001 - Alembic names them
    """PostgreSQL alters no table while references of rows just written to it are yet to be checked: check them now."""
    if ctx.connection.dialect.name == "postgresql":
        ctx.connection.exec_driver_sql("SET CONSTRAINTS ALL IMMEDIATE")
        ctx.connection.exec_driver_sql("SET CONSTRAINTS ALL DEFERRED")


attributes = context.config.attributes
context.configure(
    connection=attributes["connection"],
    target_metadata=tables_of(attributes["service"]),
    render_as_batch=True,  # SQLite changes a table only by making it anew
    render_item=render_type,
    on_version_apply=check_what_was_written,
)
with context.begin_transaction():
    context.run_migrations()
