"""What someone fills in to apply for work, on her own phone or at the counter, and what that says as a document."""

import re
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints

from services.registry.intake.documents import Purpose
from services.registry.people.vault import Person
from services.registry.tables import Seeker

APART = re.compile(r"[,;/\n]+")
ASKED: tuple[Purpose, ...] = ("matching", "messages", "marketing")
"""What is asked when someone applies; provision to someone is asked when it comes to that."""

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
    districts: Line = ""
    agree: tuple[str, ...] = ()
    password: str = ""

    @property
    def contact(self) -> str:
        """With which she signs in."""
        return self.phone or self.email

    def document(self) -> dict[str, Any]:
        """The application as a document like any other; it is checked and scrubbed as they are."""
        told = self.model_dump(include={"name", "phone", "email", "birth_date", "home", "summary"})
        told |= {"skills": _words(self.skills), "certificates": _words(self.certificates)}
        return told | {"wishes": {"districts": _words(self.districts)}, "consents": self.agreed()}

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
        districts=", ".join((facts.get("wishes") or {}).get("districts", ())),
    )


def _words(text: str) -> list[str]:
    return [word for part in APART.split(text) if (word := part.strip())]
