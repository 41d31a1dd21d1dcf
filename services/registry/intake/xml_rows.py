"""Which rows an XML file holds: the children of its root, one at a time, with DTDs and entities refused."""

from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from services.registry.intake.findings import FIELD_NAME, Refused, finding
from services.registry.intake.rows import BadRow, Row
from shared.contracts import Finding
from shared.wire import DOCUMENT_DEPTH


def xml_rows(file: BinaryIO, rows_at: Iterable[str]) -> Iterator[Row | BadRow]:
    """Rows are the children of the root that have children of their own; one or many makes no difference.

    Args:
        rows_at: `wantedRoot.wanted` says which roots hold rows, `wantedDtl` which root is itself a row.

    Raises:
        Refused: it is not XML, declares entities, or holds no rows where none are known to be missing.
    """
    known = {path.partition(".")[0]: "." not in path for path in rows_at}
    count, root = 0, ""
    try:
        with file:
            for name, element in _rows_of_root(file, {name for name, is_row in known.items() if is_row}):
                root = name
                if len(element):
                    count += 1
                    yield Row(f"{element.tag}[{count}]", _flat(element))
    except DefusedXmlException:
        raise Refused(finding("XML_DTD_FORBIDDEN")) from None
    except (ParseError, UnicodeDecodeError, LookupError, ValueError) as error:
        fault = _of_xml_error(error)
        if not count:
            raise Refused(fault) from None
        yield BadRow(fault.where, fault)
    if not count and root not in known:
        raise Refused(finding("XML_SCHEMA", root if FIELD_NAME.fullmatch(root) else "?"))


def _of_xml_error(error: Exception) -> Finding:
    if not isinstance(error, ParseError) or "encoding" in str(error):
        return finding("ENCODING_MISMATCH")
    line, column = error.position
    return finding("XML_INVALID", f"line {line}", line=line, column=column)


def _rows_of_root(file: BinaryIO, rows: set[str]) -> Iterator[tuple[str, Element]]:
    """The root's name and each child, dropped from memory when the next is read; or the root, if it is a row."""
    open_elements: list[Element] = []
    for event, element in iterparse(file, events=("start", "end"), forbid_dtd=True):
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
            if element is not root:
                root.clear()


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
