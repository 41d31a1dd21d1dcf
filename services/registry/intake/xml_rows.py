"""Which rows an XML file holds: the children of its root, one at a time, with DTDs and entities refused."""

import codecs
import re
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, Protocol
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser, iterparse

from services.registry.intake.findings import FIELD_NAME, Refused, finding
from services.registry.intake.rows import BadRow, Row
from services.registry.intake.service_answers import no_rows
from shared.contracts import Finding
from shared.wire import DOCUMENT_DEPTH

ROW_LIMIT_BYTES = 1_000_000
DECLARED = re.compile(rb"""\s*<\?xml\s[^>]*?encoding\s*=\s*["']([\w.:-]+)["']""")
UTF_8 = frozenset({"utf-8", "utf8"})
KOREAN = frozenset(
    {"euc-kr", "euc_kr", "cp949", "ms949", "uhc", "windows-949", "x-windows-949", "ks_c_5601-1987", "ksc5601"}
)
"""What Korean files declare; CP949 holds all of it. The parser itself knows no such encoding."""

SERVICE_TAGS = frozenset({"RESULT", "CODE", "error"})


class Readable(Protocol):
    """What the parser reads from."""

    def read(self, size: int, /) -> bytes: ...


def xml_rows(file: BinaryIO, rows_at: Iterable[str]) -> Iterator[Row | BadRow]:
    """Rows are the children of the root that have children of their own; one or many makes no difference.

    Args:
        rows_at: `wantedRoot.wanted` says which roots hold rows, `wantedDtl` which root is itself a row.

    Raises:
        Refused: it is not XML, declares entities, or holds no rows where none are known to be missing.
    """
    known = {path.partition(".")[0]: "." not in path for path in rows_at}
    count, root, answered = 0, "", None
    try:
        with file:
            for name, element in _rows_of_root(file, {name for name, is_row in known.items() if is_row}):
                root = name
                if _local(element) in SERVICE_TAGS:
                    answered = answered or _service_said(element)
                elif len(element):
                    count += 1
                    yield Row(f"{element.tag}[{count}]", _flat(element))
    except (DefusedXmlException, ParseError, UnicodeDecodeError, LookupError, ValueError, Refused) as error:
        fault = _of_xml_error(error)
        if not count:
            raise Refused(fault) from None
        yield BadRow(fault.where, fault)
    if not count and answered:
        raise Refused(answered)
    if not count and root not in known:
        raise Refused(finding("XML_SCHEMA", root if FIELD_NAME.fullmatch(root) else "?"))


def _service_said(element: Element) -> Finding | None:
    """What a public service answered: `RESULT` above `CODE`, one of them the root, or 고용24's `error`."""
    if _local(element) == "error":
        return finding("SERVICE_REFUSED", "error", found="error")
    return no_rows(element.findtext("CODE") if len(element) else element.text)


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _of_xml_error(error: Exception) -> Finding:
    if isinstance(error, Refused):
        return error.finding
    if isinstance(error, DefusedXmlException):
        return finding("XML_DTD_FORBIDDEN")
    if not isinstance(error, ParseError) or "encoding" in str(error):
        return finding("ENCODING_MISMATCH")
    line, column = error.position
    return finding("XML_INVALID", f"line {line}", line=line, column=column)


def _rows_of_root(file: BinaryIO, rows: set[str]) -> Iterator[tuple[str, Element]]:
    """The root's name and each child, dropped from memory when the next is read; or the root, if it is a row."""
    open_elements: list[Element] = []
    text = _Bounded(*_decoded(file))
    parser = DefusedXMLParser(target=TreeBuilder(), encoding=text.encoding, forbid_dtd=True)
    for event, element in iterparse(text, events=("start", "end"), parser=parser):
        if event == "start":
            open_elements.append(element)
            if len(open_elements) > DOCUMENT_DEPTH:
                raise Refused(finding("XML_TOO_DEEP", limit=DOCUMENT_DEPTH))
            continue
        open_elements.pop()
        root = open_elements[0] if open_elements else element
        name = root.tag.rpartition("}")[2]
        if len(open_elements) == int(name not in rows):
            yield name, element
            text.begin_a_row()
            if element is not root:
                root.clear()


def _decoded(file: BinaryIO) -> tuple[Readable, str | None]:
    """The file as UTF-8 where it is that or declares a Korean encoding; another is left to the parser."""
    declared = DECLARED.match(file.read(200).removeprefix(codecs.BOM_UTF8))
    file.seek(0)
    name = declared[1].decode("ascii").casefold() if declared else "utf-8"
    if name in KOREAN:
        return codecs.EncodedFile(file, "utf-8", "cp949"), "utf-8"
    return (codecs.EncodedFile(file, "utf-8", "utf-8-sig"), "utf-8") if name in UTF_8 else (file, None)


class _Bounded:
    """Reads on as long as rows come: one that does not end is not gathered."""

    def __init__(self, file: Readable, encoding: str | None) -> None:
        self.encoding, self._file, self._since = encoding, file, 0

    def begin_a_row(self) -> None:
        self._since = 0

    def read(self, size: int = -1) -> bytes:
        piece = self._file.read(size)
        self._since += len(piece)
        if self._since > ROW_LIMIT_BYTES:
            raise Refused(finding("LINE_TOO_LONG", limit=ROW_LIMIT_BYTES))
        return piece


def _flat(element: Element, prefix: str = "") -> dict[str, Any]:
    """Leaves by name; nested ones as `corpInfo.corpNm`, repeated ones as a list."""
    values: dict[str, Any] = {}
    for child in element:
        name = prefix + child.tag.rpartition("}")[2]
        found = _flat(child, f"{name}.") if len(child) else {name: (child.text or "").strip()}
        for key, value in found.items():
            values[key] = _listed(values[key], value) if key in values else value
    return values


def _listed(held: Any, more: Any) -> list[Any]:
    return (held if isinstance(held, list) else [held]) + (more if isinstance(more, list) else [more])
