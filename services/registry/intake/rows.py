"""What readers of files share: the file as it was given, a row of it, and a row that cannot be read."""

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePath
from typing import Any, BinaryIO, Self

from services.registry.intake.findings import Refused, finding
from shared.contracts import Finding


@dataclass(frozen=True)
class Row:
    """One row in the sender's own words."""

    where: str
    values: dict[str, Any]


@dataclass(frozen=True)
class BadRow:
    """A row that cannot be read, and why."""

    where: str
    finding: Finding


@dataclass(frozen=True)
class Given:
    """A file as it was given, on a disk or in memory: it can be opened as often as it takes to read it."""

    name: str
    size: int
    open: Callable[[], BinaryIO]

    @classmethod
    def on_disk(cls, path: Path) -> Self:
        """A file of this machine.

        Raises:
            Refused: it is not there, or may not be read.
        """
        try:
            with path.open("rb"):
                return cls(path.name, path.stat().st_size, lambda: path.open("rb"))
        except OSError:
            raise Refused(finding("FILE_UNREADABLE", str(path))) from None

    @classmethod
    def in_memory(cls, name: str, content: bytes) -> Self:
        """A file that was sent: what people are in it lies on no disk while it is read."""
        return cls(name, len(content), lambda: BytesIO(content))

    @property
    def suffix(self) -> str:
        return PurePath(self.name).suffix.lower()

    def head(self, size: int) -> bytes:
        with self.open() as file:
            return file.read(size)
