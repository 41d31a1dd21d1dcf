"""What is there when everything has come to rest, in a form in which two runs can be compared."""

import json
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from redis import Redis

from shared import telemetry

LEFT_OUT_TABLES = frozenset({"outbox", "stream_mark", "alembic_version", "sqlite_sequence"})
"""What was said is compared on the streams themselves, where a planted bug may have put it past the outbox."""
LEFT_OUT_COLUMNS = frozenset({"event_id", "number", "api_key_hash", "wrapped", "sealed"})
"""Drawn by chance, or given by the order in which rows came."""

Kept = dict[str, list[str]]
"""Sorted lines by table, stream, or kind of unfinished business."""


def kept(databases: Iterable[Path], redis: Redis) -> Kept:
    """Rows, distinct events, and what is unfinished; the last is empty at rest."""
    lines: Kept = {}
    for path in databases:
        with closing(sqlite3.connect(path)) as database:
            lines |= {f"{path.stem} {table}": _rows(database, table) for table in _tables(database)}
            lines[f"unfinished {path.stem}"] = _unfinished(database)
    for key in sorted(redis.scan_iter(type="STREAM")):
        lines[f"stream {key.decode()}"] = _events(redis, key)
        lines[f"unfinished {key.decode()}"] = _unread(redis, key)
    return lines


def differences(expected: Kept, found: Kept) -> list[str]:
    """In words; empty when nothing was lost and nothing came twice."""
    told = []
    for name in sorted(expected.keys() | found.keys()):
        missing, surplus = list(expected.get(name, ())), []
        for line in found.get(name, ()):
            if line in missing:
                missing.remove(line)
            else:
                surplus.append(line)
        told += [f"{name}: missing {line[:300]}" for line in missing]
        told += [f"{name}: surplus {line[:300]}" for line in surplus]
    return told


def refuse_failures() -> None:
    """Nobody but us disturbs these services: a handler that failed, even if it did better the next time, is a fault."""
    for metric in telemetry.HEARD.collect():
        for sample in metric.samples:
            if sample.labels.get("outcome") in {"postponed", "buried", "undecodable"} and sample.value:
                raise AssertionError(f"a handler failed: {sample}")


def unfinished(found: Kept) -> list[str]:
    """What is not at rest."""
    return [f"{name}: {line}" for name, lines in found.items() if name.startswith("unfinished") for line in lines]


def _tables(database: sqlite3.Connection) -> list[str]:
    names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    return [name for name in names if name not in LEFT_OUT_TABLES]


def _rows(database: sqlite3.Connection, table: str) -> list[str]:
    cursor = database.execute(f'SELECT * FROM "{table}"')
    columns = [column for column, *_ in cursor.description]
    rows = (dict(zip(columns, row, strict=True)) for row in cursor)
    return sorted(
        json.dumps({c: _shown(v) for c, v in row.items() if c not in LEFT_OUT_COLUMNS}, ensure_ascii=False)
        for row in rows
    )


def _shown(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else value


def _unfinished(database: sqlite3.Connection) -> list[str]:
    unsaid = database.execute("SELECT stream FROM outbox WHERE said_at IS NULL").fetchall()
    buried = database.execute("SELECT stream, code, cause FROM buried WHERE settled_at IS NULL").fetchall()
    return [f"not said on {stream}" for (stream,) in unsaid] + [f"buried: {message}" for message in buried]


def _events(redis: Redis, key: bytes) -> list[str]:
    """Distinct events: the same one may stand on its stream twice, its hearers tell by its id."""
    entries: Any = redis.xrange(key)
    distinct = {fields.get(b"id", entry_id): fields for entry_id, fields in entries}
    return sorted(f"{fields.get(b'subject', b'').decode()} {fields[b'data'].decode()}" for fields in distinct.values())


def _unread(redis: Redis, key: bytes) -> list[str]:
    groups: Any = redis.xinfo_groups(key)
    return [
        f"group {group['name'].decode()}: pending {group['pending']}, lag {group['lag']}"
        for group in groups
        if group["pending"] or group["lag"]
    ]
