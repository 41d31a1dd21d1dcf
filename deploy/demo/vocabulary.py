"""Which words is the demo city made of? The trades and the city's own lists, read from their files and checked."""

import json
from functools import cache
from importlib.resources import files
from typing import Annotated, Literal
from uuid import UUID, uuid5

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from shared.contracts.envelope import EmploymentType

NAMESPACE = UUID("1f7a4b52-0000-5000-8000-696c6a617269")
"""Ids of the demo city are derived from its keys: the same city is the same city wherever it is loaded."""

WageUnit = Literal["hour", "day", "month", "year"]
Shape = Literal["work24", "seoul", "sheet_utf8", "sheet_cp949", "json_lines"]
Phrases = Annotated[tuple[str, ...], Field(min_length=1)]


class Words(BaseModel):
    """A piece of a vocabulary file; what it does not name is a typing error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Terms(Words):
    """Conditions that belong together: nobody pays a month's wage for three hours a day."""

    employment: EmploymentType
    weekly_hours: float
    hours: Phrases
    wage: tuple[WageUnit, int, int]


class Role(Words):
    """One kind of work within a trade."""

    code: Annotated[str, StringConstraints(pattern=r"^[0-9]{4,6}$")]
    titles: Phrases
    employers: Phrases
    workplace: Phrases
    duties: Annotated[tuple[str, ...], Field(min_length=4)]
    required_skills: tuple[str, ...]
    preferred_skills: tuple[str, ...]
    certificates: tuple[str, ...]
    experience: Annotated[tuple[int, ...], Field(min_length=1)]
    terms: Annotated[tuple[Terms, ...], Field(min_length=1)]


class Story(Words):
    """What a seeker tells of herself, and of which role of the trade."""

    role: int
    text: str


class SeekerWords(Words):
    experienced: tuple[Story, ...]
    newcomer: tuple[Story, ...]
    strengths: Phrases


class Trade(Words):
    key: str
    name: str
    weight: int
    stems: Phrases
    roles: Annotated[tuple[Role, ...], Field(min_length=1)]
    qualification: Phrases
    preferred: Phrases
    also_held: tuple[str, ...] = ()
    """Certificates that people of this trade often have beside."""
    seekers: SeekerWords


class AgencyWords(Words):
    key: str
    name: str
    licence: Literal["공공", "무료", "유료", "정보제공"]
    registration: str
    shape: Shape
    trades: tuple[str, ...]
    """`*` is every trade."""
    share: int

    @property
    def agency_id(self) -> UUID:
        return uuid5(NAMESPACE, f"agency/{self.key}")


class CafeWords(Words):
    key: str
    name: str
    district: str
    latitude: float
    longitude: float
    venue_type: Literal["대학", "청년공간", "공공시설", "민간시설"]
    partnership: Literal["직영", "자치구", "대학", "민간"]
    around: Phrases
    """Districts from which its seekers come."""

    @property
    def cafe_id(self) -> UUID:
        return uuid5(NAMESPACE, f"cafe/{self.key}")


class AccountWords(Words):
    login: str
    display_name: str
    role: Literal["counselor", "official", "agency"]
    cafe: str | None = None
    agency: str | None = None


class District(Words):
    name: str
    latitude: float
    longitude: float
    share: int


class CityWords(Words):
    password: str
    agencies: tuple[AgencyWords, ...]
    cafes: tuple[CafeWords, ...]
    accounts: tuple[AccountWords, ...]
    districts: tuple[District, ...]
    far_homes: Phrases
    roads: Phrases
    family_names: Phrases
    given_names: Phrases
    benefits: Phrases
    spellings: tuple[tuple[str, ...], ...]


@cache
def trades() -> tuple[Trade, ...]:
    """The trades, by key."""
    entries = sorted((files(__package__) / "trades").iterdir(), key=lambda entry: entry.name)
    return tuple(Trade.model_validate_json(entry.read_text("utf-8")) for entry in entries if entry.name[-5:] == ".json")


@cache
def city_words() -> CityWords:
    return CityWords.model_validate(json.loads((files(__package__) / "city.json").read_text("utf-8")))
