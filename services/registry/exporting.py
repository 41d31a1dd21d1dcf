"""How does an agency get its open postings out again? As CSV, as a workbook, or as schema.org JSON-LD.

A sheet is read back by the mapping `exported`, word for word; no cell of it is run as a formula.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, time
from functools import cache
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Engine
from sqlmodel import Session, col, select
from starlette.responses import StreamingResponse

from services.registry.intake.json_ld import UNITS
from services.registry.intake.mapping import Mapping, shipped_mappings
from services.registry.orders.life_cycle import OPEN
from services.registry.tables import JobOrder, Posting
from shared.clock import KST
from shared.contracts import Money, PostingFacts
from shared.database import reading
from shared.web import spreadsheets
from shared.web.spreadsheets import as_csv, as_workbook

Form = Literal["csv", "xlsx", "jsonld"]
MEDIA: dict[Form, str] = {
    "csv": spreadsheets.MEDIA["csv"],
    "xlsx": spreadsheets.MEDIA["xlsx"],
    "jsonld": "application/ld+json",
}
IS_OPEN = "모집중"
"""All that goes out is open; a clerk may write over it what became of the order."""
IN_PARTS = {"yield_per": 500}
UNIT_TEXTS = {"hour": "HOUR", "day": "DAY", "month": "MONTH", "year": "YEAR"}
EMPLOYMENT_TEXTS = {
    "part_time": "PART_TIME",
    "contract": "TEMPORARY",
    "daily": "PER_DIEM",
    "intern": "INTERN",
    "freelance": "CONTRACTOR",
}
"""What schema.org has the same word for; a regular job may be full or part time, so nothing is said of it."""


@dataclass(frozen=True)
class Exported:
    """An open posting under the reference of the agency that asks."""

    source_ref: str
    facts: PostingFacts
    accepted_at: datetime
    employer_number: str = ""


def open_postings(session: Session, agency_id: UUID | None) -> Iterator[Exported]:
    """An agency's open orders in its own words; or every open posting once, as it is shown."""
    for held in _open_postings(session) if agency_id is None else _open_orders(session, agency_id):
        number = held.employer_number if isinstance(held, JobOrder) else ""
        yield Exported(held.source_ref, PostingFacts.model_validate(held.facts), held.accepted_at, number)


def _open_postings(session: Session) -> Iterable[Posting]:
    order = (col(Posting.source_ref), col(Posting.posting_id))
    return session.exec(select(Posting).where(Posting.state == OPEN).order_by(*order).execution_options(**IN_PARTS))


def _open_orders(session: Session, agency_id: UUID) -> Iterable[JobOrder]:
    own = (JobOrder.agency_id == agency_id, JobOrder.state == OPEN)
    return session.exec(select(JobOrder).where(*own).order_by(col(JobOrder.source_ref)).execution_options(**IN_PARTS))


def exported(engine: Engine, agency_id: UUID | None, form: Form) -> StreamingResponse:
    """The answer that carries the file."""

    def pieces() -> Iterator[bytes]:
        with reading(engine) as session:
            yield from written(open_postings(session, agency_id), form)

    headers = {"Content-Disposition": f'attachment; filename="postings.{form}"'}
    return StreamingResponse(pieces(), media_type=MEDIA[form], headers=headers)


def written(postings: Iterable[Exported], form: Form) -> Iterator[bytes]:
    """The file, piece by piece."""
    writers: dict[Form, Callable[[Iterable[Exported]], Iterator[bytes]]] = {
        "csv": _as_csv,
        "xlsx": _as_workbook,
        "jsonld": _as_json_ld,
    }
    return writers[form](postings)


@cache
def _mapping() -> Mapping:
    return next(mapping for mapping in shipped_mappings("postings") if mapping.name == "exported")


@cache
def _columns() -> dict[str, str]:
    """Our field, with a dot where it lies within another, for each header."""
    return {rule.sources[0]: ours for ours, rule in _mapping().fields.items()}


def cells(posting: Exported) -> list[str]:
    """A posting as the cells of a row."""
    facts = posting.facts.model_dump(mode="json") | {"source_ref": posting.source_ref}
    facts |= {"wage": wage_words(posting.facts.wage), "employer_number": posting.employer_number, "status": IS_OPEN}
    return [_cell(ours, _at(facts, ours)) for ours in _columns().values()]


def _at(facts: dict[str, Any], ours: str) -> Any:
    outer, _, inner = ours.partition(".")
    return (facts[outer] or {}).get(inner) if inner else facts[outer]


def _cell(ours: str, value: Any) -> str:
    codes = _mapping().fields[ours].codes
    if codes:
        told = value if isinstance(value, str) else str(value).lower()
        return next((word for word, meaning in _mapping().codes[codes].items() if meaning == told), "")
    return "" if value is None else "\n".join(value) if isinstance(value, list) else str(value)


def wage_words(wage: Money | None) -> str:
    """A wage as the reading `wage` understands it: `시급 12000~13000원`."""
    if wage is None or not (wage.minimum or wage.maximum):
        return ""
    unit = UNITS[UNIT_TEXTS[wage.unit]]
    if not wage.maximum:
        return f"{unit} {wage.minimum}원 이상"
    if not wage.minimum:
        return f"{unit} {wage.maximum}원 이하"
    return f"{unit} {wage.minimum}원" if wage.minimum == wage.maximum else f"{unit} {wage.minimum}~{wage.maximum}원"


def _as_csv(postings: Iterable[Exported]) -> Iterator[bytes]:
    return as_csv(list(_columns()), map(cells, postings))


def _as_workbook(postings: Iterable[Exported]) -> Iterator[bytes]:
    return as_workbook("구인", list(_columns()), map(cells, postings))


def _as_json_ld(postings: Iterable[Exported]) -> Iterator[bytes]:
    yield b'{"@context": "https://schema.org", "@graph": ['
    for number, posting in enumerate(postings):
        yield (",\n" if number else "\n").encode() + json.dumps(job_posting(posting), ensure_ascii=False).encode()
    yield b"\n]}\n"


def job_posting(posting: Exported) -> dict[str, Any]:
    """A posting as schema.org has it: what is unknown is not said, and nothing is made up to fill a field."""
    facts = posting.facts
    said = {
        "identifier": {"@type": "PropertyValue", "name": facts.employer, "value": posting.source_ref},
        "title": facts.title,
        "description": facts.description or facts.qualification,
        "qualifications": facts.qualification if facts.description else "",
        "hiringOrganization": {"@type": "Organization", "name": facts.employer},
        "jobLocation": _place(facts),
        "jobLocationType": "TELECOMMUTE" if facts.place.remote else "",
        "employmentType": EMPLOYMENT_TEXTS.get(facts.employment_type or "", ""),
        "baseSalary": _salary(facts.wage),
        "skills": list(facts.required_skills),
        "occupationalCategory": facts.occupation_code,
        "experienceRequirements": _experience(facts.experience_months),
        "workHours": facts.work_hours,
        "totalJobOpenings": facts.headcount,
        "datePosted": (facts.opened_on or posting.accepted_at.astimezone(KST).date()).isoformat(),
        "validThrough": _end_of(facts),
        "url": facts.source_url,
    }
    return {"@type": "JobPosting"} | {name: value for name, value in said.items() if value not in ("", None, [])}


def _place(facts: PostingFacts) -> dict[str, Any] | None:
    region, _, locality = (facts.place.district or "").partition(" ")
    address = {"addressRegion": region, "addressLocality": locality, "streetAddress": facts.place.address or ""}
    told = {name: value for name, value in address.items() if value}
    return {"@type": "Place", "address": {"@type": "PostalAddress", "addressCountry": "KR"} | told} if told else None


def _salary(wage: Money | None) -> dict[str, Any] | None:
    if wage is None or not (wage.minimum or wage.maximum):
        return None
    exact = wage.minimum == wage.maximum
    bounds = {"value": wage.minimum} if exact else {"minValue": wage.minimum, "maxValue": wage.maximum}
    amount = {name: value for name, value in bounds.items() if value} | {"unitText": UNIT_TEXTS[wage.unit]}
    return {"@type": "MonetaryAmount", "currency": "KRW", "value": {"@type": "QuantitativeValue"} | amount}


def _experience(months: int | None) -> Any:
    if months is None:
        return None
    told = {"@type": "OccupationalExperienceRequirements", "monthsOfExperience": months}
    return told if months else "no requirements"


def _end_of(facts: PostingFacts) -> str:
    """The last second of the last day, in Korea."""
    if facts.closes_on is None:
        return ""
    return datetime.combine(facts.closes_on, time(23, 59, 59), KST).isoformat()
