"""Which of a sender's fields becomes which of ours, and how it is read: the mapping file, a TOML document.

    title = "Postings of the city portal"
    kind = "postings"                      # or "seekers"
    recognised_by = ["wantedAuthNo", "sal"]  # chosen by itself where all of these fields are there
    rows = "GetJobInfo.row"                # where the rows stand within a JSON document
    past_closing_dates = "show only"       # keep a past closing date for show and say until filled; else "refuse"
    consent = "invented"                   # seekers alone: on what ground they are kept, if the import does not say

    [fields]
    title = "JO_SJ"                                            # our field = their field, read as text
    wage = { from = ["salTpNm", "sal"], read = "wage" }        # several of theirs are joined
    description = { from = "duties", otherwise = "skills" }    # used where the first says nothing
    employment_type = { from = "empTpCd", read = "code", codes = "employment" }
    required_skills = { from = "기술", read = "list", split = ",;" }

    [codes.employment]
    "10" = "regular"

    [also]                                                     # other words for a header of theirs
    "회사명" = ["업체명", "상호"]

Fields that no rule names are dropped here, on the sender's machine: what we do not ask for never leaves it.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Sequence
from collections.abc import Mapping as Values
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from services.registry.intake.districts import district_of
from services.registry.intake.documents import ConsentBasis, PostingDocument, SeekerDocument
from services.registry.intake.findings import Refused, finding
from services.registry.intake.readings import NOTHING_SAID, READINGS, Closing, ReadingName, Unread, read_consents
from services.registry.law.conditions import hours_in
from shared.clock import KST, now
from shared.contracts import Finding

Kind = Literal["postings", "seekers"]
Names = Annotated[tuple[str, ...], BeforeValidator(lambda value: (value,) if isinstance(value, str) else value)]
LONGEST_TERM = 100
CUT_BY_EXCEL = re.compile(r"\d(?:[.,]\d+)?E\+\d{1,3}")
"""`1.2E+10`: a sheet showed a long number so, and the digits are lost."""
HEADER_MARKS = re.compile(r"[\s*:_·]|\((?:필수|선택|required|optional)\)")
"""What changes nothing in a header."""


class Rule(BaseModel):
    """How one of our fields is made."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sources: Names = Field(alias="from")
    read: ReadingName = "text"
    otherwise: Names = ()
    codes: str | None = None
    split: str = ",;\n"


def _as_rule(value: Any) -> Any:
    return value if isinstance(value, dict) else {"from": value}


class Mapping(BaseModel):
    """A mapping file, checked."""

    model_config = ConfigDict(frozen=True, extra="forbid", ignored_types=(cached_property,))

    name: str
    title: str
    kind: Kind = "postings"
    recognised_by: tuple[str, ...] = ()
    rows: str = ""
    past_closing_dates: Literal["refuse", "show only"] = "refuse"
    consent: ConsentBasis | None = None
    fields: dict[str, Annotated[Rule, BeforeValidator(_as_rule)]]
    codes: dict[str, dict[str, str]] = {}
    also: dict[str, Names] = {}

    @model_validator(mode="after")
    def _names_what_exists(self) -> Self:
        document = PostingDocument if self.kind == "postings" else SeekerDocument
        unknown = [name for name in self.fields if name.partition(".")[0] not in document.model_fields]
        if unknown:
            raise ValueError(f"no such field of ours: {', '.join(unknown)}")
        if self.consent and self.kind != "seekers":
            raise ValueError("only seekers are kept by consent")
        lists = [rule.codes for rule in self.fields.values() if rule.read == "code"]
        if missing := [str(name) for name in lists if name not in self.codes]:
            raise ValueError(f"no such code table: {', '.join(missing)}")
        return self

    def fits(self, names: Iterable[str]) -> bool:
        return bool(self.recognised_by) and self.columns(tuple(names)).keys() >= set(self.recognised_by)

    def columns(self, names: tuple[str, ...]) -> dict[str, str]:
        """The name that the rules use of a column → the sender's name for it, whichever word for it she uses."""
        if names not in self._columns:
            exact = {name: name for name in names if name in self._ruled}
            meant = {self._meant.get(plain_header(name), name): name for name in reversed(names)}
            self._columns[names] = meant | exact
        return self._columns[names]

    def uses(self, names: tuple[str, ...]) -> dict[str, list[str]]:
        """What becomes of each of a sender's columns: our fields that are made of it."""
        columns = self.columns(names)
        made: dict[str, list[str]] = {name: [] for name in names}
        for ours, rule in self.fields.items():
            for source in (*rule.sources, *rule.otherwise):
                if source in columns:
                    made[columns[source]].append(ours)
        return made

    @cached_property
    def _columns(self) -> dict[tuple[str, ...], dict[str, str]]:
        return {}

    @cached_property
    def _ruled(self) -> frozenset[str]:
        return frozenset(name for rule in self.fields.values() for name in (*rule.sources, *rule.otherwise))

    @cached_property
    def _meant(self) -> dict[str, str]:
        words = {plain_header(word): name for name, words in self.also.items() for word in words}
        return words | {plain_header(name): name for name in self.also}

    def document(self, values: Values[str, Any]) -> tuple[dict[str, Any], list[Finding]]:
        """Our document for a sender's row, and what could not be read of it."""
        made: dict[str, Any] = {}
        findings: list[Finding] = []
        if self.also:
            values = {name: values[theirs] for name, theirs in self.columns(tuple(values)).items()}
        for target, rule in self.fields.items():
            try:
                value = self._read(rule, values, rule.sources)
                if value is None:
                    value = self._read(rule, values, rule.otherwise)
            except Unread as unread:
                findings.append(finding(unread.code, ", ".join(rule.sources)))
                continue
            if isinstance(value, Closing):
                findings += self._close(made, value, ", ".join(rule.sources))
            elif value is not None:
                _put(made, target, value)
        if "wage" in made and "weekly_hours" not in made and (hours := self._hours_beside_the_wage(values)):
            made["weekly_hours"] = hours
        return made, findings

    def _hours_beside_the_wage(self, values: Values[str, Any]) -> float | None:
        """A sheet without a column for hours often tells them in that of the wage."""
        sources = self.fields["wage"].sources if "wage" in self.fields else ()
        return hours_in(" ".join(word for source in sources for word in _words(values.get(source))), None).weekly

    def _read(self, rule: Rule, values: Values[str, Any], sources: Iterable[str]) -> Any:
        said = [word for source in sources for word in _words(values.get(source))]
        if any(CUT_BY_EXCEL.fullmatch(word) for word in said):
            raise Unread("NUMBER_LOOKS_EXCEL")
        if rule.read == "list":
            return _terms(said, rule.split)
        if rule.read == "districts":
            return [district_of(term) or term for term in _terms(said, rule.split) or ()] or None
        if rule.read == "code":
            return self._decode(rule, said)
        if rule.read == "consents":  # an empty cell agrees to nothing; a sheet without the column says nothing of it
            return read_consents(said) if any(source in values for source in sources) else None
        joint = "\n" if rule.read in ("text", "html") else " "
        return READINGS[rule.read](joint.join(said))

    def _decode(self, rule: Rule, said: list[str]) -> str | None:
        if not said:
            return None
        table = self.codes[str(rule.codes)]
        if any(word not in table for word in said):
            raise Unread("CODE_UNKNOWN")
        meanings = {table[word] for word in said}
        if len(meanings) > 1:
            raise Unread("CODE_SEVERAL")
        return meanings.pop() or None  # an empty meaning: this code says nothing

    def _close(self, made: dict[str, Any], closing: Closing, where: str) -> list[Finding]:
        made["closing_note"] = closing.note
        if closing.closes_on is None:
            return []
        past = closing.closes_on < now().astimezone(KST).date()
        if past and self.past_closing_dates == "show only":
            return [finding("CLOSING_PAST", where)]
        made["closes_on"] = closing.closes_on.isoformat()
        return []


def plain_header(name: str) -> str:
    """A header without what changes nothing in it: `업체명 *` is `업체명`."""
    return HEADER_MARKS.sub("", unicodedata.normalize("NFKC", name).casefold())


def _words(value: Any) -> list[str]:
    """What a field says, as texts; nothing for what only looks filled."""
    if isinstance(value, list):
        return [word for entry in value for word in _words(entry)]
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if value is None or isinstance(value, dict | bool):
        return []
    text = str(value).strip()
    return [] if text.casefold() in NOTHING_SAID else [text]


def _terms(said: list[str], split: str) -> list[str] | None:
    parts = (part.strip() for text in said for part in re.split(f"[{re.escape(split)}]", text))
    return list(dict.fromkeys(part[:LONGEST_TERM] for part in parts if part.casefold() not in NOTHING_SAID)) or None


def _put(made: dict[str, Any], target: str, value: Any) -> None:
    *outer, last = target.split(".")
    for step in outer:
        made = made.setdefault(step, {})
    made[last] = value.isoformat() if hasattr(value, "isoformat") else value


def load_mapping(path: Path) -> Mapping:
    """A mapping file of the sender's own.

    Raises:
        Refused: the file is missing or wrong; says where.
    """
    try:
        return _parse(path.stem, path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError):
        raise Refused(finding("FILE_UNREADABLE", str(path))) from None
    except tomllib.TOMLDecodeError as error:
        raise Refused(finding("MAPPING_INVALID", path.name, expected=str(error))) from None
    except ValidationError as error:
        faults = (f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors(include_url=False))
        raise Refused(finding("MAPPING_INVALID", path.name, expected="; ".join(faults)[:400])) from None


def shipped_mappings(kind: Kind) -> list[Mapping]:
    """The mappings that come with Iljari, by name."""
    found = (files(__package__) / "mappings").iterdir()
    texts = {entry.name.removesuffix(".toml"): entry for entry in found if entry.name.endswith(".toml")}
    mappings = [_parse(name, texts[name].read_text("utf-8")) for name in sorted(texts)]
    return [mapping for mapping in mappings if mapping.kind == kind]


def choose_mapping(kind: Kind, named: str | None, names: Iterable[str], own: Sequence[Mapping] = ()) -> Mapping | None:
    """The mapping that is named (saved, shipped, or a file), else the one that fits these fields.

    None where the fields are our own already, and no mapping is needed.

    Args:
        own: those that the sender saved; the one that knows most of the fields goes before any that is shipped.

    Raises:
        Refused: none fits, or more than one.
    """
    shipped = shipped_mappings(kind)
    if named:
        return next((m for m in (*own, *shipped) if m.name == named), None) or load_mapping(Path(named))
    document = PostingDocument if kind == "postings" else SeekerDocument
    present = set(names)
    if saved := [mapping for mapping in own if mapping.fits(present)]:
        return max(saved, key=lambda mapping: len(mapping.recognised_by))
    fitting = [mapping for mapping in shipped if mapping.fits(present)]
    closest = [
        one for one in fitting if not any(set(one.recognised_by) < set(other.recognised_by) for other in fitting)
    ]
    if len(closest) == 1:
        return closest[0]
    if not fitting and present <= set(document.model_fields):
        return None
    known = ", ".join(m.name for m in fitting or shipped)
    raise Refused(finding("MAPPING_AMBIGUOUS" if fitting else "MAPPING_UNKNOWN", expected=known))


def _parse(name: str, text: str) -> Mapping:
    return Mapping.model_validate({"name": name, **tomllib.loads(text)})
