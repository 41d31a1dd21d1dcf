"""What is a labelled set? Queries, the documents among which each should find its own, and how relevant those are.

Checked while it is read: what is wrong is named with its file and line, before anything is ranked.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.matching.engine.skills.terms import normalise

Grades = dict[str, dict[str, float]]
"""Query, document, grade; relevant above 0."""
Names = dict[str, list[str]]
"""Document, its other names."""

_GRADE = re.compile(r"-?\d{1,2}(\.\d+)?")


@dataclass
class SetWrong(Exception):
    """A file of a labelled set does not say what it should."""

    code: str
    where: str
    ko: str
    en: str


@dataclass(frozen=True)
class LabelledSet:
    """Queries and documents as they stand in their files: at least `id`, and a text."""

    queries: tuple[dict[str, Any], ...]
    documents: tuple[dict[str, Any], ...]
    grades: Grades


def read_labelled(queries: Path, corpus: Path, qrels: Path) -> LabelledSet:
    """Read and check three files; queries without a relevant document are left out.

    Raises:
        SetWrong: names what is wrong, and where.
    """
    asked, documents = _read_records(queries, ("text",)), _read_records(corpus, ("text", "title"))
    grades = _read_grades(qrels, {one["id"] for one in asked}, {one["id"] for one in documents})
    labelled = tuple(one for one in asked if any(grade > 0 for grade in grades.get(one["id"], {}).values()))
    if not labelled:
        raise _wrong(
            "NOTHING_RELEVANT", "관련 문서가 있는 질의가 없습니다.", "No query has a relevant document.", qrels
        )
    return LabelledSet(labelled, documents, grades)


def read_names(path: Path, documents: Sequence[Mapping[str, Any]]) -> Names:
    """Other names of documents: a document and a name on a line, tab between; the document by its id or its text.

    A JSON list of `{"id": …, "aliases": […]}` serves as well.
    """
    by_name = {normalise(str(one.get("title") or one.get("text"))): one["id"] for one in documents}
    by_name |= {one["id"]: one["id"] for one in documents}
    names: Names = {}
    for first, second in _pairs(path):
        if (document := by_name.get(first) or by_name.get(normalise(first))) is not None:
            names.setdefault(document, []).append(second)
        elif (document := by_name.get(normalise(second))) is not None:
            names.setdefault(document, []).append(first)
    if not names:
        raise _wrong(
            "ALIASES_UNKNOWN", "별칭이 어느 문서에도 없습니다.", "No alias names a document of the corpus.", path
        )
    return names


def other_names(documents: Sequence[Mapping[str, Any]]) -> Names:
    """The names that documents bring themselves, in their field `alt`."""
    return {one["id"]: [str(name) for name in one["alt"]] for one in documents if one.get("alt")}


def without_queries(names: Names, queries: Sequence[Mapping[str, Any]]) -> tuple[Names, int]:
    """The names that no query asks by, and how many were left out: they would be their own answers."""
    asked = {normalise(one["text"]) for one in queries}
    kept = {document: [name for name in some if normalise(name) not in asked] for document, some in names.items()}
    return kept, sum(map(len, names.values())) - sum(map(len, kept.values()))


def _read_records(path: Path, text_fields: Sequence[str]) -> tuple[dict[str, Any], ...]:
    records: dict[str, dict[str, Any]] = {}
    for number, line in _lines(path):
        try:
            record = json.loads(line)
        except ValueError as error:
            raise _wrong("LINE_UNREADABLE", "JSON이 아닙니다.", f"Not JSON: {error}.", path, number) from error
        if not isinstance(record, dict) or "id" not in record or not set(text_fields) & record.keys():
            wanted = " / ".join(text_fields)
            raise _wrong("FIELD_MISSING", f"id, {wanted} 필드가 필요합니다.", f"Needs id and {wanted}.", path, number)
        record["id"] = str(record["id"])
        if record["id"] in records:
            raise _wrong("ID_TWICE", "같은 id가 두 번 나옵니다.", f"The id {record['id']} comes twice.", path, number)
        records[record["id"]] = {field: _whole(value) for field, value in record.items()}
    return tuple(records.values())


def _whole(value: Any) -> Any:
    """Texts without halves of characters, which JSON can spell and nothing can encode; of other kinds, lists alone."""
    if isinstance(value, list):
        return [_whole(one) for one in value]
    return ("" if value is None else str(value)).encode("utf-8", "replace").decode()


def _read_grades(path: Path, queries: set[str], documents: set[str]) -> Grades:
    grades: Grades = {}
    for number, line in _lines(path):
        columns = line.rstrip("\r\n").split("\t")
        if len(columns) < 3 or not _GRADE.fullmatch(columns[2]):
            ko, en = "질의 id, 문서 id, 등급(숫자)의 세 열이 필요합니다.", "Needs query id, document id and a grade."
            raise _wrong("COLUMNS_WRONG", ko, en, path, number)
        query, document, grade = columns[0], columns[1], float(columns[2])
        for unknown, known in ((query, queries), (document, documents)):
            if unknown not in known:
                raise _wrong("ID_UNKNOWN", f"모르는 id: {unknown}", f"Unknown id: {unknown}.", path, number)
        grades.setdefault(query, {})[document] = grade
    return grades


def _pairs(path: Path) -> Iterator[tuple[str, str]]:
    if path.suffix == ".json":
        yield from _listed(path)
        return
    for number, line in _lines(path):
        columns = line.rstrip("\r\n").split("\t")
        if len(columns) == 1:
            raise _wrong("COLUMNS_WRONG", "두 열이 필요합니다.", "Needs two columns, a tab between.", path, number)
        yield columns[0], columns[1]


def _listed(path: Path) -> Iterator[tuple[str, str]]:
    try:
        listed = json.loads("".join(line for _, line in _lines(path)))
        pairs = [(str(one["id"]), str(name)) for one in listed for name in one["aliases"]]
    except (ValueError, TypeError, KeyError) as error:
        ko, en = "id와 aliases의 목록이 아닙니다.", f"Not a list of id and aliases: {error!r}."
        raise _wrong("LINE_UNREADABLE", ko, en, path) from error
    yield from pairs


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines that hold something, with their numbers."""
    try:
        lines = path.read_text("utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise _wrong("FILE_UNREADABLE", "파일을 읽을 수 없습니다.", f"Cannot be read: {error}.", path) from error
    held = [(number, line) for number, line in enumerate(lines, 1) if line.strip()]
    if not held:
        raise _wrong("FILE_EMPTY", "파일이 비어 있습니다.", "The file is empty.", path)
    yield from held


def _wrong(code: str, ko: str, en: str, path: Path, line: int | None = None) -> SetWrong:
    return SetWrong(code, f"{path}:{line}" if line else str(path), ko, en)
