"""What a search on the desk finds: every word asked for, anywhere in what is shown, whatever its case or width."""

from collections.abc import Iterable
from typing import Any
from unicodedata import normalize

from sqlalchemy import ColumnElement
from sqlmodel import col

MOST_WORDS = 6
LONGEST_WORD = 40


def searchable(texts: Iterable[str]) -> str:
    """The text in which words are looked for."""
    return normalize("NFKC", " ".join(texts)).casefold()


def holds_all(words: str, *columns: Any) -> list[ColumnElement[bool]]:
    """One condition a word: it stands in some of the columns."""
    asked = searchable([words]).split()[:MOST_WORDS]
    return [_in_any(word[:LONGEST_WORD], columns) for word in asked]


def _in_any(word: str, columns: Iterable[Any]) -> ColumnElement[bool]:
    first, *others = (col(column).contains(word, autoescape=True) for column in columns)
    for other in others:
        first = first | other
    return first
