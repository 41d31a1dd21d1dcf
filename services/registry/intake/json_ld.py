"""What does a schema.org JobPosting say, without its nesting? One text a field, such as a portal's list would show."""

from collections.abc import Iterator
from typing import Any

UNITS = {"HOUR": "시급", "DAY": "일급", "MONTH": "월급", "YEAR": "연봉"}
TEXTS = ("title", "description", "responsibilities", "workHours", "datePosted", "validThrough", "url")
ADDRESS = ("addressRegion", "addressLocality", "streetAddress")


def is_job_posting(node: Any) -> bool:
    """`JobPosting`, alone or among several types, with or without the vocabulary's address before it."""
    kinds = node.get("@type") if isinstance(node, dict) else None
    return any(str(kind).rpartition("/")[2].rpartition(":")[2] == "JobPosting" for kind in _many(kinds))


def job_postings(document: Any) -> list[dict[str, Any]]:
    """Every JobPosting in a document: alone, in a list, in its `@graph` or in an `ItemList`."""
    return list(_within(document))


def _within(node: Any) -> Iterator[dict[str, Any]]:
    open_nodes = [node]
    while open_nodes:
        node = open_nodes.pop()
        if is_job_posting(node):
            yield node
        elif isinstance(node, dict):
            open_nodes.extend(reversed(node.values()))
        elif isinstance(node, list):
            open_nodes.extend(reversed(node))


def plain(posting: dict[str, Any]) -> dict[str, Any]:
    """The posting as one flat row. Schooling, contacts and what is not listed here are not looked at."""
    row: dict[str, Any] = {"@type": "JobPosting"} | {name: _text(posting.get(name)) for name in TEXTS}
    return row | {
        "identifier": _text(posting.get("identifier"), "value"),
        "hiringOrganization": _text(posting.get("hiringOrganization"), "name"),
        "qualifications": [_text(each, "name") for each in _many(posting.get("qualifications"))],
        "skills": [_text(each, "name") for each in _many(posting.get("skills"))],
        "employmentType": [_text(each) for each in _many(posting.get("employmentType"))],
        "occupationalCategory": _text(posting.get("occupationalCategory"), "codeValue"),
        "experienceRequirements": _experience(posting.get("experienceRequirements")),
        "baseSalary": _salary(posting.get("baseSalary")),
        "jobLocation": _place(posting),
        "totalJobOpenings": posting.get("totalJobOpenings"),
    }


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _text(value: Any, within: str = "@value") -> str:
    """A text, whether it stands alone, in a list, or within a node under a name."""
    first = next(iter(_many(value)), "")
    if isinstance(first, dict):
        first = first.get(within, "")
    return "" if isinstance(first, dict | list | bool) or first is None else str(first)


def _experience(value: Any) -> str:
    first = next(iter(_many(value)), None)
    months = first.get("monthsOfExperience") if isinstance(first, dict) else None
    return f"{months:g}개월" if isinstance(months, int | float) else _text(value, "name")


def _salary(value: Any) -> str:
    """`시급 12000~15000원`; with its currency where that is not won."""
    first = next(iter(_many(value)), None)
    if not isinstance(first, dict):
        return _text(first)
    within = first.get("value")
    amount: dict[str, Any] = within if isinstance(within, dict) else first
    unit = amount.get("unitText") or first.get("unitText") or ""
    low, high = (_number(amount.get(name)) for name in ("minValue", "maxValue"))
    exact = _number(amount.get("value"))
    sum_told = (
        f"{exact}원" if exact else f"{low}~{high}원" if low and high else f"{low}원 이상" if low else f"{high}원 이하"
    )
    currency = str(first.get("currency") or amount.get("currency") or "KRW")
    told = f"{UNITS.get(str(unit).upper(), unit)} {sum_told}" if exact or low or high else ""
    return told if currency.upper() == "KRW" or not told else f"{told} {currency}"


def _number(value: Any) -> str:
    text = str(value).strip() if isinstance(value, int | float | str) and not isinstance(value, bool) else ""
    return text.removesuffix(".0")


def _place(posting: dict[str, Any]) -> str:
    """The first place of work, from the province down; `재택` where it is done from home."""
    place = next(iter(_many(posting.get("jobLocation"))), None)
    address = place.get("address", place) if isinstance(place, dict) else place
    words = [_text(address.get(part), "name") for part in ADDRESS] if isinstance(address, dict) else [_text(address)]
    if words[0] and words[-1].startswith(words[0]):
        words = words[-1:]  # the street says the province again
    home = ["재택"] if posting.get("jobLocationType") == "TELECOMMUTE" else []
    return " ".join([*filter(None, words), *home])
