"""What does an operator's own file add to our table of aliases? Read and checked whole before any line counts.

Same form as ours: a first line `term,aliases`, then a term and its other spellings with `|` between. Where the term, or
a way to write it, is known already, the others join it; otherwise it is new. It cannot change what our table says.
"""

import csv
from functools import _lru_cache_wrapper
from pathlib import Path

from services.matching.engine.skills import compounds, terms
from services.matching.engine.skills.compounds import LONGEST_TERM
from services.matching.engine.skills.terms import AliasRefused, Line, normalise, read_lines, with_own

MOST_BYTES = 10_000_000
LONGEST_LINE = 100_000
"""Below what any reader of tables in this process takes for one field: their limits are one for all."""


def join(path: Path | None) -> None:
    """Let this file's lines, or none, stand beside our table from now on in this process.

    Raises:
        AliasRefused: names file, line and reason; then nothing has changed.
    """
    lines = read(path) if path else []
    if lines != terms.own_lines:
        terms.own_lines[:] = lines
        forget()


def read(path: Path) -> list[Line]:
    """The lines of a file that our table can take.

    Raises:
        AliasRefused: names file, line and reason.
    """
    try:
        lines = list(read_lines(str(path), _text(path)))
    except csv.Error as error:
        raise AliasRefused(f"{path}: {error}") from error
    for line in lines:
        _check(line)
    with_own(lines)
    return lines


def forget() -> None:
    """Forget what was worked out from the tables as they were."""
    for module in (terms, compounds):
        for remembered in vars(module).values():
            if isinstance(remembered, _lru_cache_wrapper):
                remembered.cache_clear()


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise AliasRefused(f"{path}: larger than {MOST_BYTES:,} bytes")
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise AliasRefused(f"{path}: cannot be read as UTF-8 ({error})") from error
    if not {"term", "aliases"} <= set(text.partition("\n")[0].strip().split(",")):
        raise AliasRefused(f"{path}:1: the first line must name the columns term and aliases")
    for number, line in enumerate(text.splitlines(), 1):
        if len(line) > LONGEST_LINE:
            raise AliasRefused(f"{path}:{number}: longer than {LONGEST_LINE:,} characters")
    return text


def _check(line: Line) -> None:
    if not line.others:
        raise AliasRefused(f"{line.where}: {line.term or 'nothing'} has no other spelling")
    for way in (line.term, *line.others):
        if not 1 <= len(normalise(way)) <= LONGEST_TERM:
            raise AliasRefused(f"{line.where}: {way[:80]!r} has no letters, or more than {LONGEST_TERM}")
