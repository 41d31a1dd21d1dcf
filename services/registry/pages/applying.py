"""What someone fills in to apply for work, on her own phone or at the counter, and what that says as a document."""

import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, StringConstraints

from services.registry.intake.documents import Purpose
from services.registry.people.vault import Person
from services.registry.tables import Seeker
from shared.contracts import Money, Wishes
from shared.contracts.envelope import EmploymentType
from shared.web.catalogue import sentences

APART = re.compile(r"[,;/\n]+")
ASKED: tuple[Purpose, ...] = ("matching", "messages", "marketing")
"""What is asked when someone applies; provision to someone is asked when it comes to that."""

EMPLOYMENT_TYPES: tuple[str, ...] = get_args(EmploymentType)
WAGE_UNITS: tuple[str, ...] = get_args(Money.model_fields["unit"].annotation)
OCCUPATIONS = tuple(key.partition(".")[2] for key in sentences("ko") if key.startswith("occupation."))
"""The groups of KECO by two digits; a longer code that she was given before is kept beside them."""

Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=300)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=5_000)]


class Application(BaseModel):
    """The fields of the form."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: Line = ""
    phone: Line = ""
    email: Line = ""
    birth_date: Line = ""
    home: Line = ""
    summary: Text = ""
    skills: Text = ""
    certificates: Text = ""
    experience_months: Line = ""
    occupations: tuple[str, ...] = ()
    """Wished ones, as KECO codes."""
    widened: Literal["", "yes"] = ""
    """She would also do other work."""
    employment_types: tuple[str, ...] = ()
    wage_unit: Line = "month"
    least_wage: Line = ""
    weekly_hours: Line = ""
    districts: Line = ""
    commute_km: Line = ""
    cafe: Line = ""
    """Who is to look after her; empty where she leaves that open."""
    agree: tuple[str, ...] = ()
    password: str = ""

    @property
    def contact(self) -> str:
        """With which she signs in."""
        return self.phone or self.email

    @property
    def occupation_choices(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys([*OCCUPATIONS, *(code for code in self.occupations if code[:2] in OCCUPATIONS)]))

    @property
    def employment_choices(self) -> tuple[str, ...]:
        return EMPLOYMENT_TYPES

    @property
    def wage_units(self) -> tuple[str, ...]:
        return WAGE_UNITS

    def document(self) -> dict[str, Any]:
        """The application as a document like any other; it is checked and scrubbed as they are."""
        told = self.model_dump(include={"name", "phone", "email", "birth_date", "home", "summary", "experience_months"})
        told |= {"skills": _words(self.skills), "certificates": _words(self.certificates)}
        return told | {"wishes": self._wishes(), "consents": self.agreed(), "cafe_id": self.cafe or None}

    def _wishes(self) -> dict[str, Any]:
        """What she asks of a job; what was left empty is not stated."""
        wage = {"unit": self.wage_unit, "minimum": self.least_wage.replace(",", "")} if self.least_wage else None
        return {
            "occupation_codes": list(self.occupations),
            "widened": bool(self.widened),
            "employment_types": list(self.employment_types),
            "wage": wage,
            "weekly_hours": self.weekly_hours,
            "districts": _words(self.districts),
            "commute_km": self.commute_km,
        }

    def agreed(self) -> Sequence[Purpose]:
        return [purpose for purpose in ASKED if purpose in self.agree]


def as_filled_in(seeker: Seeker, person: Person) -> Application:
    """The form as it would have to be filled in to say what is held."""
    facts = seeker.facts
    return Application(
        name=person.name,
        phone=person.phone,
        email=person.email,
        birth_date=person.birth_date,
        home=person.address or (facts.get("home") or {}).get("district") or "",
        summary=facts.get("summary", ""),
        skills=", ".join(facts.get("skills", ())),
        certificates=", ".join(facts.get("certificates", ())),
        experience_months=_written(facts.get("experience_months")),
        cafe=str(seeker.cafe_id or ""),
        **_as_wished(Wishes.model_validate(facts.get("wishes") or {})),
    )


def _as_wished(wishes: Wishes) -> dict[str, Any]:
    return {
        "occupations": wishes.occupation_codes,
        "widened": "yes" if wishes.widened else "",
        "employment_types": wishes.employment_types,
        "wage_unit": wishes.wage.unit if wishes.wage else "month",
        "least_wage": _written(wishes.wage.minimum if wishes.wage else None),
        "weekly_hours": _written(wishes.weekly_hours),
        "districts": ", ".join(wishes.districts),
        "commute_km": _written(wishes.commute_km),
    }


def _written(number: float | None) -> str:
    return "" if number is None else f"{number:.15g}"


def _words(text: str) -> list[str]:
    return [word for part in APART.split(text) if (word := part.strip())]
