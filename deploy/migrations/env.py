"""How does Alembic reach a service's database? Shared by all three histories; `deploy.schema` says which and where."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy.types import String
from sqlmodel.sql.sqltypes import AutoString

from deploy.schema import tables_of
from shared.database import UtcDateTime


def render_type(kind: str, item: Any, autogenerating: AutogenContext) -> str | Literal[False]:
    """Write our own column types by their short names."""
    if kind == "type" and isinstance(item, UtcDateTime):
        autogenerating.imports.add("from shared.database import UtcDateTime")
        return "UtcDateTime()"
    if kind == "type" and isinstance(item, AutoString):
        return repr(String(item.length)).join(("sa.", ""))
    return False


attributes = context.config.attributes
context.configure(
    connection=attributes["connection"],
    target_metadata=tables_of(attributes["service"]),
    render_as_batch=True,  # SQLite changes a table only by making it anew
    render_item=render_type,
)
with context.begin_transaction():
    context.run_migrations()
