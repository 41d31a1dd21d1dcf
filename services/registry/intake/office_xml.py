"""How is a part of a workbook heard? Tag by tag and word by word, in pieces, so that its length costs no memory."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from typing import IO, Protocol
from xml.parsers import expat

from services.registry.intake.findings import Refused, finding

PIECE_BYTES = 65_536
LONGEST_BYTES = 1_000_000
"""Of a tag, or of one cell's text; Excel itself holds 32,767 characters."""
LAST_ROW, LAST_COLUMN = 1_048_576, 16_384

Cell = int | float | str | bool | time | date | datetime | timedelta
Range = tuple[tuple[int, int], tuple[int, int]]
Attributes = dict[str, str]
Start = Callable[[str, Attributes], None]


class Ears(Protocol):
    """Who hears words and the ends of tags."""

    def words(self, words: str) -> None: ...
    def end(self, name: str) -> None: ...


def heard(file: IO[bytes], start: Start, ears: Ears | None = None) -> Iterator[None]:
    """Tell a part's tags and words, piece by piece; no declaration is followed, no tag is endless.

    Names are told as `namespace}name`.

    Raises:
        Refused: it is no XML of a workbook.
    """
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.StartElementHandler = start
    if ears:
        parser.EndElementHandler, parser.CharacterDataHandler = ears.end, ears.words
    parser.StartDoctypeDeclHandler = _refuse_declarations
    fed = 0
    try:
        while piece := file.read(PIECE_BYTES):
            parser.Parse(piece, False)
            fed += len(piece)
            if fed - parser.CurrentByteIndex > LONGEST_BYTES:
                raise Refused(finding("LINE_TOO_LONG", limit=LONGEST_BYTES))
            yield
        parser.Parse(b"", True)
    except (expat.ExpatError, ValueError, LookupError):
        raise Refused(finding("WORKBOOK_UNREADABLE")) from None
    yield


def local(name: str) -> str:
    return name[name.rfind("}") + 1 :]


def _refuse_declarations(*_: object) -> None:
    raise Refused(finding("XML_DTD_FORBIDDEN"))
