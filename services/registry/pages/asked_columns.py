"""What does a page ask of the columns of an unknown sheet, and what was answered?"""

from collections.abc import Sequence

from services.registry.intake.asking import fields_to_ask
from services.registry.intake.mapping import Kind
from services.registry.intake.rows import Row

EXAMPLES = 3
LONGEST_EXAMPLE = 60


def columns_of(rows: Sequence[Row]) -> list[tuple[str, str]]:
    """Each column with a few of its words."""
    return [(name, _example(rows, name)) for name in (rows[0].values if rows else ())]


def answered(kind: Kind, names: Sequence[str], said: dict[str, str]) -> dict[str, str]:
    """What each column was said to mean; the columns are told by their number, as the page asked them."""
    ours = fields_to_ask(kind)
    meant = {name: said.get(f"column-{number}", "") for number, name in enumerate(names)}
    return {name: field for name, field in meant.items() if field in ours}


def _example(rows: Sequence[Row], name: str) -> str:
    said = dict.fromkeys(str(row.values[name]).strip() for row in rows if row.values.get(name))
    return " / ".join(list(filter(None, said))[:EXAMPLES])[:LONGEST_EXAMPLE]
