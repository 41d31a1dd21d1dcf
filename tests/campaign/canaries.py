"""Where do planted values stand? Invented people with unmistakable values, and a search of every byte for them."""

import base64
import json
import shutil
import sqlite3
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

SYLLABLES = "뷁쀍쯻힣뙓쒧긞꿟둷뗗"
"""One a digit; no real word has two of them side by side."""
HEAD_BYTES = 6
CHUNK_BYTES = 4_000_000
SQLITE = b"SQLite format 3\0"


@dataclass(frozen=True)
class Canary:
    """One invented person."""

    number: int

    @property
    def mark(self) -> str:
        return "".join(SYLLABLES[int(digit)] for digit in f"{self.number:03d}")

    @property
    def reference(self) -> str:
        return f"CANARY-REF-{self.number:03d}-X"

    @property
    def phone(self) -> str:
        return f"010-{7100 + self.number}-{8300 + self.number}"

    @property
    def birth_date(self) -> str:
        return (date(1951, 1, 1) + timedelta(days=97 * self.number)).isoformat()

    @property
    def values(self) -> dict[str, str]:
        """By what they are; each stands nowhere else."""
        return {
            "name": f"쀼{self.mark}",
            "phone": self.phone,
            "phone digits": self.phone.replace("-", ""),
            "email": f"canary.{self.number:03d}x@planted.example",
            "birth date": self.birth_date,
            "address": f"쀼골로 {1000 + self.number}번길 {self.mark}",
            "reference": self.reference,
            "text": f"쀼문장{self.mark}",
            "skill": f"쀼기술{self.mark}",
        }

    def document(self, **but: Any) -> dict[str, Any]:
        values = self.values
        told: dict[str, Any] = {
            "source_ref": values["reference"],
            "name": values["name"],
            "phone": values["phone"],
            "email": values["email"],
            "summary": f"{values['text']} 을 하였습니다. {values['name']} {values['phone']} {values['email']}",
            "skills": [values["skill"], "제빵"],
            "home": f"서울 마포구 {values['address']}",
        }
        return told | but


def forms(value: str) -> Iterator[tuple[str, bytes]]:
    """A value in every form in which a file may hold it."""
    plain = value.encode()
    yield "UTF-8", plain
    yield "CP949", value.encode("cp949")
    yield "UTF-16LE", value.encode("utf-16-le")
    yield "UTF-16BE", value.encode("utf-16-be")
    yield "JSON escapes", json.dumps(value)[1:-1].encode()
    yield "percent", quote(value, safe="").encode()
    yield "percent, lower case", quote(value, safe="").lower().encode()
    for shift in range(3):
        coded = base64.b64encode(bytes(shift) + plain).rstrip(b"=")
        yield f"base64 at {shift}", coded[(0, 2, 3)[shift] : len(coded) - (1 if (shift + len(plain)) % 3 else 0)]


@dataclass
class Findings:
    """What a search met with."""

    files: int = 0
    bytes: int = 0
    packed: int = 0
    """Values of databases that were unpacked to be searched."""
    hits: Counter[tuple[int, str, str, str]] = field(default_factory=Counter)
    """By person, value, form and file."""

    def of(self, people: Iterable[Canary]) -> list[tuple[int, str, str, str]]:
        numbers = {canary.number for canary in people}
        return sorted(hit for hit in self.hits if hit[0] in numbers)


class Search:
    """Looks for all values of these people at once: by the first six bytes, then the whole."""

    def __init__(self, people: Iterable[Canary]) -> None:
        self.patterns: dict[bytes, set[tuple[int, str, str]]] = defaultdict(set)
        for canary in people:
            for kind, value in canary.values.items():
                for form, pattern in forms(value):
                    self.patterns[pattern].add((canary.number, kind, form))

    @cached_property
    def by_head(self) -> dict[int, list[bytes]]:
        found: dict[int, list[bytes]] = defaultdict(list)
        for pattern in self.patterns:
            found[int.from_bytes(pattern[:HEAD_BYTES], "little")].append(pattern)
        return found

    @cached_property
    def heads(self) -> Any:
        return np.sort(np.fromiter(self.by_head, dtype=np.uint64))

    def folder(self, folder: Path, scratch: Path) -> Findings:
        """Every byte of every file, and every value that a database holds packed."""
        findings = Findings()
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            content = path.read_bytes()
            findings.files += 1
            findings.bytes += len(content)
            self._look(content, path.relative_to(folder).as_posix(), findings)
            if content.startswith(SQLITE):
                for values in unpacked(path, scratch):
                    findings.packed += 1
                    self._look(values, f"{path.name}, packed", findings)
        return findings

    def _look(self, content: bytes, name: str, findings: Findings) -> None:
        longest = max(map(len, self.patterns))
        for start in range(0, len(content), CHUNK_BYTES):
            chunk = content[start : start + CHUNK_BYTES + longest]
            for position in self._candidates(chunk):
                for pattern in self.by_head[int.from_bytes(chunk[position : position + HEAD_BYTES], "little")]:
                    if chunk.startswith(pattern, position):
                        findings.hits.update((*what, name) for what in self.patterns[pattern])

    def _candidates(self, chunk: bytes) -> list[int]:
        if len(chunk) < HEAD_BYTES:
            return []
        found = np.frombuffer(chunk, dtype=np.uint8).astype(np.uint64)
        count = len(found) - HEAD_BYTES + 1
        rolled = np.zeros(count, dtype=np.uint64)
        for offset in range(HEAD_BYTES):
            rolled |= found[offset : offset + count] << np.uint64(8 * offset)
        places: list[int] = np.flatnonzero(np.isin(rolled, self.heads)).tolist()
        return places


def unpacked(database: Path, scratch: Path) -> Iterator[bytes]:
    """What a database holds compressed; read from a copy, with its log."""
    scratch.mkdir(exist_ok=True)
    for path in (database, *(database.with_name(database.name + end) for end in ("-wal", "-shm"))):
        if path.exists():
            shutil.copy(path, scratch / path.name)
    with closing(sqlite3.connect(scratch / database.name)) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            for row in connection.execute(f'SELECT * FROM "{table}"'):
                yield from (opened for value in row if isinstance(value, bytes) and (opened := _opened(value)))
    shutil.rmtree(scratch)


def _opened(value: bytes) -> bytes:
    try:
        return zlib.decompress(value)
    except zlib.error:
        return b""
