"""Which values does the one list of a long JSON document hold? Read one at a time, by Python's own decoder.

Not by ijson: its readers in C end the process at a number of 5,000 digits, and the one in Python holds all it has read
(3.6.0, tried in 2026).
"""

import codecs
import json
from collections.abc import Collection, Iterator
from typing import BinaryIO

from services.registry.intake.findings import Refused, finding

PIECE = 100_000
VALUE_LIMIT = 32_000_000
"""Characters of one value: until then one that is cut by a piece's end cannot be told from one that is wrong."""


class LongDocument:
    """A JSON document, as much of it in memory as one of its values needs."""

    def __init__(self, file: BinaryIO) -> None:
        file.seek(0)
        self._file = codecs.getreader("utf-8-sig")(file)
        self._text, self._at, self._line = "", 0, 1
        self._decoder = json.JSONDecoder()

    @property
    def line(self) -> int:
        """Of what is read next."""
        return self._line + self._text.count("\n", 0, self._at)

    def enter_list(self, paths: Collection[str], path: str = "") -> str | None:
        """Go to the first list that stands at one of these paths, such as `GetJobInfo.row`; at which, None if at none.

        Raises:
            ValueError: the document is no JSON.
        """
        if self._next() == "[" and path in paths:
            self._at += 1
            return path
        if self._next() == "{" and any(each.startswith(path) for each in paths):
            return self._enter_object(paths, path)
        self._value()
        return None

    def entries(self) -> Iterator[object]:
        """What the list holds that was entered.

        Raises:
            ValueError: the document is no JSON.
        """
        if self._next() == "]":
            return
        while True:
            yield self._value()
            if self._pass(",]") == "]":
                return

    def _enter_object(self, paths: Collection[str], path: str) -> str | None:
        self._at += 1
        if self._next() == "}":
            self._at += 1
            return None
        while True:
            key = self._value()
            self._pass(":")
            found = self.enter_list(paths, f"{path}.{key}" if path else str(key))
            if found is not None or self._pass(",}") == "}":
                return found

    def _next(self) -> str:
        """The next character that is no space; empty at the end."""
        while True:
            while self._at < len(self._text):
                if not self._text[self._at].isspace():
                    return self._text[self._at]
                self._at += 1
            if not self._read_on():
                return ""

    def _pass(self, expected: str) -> str:
        found = self._next()
        if not found or found not in expected:
            raise json.JSONDecodeError("expected", self._text, self._at)
        self._at += 1
        return found

    def _value(self) -> object:
        self._next()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
            except json.JSONDecodeError:
                if not self._read_on():
                    raise
                continue
            if end < len(self._text) or not self._read_on():  # a number may go on behind the piece
                self._at = end
                return value

    def _read_on(self) -> bool:
        """Another piece, as long as what is kept: a long value is not looked at again for every little of it."""
        kept = self._text[self._at :]
        if len(kept) > VALUE_LIMIT:
            raise Refused(finding("FILE_TOO_LARGE", f"line {self.line}", limit=VALUE_LIMIT))
        more = self._file.read(max(PIECE, len(kept)))
        self._line += self._text.count("\n", 0, self._at)
        self._text, self._at = kept + more, 0
        return bool(more)
