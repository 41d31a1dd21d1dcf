"""Whether a document may become facts: all that is wrong with it at once, and nothing personal in what is kept."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any, Literal, get_args
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError

from services.registry.intake.findings import FIELD_NAME, finding, refuses
from services.registry.intake.readings import READINGS, Unread
from services.registry.intake.scrub import holds_checked_number, holds_resident_number, scrub
from services.registry.orders.life_cycle import Status
from shared.clock import KST, now
from shared.contracts import Finding, Money, Place, PostingFacts, SeekerFacts, Wishes
from shared.contracts.envelope import EmploymentType, Instant, Term

ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
INVISIBLE = re.compile("[\u0000-\u0008\u000b-\u001f\u007f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
"""Control, zero-width and direction characters: they hide words from people and from the scrubber."""
NOT_A_TEXT = re.compile("[\0\ud800-\udfff]")
EMAIL = re.compile(r"[^\s@<>()\[\],;:\\\"]{1,64}@[^\s@<>()\[\],;:\\\"]{1,190}")
PLAIN_DIGITS = str.maketrans("０１２３４５６７８９－．＠", "0123456789-.@")
NEVER_SCRUBBED = frozenset(
    {"source_url", "contact_email", "opened_on", "closes_on", "occupation_code", "agency_id", "applied_at"}
)
NEVER_IN_FACTS = frozenset({"name", "phone", "email", "birth_date", "address", "source_ref"})
"""Of a seeker: sealed in the vault, and a reference that becomes a pseudonym."""

Purpose = Literal["matching", "provision", "messages", "marketing"]
"""What someone may agree to, each for itself."""
NOT_IN_FACTS = frozenset({"status", "employer_number", "contact_email"})
"""Of a posting: what is said to us alone."""
STATUS_FIELDS = frozenset({"source_ref", "status", "agency_id"})
ENDING: frozenset[Any] = frozenset({"suspended", "filled", "closed", "withdrawn"})

ConsentBasis = Literal["consent", "law", "invented"]
"""On what ground a seeker is kept: her own consent; a task given by law; none, because she is made up."""


def _day(value: Any) -> Any:
    # Pydantic would take a number of seconds for a date: Excel's 45231 must not become 1970.
    if isinstance(value, str) and not ISO_DAY.fullmatch(value):
        raise ValueError("DATE_INVALID")
    if not isinstance(value, str | date | None):
        raise ValueError("DATE_INVALID")
    return value


Day = Annotated[date | None, BeforeValidator(_day)]
Text = Annotated[str, StringConstraints(max_length=20_000)]
Terms = Annotated[tuple[Term, ...], Field(max_length=200)]
KecoCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,6}$")]


class Document(BaseModel):
    """What may stand in a document; anything else is refused by name."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, allow_inf_nan=False)

    source_ref: Annotated[str, StringConstraints(max_length=100)] | None = None


class PostingDocument(Document):
    """A posting as a sender may write it; `place` and `wage` also in words."""

    agency_id: UUID | None = None
    status: Status | None = None
    """What became of the order; without it, it is open."""
    title: Annotated[str, StringConstraints(max_length=300)]
    employer: Annotated[str, StringConstraints(max_length=200)]
    employer_number: Annotated[str, StringConstraints(max_length=40)] = ""
    """The firm's registration number: compared with the list of wage defaulters, kept for the ledger."""
    contact_email: Annotated[str, StringConstraints(max_length=200)] = ""
    """Where the firm is written to about this posting: sealed, and told to nobody but the sender of its mail."""
    description: Text = ""
    qualification: Text = ""
    preferred: Text = ""
    required_skills: Terms = ()
    preferred_skills: Terms = ()
    certificates: Terms = ()
    occupation_code: KecoCode | None = None
    employment_type: EmploymentType | None = None
    wage: Money | None = None
    weekly_hours: Annotated[float, Field(gt=0, le=168)] | None = None
    work_hours: Text = ""
    experience_months: Annotated[int, Field(ge=0, le=720)] | None = None
    place: Place | None = None
    headcount: Annotated[int, Field(ge=1, le=100_000)] = 1
    opened_on: Day = None
    closes_on: Day = None
    closing_note: Annotated[str, StringConstraints(max_length=100)] = ""
    source_url: Annotated[str, StringConstraints(max_length=500)] = ""


class SeekerDocument(Document):
    """A seeker as a form or a file may tell of her. Who she is goes to the vault and nowhere else."""

    name: Annotated[str, StringConstraints(max_length=100)] = ""
    phone: Annotated[str, StringConstraints(max_length=40)] = ""
    email: Annotated[str, StringConstraints(max_length=200)] = ""
    birth_date: Day = None
    address: Annotated[str, StringConstraints(max_length=300)] = ""
    cafe_id: UUID | None = None
    applied_at: Instant | None = None
    summary: Annotated[str, StringConstraints(max_length=5_000)] = ""
    skills: Terms = ()
    certificates: Terms = ()
    experience_months: Annotated[int, Field(ge=0, le=720)] | None = None
    home: Place | None = None
    wishes: Wishes = Wishes()
    consents: tuple[Literal["matching", "messages", "marketing"], ...] | None = None
    """What she agrees to, where the document says; provision to someone is agreed to one by one."""


@dataclass
class Checked:
    """A document after the check: facts only if nothing speaks against it."""

    findings: list[Finding] = field(default_factory=list)
    posting: PostingDocument | None = None
    seeker: SeekerDocument | None = None
    source_ref: str | None = None
    """The sender's reference, where it may be repeated."""
    status: Status | None = None
    """All that the document says, where it says no more than what became of an order."""

    @property
    def refused(self) -> bool:
        return refuses(self.findings)

    @property
    def held_for(self) -> tuple[str, ...]:
        return tuple(found.code for found in self.findings if found.severity == "hold")


def check_posting(document: dict[str, Any], agency_id: UUID, already: Iterable[Finding] = ()) -> Checked:
    """Everything there is to say about a posting, `already` found by its reader included."""
    checked = Checked(list(already))
    clean = _clean(document, "", checked.findings)
    checked.findings += identifiers(clean)
    scrubbed = _scrubbed(clean, "", checked.findings, name="")
    _drop_a_reference_that_names_someone(scrubbed, checked)
    _read_words(scrubbed, {"wage": "wage", "place": "place"}, checked.findings)
    checked.source_ref = _repeatable(scrubbed, checked)
    if _says_status_alone(scrubbed):
        _judge_status(scrubbed, checked, agency_id)
        return checked
    try:
        checked.posting = PostingDocument.model_validate(scrubbed)
    except ValidationError as error:
        checked.findings += _of_validation(error)
    _judge(scrubbed, checked, agency_id)
    return checked


def _says_status_alone(document: dict[str, Any]) -> bool:
    """Whether nothing but the status counts: the order has ended or rests, or no content comes with it."""
    status = document.get("status")
    return status in ENDING or (status in get_args(Status) and not document.keys() - STATUS_FIELDS)


def _judge_status(document: dict[str, Any], checked: Checked, agency_id: UUID) -> None:
    checked.status = document["status"]
    if checked.source_ref is None and not any(found.where == "source_ref" for found in checked.findings):
        checked.findings.append(finding("FIELD_MISSING", "source_ref"))
    if document.get("agency_id") not in (None, str(agency_id)):
        checked.findings.append(finding("TENANT_MISMATCH", "agency_id"))
    if document.keys() - STATUS_FIELDS:
        checked.findings.append(finding("FIELDS_NOT_READ", "status"))


def check_seeker(document: dict[str, Any], already: Iterable[Finding] = ()) -> Checked:
    """The same for a seeker; her own name is taken out of her texts too."""
    checked = Checked(list(already))
    clean = _clean(document, "", checked.findings)
    checked.findings += identifiers(clean)
    if document.get("consents") == []:
        clean["consents"] = []  # to agree to nothing is not to say nothing
    vault = {key: value for key, value in clean.items() if key in NEVER_IN_FACTS}
    rest = {key: value for key, value in clean.items() if key not in NEVER_IN_FACTS}
    scrubbed = _scrubbed(rest, "", checked.findings, name=str(vault.get("name", "")))
    _read_words(scrubbed, {"home": "place"}, checked.findings)
    try:
        checked.seeker = SeekerDocument.model_validate(scrubbed | vault)
    except ValidationError as error:
        checked.findings += _of_validation(error)
    return checked


def posting_facts(document: PostingDocument, agency_id: UUID, source_ref: str) -> PostingFacts:
    facts = {name: getattr(document, name) for name in PostingDocument.model_fields.keys() - NOT_IN_FACTS}
    facts |= {"agency_id": agency_id, "source_ref": source_ref, "place": document.place or Place()}
    return PostingFacts.model_validate(facts)


def seeker_facts(document: SeekerDocument) -> SeekerFacts:
    facts = {name: getattr(document, name) for name in SeekerFacts.model_fields}
    home = Place(district=document.home.district) if document.home else Place()  # never an address
    return SeekerFacts.model_validate(facts | {"home": home})


def _judge(document: dict[str, Any], checked: Checked, agency_id: UUID) -> None:
    """Rules over several fields; on the raw document where it was not valid, so that all is told at once."""
    told = checked.findings
    codes = {found.code for found in told}
    posting = checked.posting
    if not document.get("description") and not document.get("qualification"):
        told.append(finding("TEXT_MISSING", "description"))
    if not document.get("place"):
        told.append(finding("PLACE_MISSING", "place"))
    if not document.get("wage") and not any(code.startswith("WAGE_") for code in codes):
        told.append(finding("WAGE_MISSING", "wage"))
    if posting is None:
        return
    if posting.contact_email and not EMAIL.fullmatch(posting.contact_email):
        posting.contact_email = ""
        told.append(finding("CONTACT_EMAIL_NOT_READ", "contact_email"))
    if posting.agency_id not in (None, agency_id):
        told.append(finding("TENANT_MISMATCH", "agency_id"))
    if posting.place and not posting.place.district and not posting.place.remote:
        told.append(finding("DISTRICT_UNKNOWN", "place"))
    if posting.wage and (posting.wage.minimum or 0) > (posting.wage.maximum or posting.wage.minimum or 0):
        told.append(finding("RANGE_INVERTED", "wage"))
    if posting.closes_on and posting.opened_on and posting.closes_on < posting.opened_on:
        told.append(finding("DATE_ORDER", "closes_on"))
    if posting.closes_on and posting.closes_on < now().astimezone(KST).date():
        told.append(finding("CLOSED_ALREADY", "closes_on"))


def _clean(value: Any, where: str, findings: list[Finding]) -> Any:
    """Texts in one form (NFC), without invisible characters; empty values are absent ones."""
    if isinstance(value, str):
        if NOT_A_TEXT.search(value):
            findings.append(finding("TEXT_INVALID", where))
        text = INVISIBLE.sub("", NOT_A_TEXT.sub("?", value).replace("\r\n", "\n").replace("\r", "\n"))
        return unicodedata.normalize("NFC", text).translate(PLAIN_DIGITS).strip()
    if isinstance(value, dict):
        cleaned = ((key, _clean(entry, _path(where, key), findings)) for key, entry in value.items())
        return {key: entry for key, entry in cleaned if entry not in (None, "", [], {})}
    if isinstance(value, list | tuple):
        entries = (_clean(entry, where, findings) for entry in value)
        return [entry for entry in entries if entry not in (None, "")]
    return value


def identifiers(value: Any, where: str = "") -> list[Finding]:
    """A finding for each place where a resident registration number stands: in texts, numbers and fields' names."""
    if isinstance(value, dict):
        names = [
            finding("IDENTIFIER_NOT_ALLOWED", _path(where, "?")) for key in value if holds_resident_number(str(key))
        ]
        return names + [found for key, entry in value.items() for found in identifiers(entry, _path(where, str(key)))]
    if isinstance(value, list | tuple):
        return [found for entry in value for found in identifiers(entry, where)]
    holds = holds_checked_number if where in NEVER_SCRUBBED else holds_resident_number
    found = isinstance(value, str | int) and holds(str(value))
    return [finding("IDENTIFIER_NOT_ALLOWED", where)] if found else []


def _scrubbed(value: Any, where: str, findings: list[Finding], name: str) -> Any:
    if isinstance(value, str):
        if where in NEVER_SCRUBBED:
            return value
        result = scrub(value, name=name)
        findings.extend(finding(code, where) for code in result.codes if code != "IDENTIFIER_NOT_ALLOWED")
        return result.text
    if isinstance(value, dict):
        return {key: _scrubbed(entry, _path(where, key), findings, name) for key, entry in value.items()}
    if isinstance(value, list):
        return [_scrubbed(entry, where, findings, name) for entry in value]
    return value


def _read_words(document: dict[str, Any], readings: dict[str, str], findings: list[Finding]) -> None:
    """Make our values of what is given in words; what cannot be read is told and left out."""
    for name, reading in readings.items():
        if isinstance(document.get(name), str):
            try:
                document[name] = READINGS[reading](document[name])
            except Unread as unread:
                findings.append(finding(unread.code, name))
                document[name] = None


def _drop_a_reference_that_names_someone(document: dict[str, Any], checked: Checked) -> None:
    if any(found.where == "source_ref" and found.severity != "refusal" for found in checked.findings):
        document.pop("source_ref", None)


def _path(where: str, key: str) -> str:
    return f"{where}.{_named(key)}" if where else _named(key)


def _repeatable(document: dict[str, Any], checked: Checked) -> str | None:
    reference = document.get("source_ref")
    told = any(found.where == "source_ref" for found in checked.findings)
    return reference if isinstance(reference, str) and len(reference) <= 100 and not told else None


def _named(step: object) -> str:
    """A field's name as we may repeat it: what does not look like a name may be someone's data."""
    return str(step) if FIELD_NAME.fullmatch(str(step)) else "?"


def _of_validation(error: ValidationError) -> list[Finding]:
    told: dict[tuple[str, str], Finding] = {}
    for fault in error.errors(include_url=False, include_input=False):
        where = ".".join(_named(step) for step in fault["loc"])
        found = _of_fault(fault["type"], fault.get("ctx", {}), where)
        told.setdefault((found.code, found.where), found)
    return list(told.values())


_BOUNDS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}


def _of_fault(kind: str, context: dict[str, Any], where: str) -> Finding:  # noqa: PLR0911 - a table, read downwards
    if kind == "value_error":
        return finding(str(context["error"]), where)
    if kind == "missing":
        return finding("FIELD_MISSING", where)
    if kind == "extra_forbidden":
        return finding("FIELD_UNKNOWN", where)
    if kind in ("string_too_long", "too_long"):
        return finding("TEXT_TOO_LONG", where, limit=context.get("max_length", ""))
    if kind == "string_type":
        return finding("TEXT_EXPECTED", where)
    if kind == "literal_error":
        return finding("VALUE_UNKNOWN", where, expected=context["expected"])
    if kind.startswith(("greater_than", "less_than")):
        bounds = ", ".join(f"{_BOUNDS[name]} {bound:,}".removesuffix(".0") for name, bound in context.items())
        return finding("NUMBER_OUT_OF_RANGE", where, expected=bounds)
    if kind.startswith(("int_", "float_", "finite_number", "decimal_")):
        return finding("NUMBER_INVALID", where)
    if kind.startswith("date_"):
        return finding("DATE_INVALID", where)
    if kind.startswith(("datetime_", "timezone_")):
        return finding("TIME_INVALID", where)
    return finding("VALUE_INVALID", where)
