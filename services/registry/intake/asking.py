"""What do the columns of an unknown sheet mean? A guess for each, and the mapping that a person's answers make."""

from collections.abc import Iterable, Mapping, Sequence

from services.registry.intake.mapping import Kind, shipped_mappings
from services.registry.intake.mapping import Mapping as FieldMapping

PATTERN: Mapping[Kind, str] = {"postings": "sheet_ko", "seekers": "seekers_ko"}
"""Whose rules say how a column is read once it is known what it means, and whose words make the guesses."""
NEEDED: Mapping[Kind, Sequence[tuple[str, ...]]] = {
    "postings": (("title",), ("employer",), ("description", "qualification")),
    "seekers": (("summary", "skills"),),
}
"""Of each group one is needed: without it every row would come back."""


def pattern(kind: Kind) -> FieldMapping:
    return next(mapping for mapping in shipped_mappings(kind) if mapping.name == PATTERN[kind])


def fields_to_ask(kind: Kind) -> tuple[str, ...]:
    """Our fields that a column may become."""
    return tuple(pattern(kind).fields)


def guess(kind: Kind, columns: Iterable[str]) -> dict[str, str]:
    """Our field for each column whose header says it; nothing for the others."""
    uses = pattern(kind).uses(tuple(columns))
    return {column: ours[0] for column, ours in uses.items() if ours}


def missing(kind: Kind, answers: Mapping[str, str]) -> list[tuple[str, ...]]:
    """The groups of our fields of which one is needed and none was named."""
    return [group for group in NEEDED[kind] if not set(group) & set(answers.values())]


def mapping_of(kind: Kind, name: str, answers: Mapping[str, str]) -> FieldMapping:
    """The mapping that a person's answers make.

    Args:
        answers: our field for each column that means something; the others never leave the sender's machine.
    """
    rules = pattern(kind).fields
    fields = {}
    for ours in dict.fromkeys(answers.values()):
        columns = tuple(column for column, meant in answers.items() if meant == ours)
        fields[ours] = rules[ours].model_copy(update={"sources": columns, "otherwise": ()}).model_dump(by_alias=True)
    return FieldMapping.model_validate(
        {"name": name, "title": name, "kind": kind, "recognised_by": tuple(answers), "fields": fields}
    )
