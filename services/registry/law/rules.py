"""Which rules hold on a day? Dated, sourced data in TOML: the shipped folder, then the operator's own."""

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from services.registry.law.licence_kinds import Licence

Severity = Literal["block", "warn", "note"]
SEVERITY_KO: dict[Severity, str] = {"block": "차단", "warn": "경고", "note": "참고"}

GAP = r"[ \t·ㆍ・]{0,2}"
NO_SYLLABLE_BEFORE = "(?<![가-힣])"
LEAD = re.compile(r"(?:<start>|\(\?<[=!](?:\[(?:\\.|[^\]\\])*\]|\\.|[^()\[\]\\])*\))*")
"""What a pattern asks of the text before it. Tested apart, on the few hits: a search that begins with it is ten times
slower, as it cannot skip to a first letter."""
FOUND = "@"
"""In an exception: the words that were found."""

ATOMS = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]")
UNBOUNDED = re.compile(r"[*+]|\{\d*,\}")
TERM = re.compile(r"<([a-z_]+)>")


class RulesError(Exception):
    """A rule file is wrong: which one, and why."""


class Words(BaseModel):
    """The same sentence for both readers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ko: Annotated[str, Field(min_length=1, max_length=300)]
    en: Annotated[str, Field(min_length=1, max_length=300)]


class Source(BaseModel):
    """Where a rule stands written."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    """The text that was read: law number and day of promulgation, as far as known."""
    to_verify: bool = False
    """Known, but not read in the law's own text: check before relying on it."""


def _bounded(pattern: str) -> str:
    """Linting takes time in proportion to the text only if no part of a pattern may repeat without end."""
    if UNBOUNDED.search(ATOMS.sub("", pattern)):
        raise ValueError(f"a repeat needs an end, such as {{0,20}}: {pattern}")
    return pattern


Pattern = Annotated[str, AfterValidator(_bounded)]


class RuleData(BaseModel):
    """A rule as it stands in a file; `docs/law.md` explains each field."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str, Field(pattern=r"^[a-z]+(_[a-z]+)*(\.[a-z]+(_[a-z]+)*)+$", max_length=60)]
    category: Annotated[str, Field(pattern=r"^[a-z_]+$")]
    severity: Severity
    article: Words
    in_force_from: date
    in_force_until: date | None = None
    source: Source
    words: tuple[str, ...] = ()
    patterns: tuple[Pattern, ...] = ()
    unless: tuple[Pattern, ...] = ()
    grounds: tuple[Pattern, ...] = ()
    reach: Literal["line", "near"] = "line"
    """Whether an exception must stand in the same line, or may stand in the next."""
    licences: tuple[Licence, ...] = ()
    message: Words
    suggestion: Words


class WageYear(BaseModel):
    """The minimum wage from a day on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    year: Annotated[int, Field(ge=1988, le=2200)]
    hourly: Annotated[int, Field(gt=0)]
    source: Source


@dataclass(frozen=True)
class Sought:
    """Words to look for, and what must stand before them."""

    body: re.Pattern[str]
    lead: re.Pattern[str]


@dataclass(frozen=True)
class Exemption:
    """Words that make a finding none: around it (`before @ after`), or covering it."""

    covering: re.Pattern[str] | None = None
    before: re.Pattern[str] | None = None
    after: re.Pattern[str] | None = None


@dataclass(frozen=True)
class Rule:
    """A rule ready for use."""

    data: RuleData
    sought: tuple[Sought, ...]
    """Empty where the rule is about facts, not words."""
    unless: tuple[Exemption, ...]
    grounds: re.Pattern[str] | None

    @property
    def id(self) -> str:
        return self.data.id

    def in_force(self, on: date) -> bool:
        until = self.data.in_force_until
        return self.data.in_force_from <= on and (until is None or on <= until)


@dataclass(frozen=True)
class Rules:
    """All rules, the minimum wages, and what intake does with a finding."""

    rules: tuple[Rule, ...]
    wages: dict[int, WageYear]
    policy: "Policy"

    def in_force(self, on: date) -> Iterator[Rule]:
        return (rule for rule in self.rules if rule.in_force(on))

    def rule(self, rule_id: str, on: date) -> Rule | None:
        """The rule of this id, if it holds on this day."""
        return next((rule for rule in self.in_force(on) if rule.id == rule_id), None)


class Policy(BaseModel):
    """What intake does with a finding: data, so that an operator may be stricter or milder."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    refuse: tuple[str, ...] = ()
    """Categories whose `block` sends a posting back; a `block` elsewhere is a warning for a person to settle."""
    hold: tuple[str, ...] = ()
    """Categories whose `block`, and rules whose finding, keeps a posting back until the operator has looked at it."""
    told_by_intake: tuple[str, ...] = ()
    """Rules whose subject intake tells under a code of its own, so that nothing is told twice."""


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    terms: dict[str, Pattern] = {}
    rule: tuple[RuleData, ...] = ()
    minimum_wage: tuple[WageYear, ...] = ()
    policy: Policy | None = None


def load_rules(*folders: Path) -> Rules:
    """The shipped rules, then each folder's: a rule of the same id, a year or a policy replaces what came before.

    Raises:
        RulesError: a file cannot be read or is wrong.
    """
    read = [_read(name, text) for name, text in _texts([files(__package__) / "rules", *folders])]
    terms = {name: pattern for file in read for name, pattern in file.terms.items()}
    rules = {data.id: _compile(data, terms) for file in read for data in file.rule}
    wages = {wage.year: wage for file in read for wage in file.minimum_wage}
    policies = [file.policy for file in read if file.policy]
    return Rules(tuple(rules.values()), wages, policies[-1])


@cache
def shipped_rules() -> Rules:
    """The rules that come with Iljari."""
    return load_rules()


def _texts(folders: Iterable[Traversable]) -> Iterator[tuple[str, str]]:
    for folder in folders:
        if not folder.is_dir():
            raise RulesError(f"{folder}: no such folder")
        found = {entry.name: entry for entry in folder.iterdir() if entry.name.endswith(".toml")}
        for name in sorted(found):
            try:
                yield f"{folder.name}/{name}", found[name].read_text("utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise RulesError(f"{folder.name}/{name}: cannot be read as UTF-8 ({error})") from error


def _read(name: str, text: str) -> _File:
    try:
        return _File.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise RulesError(f"{name}: {error}") from error
    except ValidationError as error:
        faults = (f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors(include_url=False))
        raise RulesError(f"{name}: {'; '.join(faults)}") from error


def _compile(data: RuleData, terms: dict[str, str]) -> Rule:
    def regex(pattern: str) -> re.Pattern[str]:
        try:
            return re.compile(_filled(pattern, terms), re.IGNORECASE)
        except (re.error, KeyError) as error:
            raise RulesError(f"{data.id}: {error} in {pattern}") from error

    def sought(pattern: str) -> Sought:
        lead = LEAD.match(pattern)
        split = lead.end() if lead else 0
        return Sought(body=regex(pattern[split:]), lead=regex(pattern[:split]))

    spoken = [NO_SYLLABLE_BEFORE + GAP.join(map(re.escape, word.split())) for word in data.words]
    return Rule(
        data,
        tuple(sought(pattern) for pattern in [*spoken, *data.patterns]),
        tuple(_exemption(pattern, regex) for pattern in data.unless),
        regex("|".join(data.grounds)) if data.grounds else None,
    )


def _exemption(pattern: str, regex: Any) -> Exemption:
    if FOUND not in pattern:
        return Exemption(covering=regex(pattern))
    before, _, after = pattern.partition(FOUND)
    return Exemption(
        before=regex(rf"(?:{before})\Z") if before else None,
        after=regex(after) if after else None,
    )


def _filled(pattern: str, terms: dict[str, str], depth: int = 0) -> str:
    """The pattern with every `<term>` put in its place."""
    if depth > 5:
        raise KeyError("terms that name each other without end")
    return TERM.sub(lambda found: f"(?:{_filled(terms[found[1]], terms, depth + 1)})", pattern)
