"""What may this sender do, and may this firm be served? Kinds of licence, and the list of named wage defaulters."""

import csv
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from services.registry.law.licence_kinds import Licence

REGISTRATION = re.compile(
    r"(?<!사업자)(?<!사업자 )(?<!주민)(?<!차량)(?<!차량 )등록 ?번호"
    r"|직업 ?소개[^\n]{0,10}제? ?[\d\-]{3,20} ?호|(?<!자)등록 ?제 ?[\d\-]{3,20} ?호"
)
LEGAL_FORM = re.compile(
    r"주식회사|유한회사|유한책임회사|합자회사|합명회사|사단법인|재단법인|\((?:주|유|사|재|합)\)|㈜|㈕"
)
NOT_A_LETTER = re.compile(r"[\W_]")
NAME_COLUMNS = ("사업장명", "업체명", "회사명", "상호", "성명(법인명)", "name", "employer")
NUMBER_COLUMNS = ("사업자등록번호", "등록번호", "registration_number", "number")

Likeness = Literal["same firm", "same name"]


@dataclass(frozen=True)
class AgencyLicence:
    """The sender's licence, and its registration number where we hold it: then we print it ourselves."""

    kind: Licence
    registration_number: str | None = None


@dataclass(frozen=True)
class Abilities:
    """What a kind of licence allows."""

    may_refer: bool
    """Bring a seeker and a firm together; else only job information is passed on."""
    may_charge_firms: bool
    must_show_registration: bool


ABILITIES: dict[Licence, Abilities] = {
    "공공": Abilities(may_refer=True, may_charge_firms=False, must_show_registration=False),
    "무료": Abilities(may_refer=True, may_charge_firms=False, must_show_registration=False),
    "유료": Abilities(may_refer=True, may_charge_firms=True, must_show_registration=True),
    "정보제공": Abilities(may_refer=False, may_charge_firms=False, must_show_registration=False),
}
"""Nobody may charge a seeker."""


@dataclass(frozen=True)
class Defaulters:
    """Firms on a published list, by name without its legal form; numbers of ten digits where the list has them."""

    numbers_of: dict[str, frozenset[str]] = field(default_factory=dict)
    """For each name the numbers listed; empty where the list gives none for it."""
    numbers: frozenset[str] = frozenset()

    def likeness(self, employer: str, registration_number: str | None = None) -> Likeness | None:
        """How an employer stands to the list: two known numbers decide, else an equal name asks for a look."""
        number = firm_number(registration_number or "")
        if number and number in self.numbers:
            return "same firm"
        listed = self.numbers_of.get(firm_name(employer))
        if listed is None:
            return None
        return None if number and listed else "same name"


def read_defaulters(lines: Iterable[str]) -> Defaulters:
    """A list as CSV with a header; columns for the name and, if there is one, the registration number.

    Raises:
        ValueError: no column of a known name.
    """
    reader = csv.DictReader(line.lstrip("\ufeff") for line in lines)
    headers = [header.strip() for header in reader.fieldnames or []]
    reader.fieldnames = headers
    name_column = next((column for column in NAME_COLUMNS if column in headers), None)
    number_column = next((column for column in NUMBER_COLUMNS if column in headers), None)
    if name_column is None:
        raise ValueError(f"a column is needed for the name: one of {', '.join(NAME_COLUMNS)}")
    numbers_of: dict[str, set[str]] = {}
    for row in reader:
        name = firm_name(row[name_column] or "")
        number = firm_number(row[number_column] or "") if number_column else ""
        if name:
            numbers_of.setdefault(name, set()).update({number} - {""})
    listed = {name: frozenset(numbers) for name, numbers in numbers_of.items()}
    return Defaulters(listed, frozenset().union(*listed.values()))


def firm_name(name: str) -> str:
    """A firm's name without legal form, spaces and punctuation, in one form of each letter."""
    plain = LEGAL_FORM.sub("", unicodedata.normalize("NFKC", name))
    return NOT_A_LETTER.sub("", LEGAL_FORM.sub("", plain)).casefold()


def firm_number(number: str) -> str:
    """The ten digits of a business registration number, or nothing."""
    digits = re.sub(r"\D", "", number)
    return digits if len(digits) == 10 else ""


def shows_registration(texts: Iterable[str]) -> bool:
    return any(REGISTRATION.search(text) for text in texts)
