"""Which postings does the demo city have? Each made of one trade's words, none like its neighbour."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Protocol, TypeVar

from deploy.demo.city import Posting
from deploy.demo.korean import held, span, topic
from deploy.demo.vocabulary import AgencyWords, CityWords, District, Role, Terms, Trade, WageUnit
from shared.contracts import Money, Place, PostingFacts


class Shared(Protocol):
    """Something that comes as often as its share says."""

    @property
    def share(self) -> int: ...


T = TypeVar("T")
S = TypeVar("S", bound=Shared)

EMPLOYMENT_KO = {
    "regular": "정규직",
    "contract": "계약직",
    "part_time": "시간제",
    "dispatch": "파견",
    "daily": "일용",
    "intern": "인턴",
    "freelance": "프리랜서",
}
WAGE_STEPS: dict[WageUnit, int] = {"hour": 100, "day": 5_000, "month": 50_000, "year": 1_000_000}
LONGEST_OPEN_DAYS = 35
LONGEST_TO_CLOSE_DAYS = 55


@dataclass
class Inventor:
    """Draws postings for one city on one day; the same seed draws the same."""

    words: CityWords
    trades: Sequence[Trade]
    today: date
    random: Random
    homes: dict[str, Place] = field(default_factory=dict)
    """Where each employer is, once drawn: a firm does not move between its postings."""
    told: set[tuple[str, str]] = field(default_factory=set)
    numbers: dict[str, int] = field(default_factory=dict)

    def postings(self, count: int) -> Iterator[Posting]:
        for trade, wanted in shares(self.trades, [trade.weight for trade in self.trades], count):
            senders = [agency for agency in self.words.agencies if {"*", trade.key} & set(agency.trades)]
            for number in range(wanted):
                role = trade.roles[number % len(trade.roles)]
                yield self._posting(trade, role, number // len(trade.roles), weighted(self.random, senders))

    def _posting(self, trade: Trade, role: Role, turn: int, agency: AgencyWords) -> Posting:
        terms = role.terms[turn % len(role.terms)]
        facts = self._facts(trade, role, terms, agency)
        while (facts.title, facts.employer) in self.told:
            facts = self._facts(trade, role, terms, agency)
        self.told.add((facts.title, facts.employer))
        reference = PostingFacts.model_validate(dict(facts) | {"source_ref": self.next_reference(agency)})
        return Posting(agency.key, trade.key, reference)

    def next_reference(self, agency: AgencyWords) -> str:
        """The agency's own number for a posting, in the form that its kind of file has; the same on every day."""
        number = self.numbers[agency.key] = self.numbers.get(agency.key, 0) + 1
        if agency.shape in ("work24", "seoul"):
            return f"K9990{1 + self.words.agencies.index(agency):02d}{number:09d}"
        return f"{agency.key[:2].upper()}-{number:04d}"

    def _facts(self, trade: Trade, role: Role, terms: Terms, agency: AgencyWords) -> PostingFacts:
        employer = self.random.choice(role.employers).format(stem=self.random.choice(trade.stems))
        place = self._home_of(employer)
        experience = self.random.choice(role.experience)
        headcount = self.random.choice((1, 1, 1, 2) if experience >= 12 else (1, 1, 2, 2, 3, 5))
        hours = self.random.choice(terms.hours)
        opened_on = self.today - timedelta(days=self.random.randrange(LONGEST_OPEN_DAYS))
        return PostingFacts(
            agency_id=agency.agency_id,
            source_ref="-",
            title=self._title(role, terms, place, headcount),
            employer=employer,
            description=self._description(role, terms, employer),
            qualification="\n".join(self._qualification(trade, role, terms, hours, experience)),
            preferred="\n".join(f"- {line}" for line in self._some(trade.preferred, 1, 3)),
            required_skills=self._spelt(role.required_skills),
            preferred_skills=self._spelt(self._some(role.preferred_skills, 1, 2)),
            certificates=role.certificates,
            occupation_code=role.code,
            employment_type=terms.employment,
            wage=self._wage(terms),
            weekly_hours=terms.weekly_hours,
            work_hours=hours,
            experience_months=experience if self.random.random() < 0.9 else None,
            place=place,
            headcount=headcount,
            opened_on=opened_on,
            closes_on=self._closing(),
        )

    def _home_of(self, employer: str) -> Place:
        if employer not in self.homes:
            district = weighted(self.random, self.words.districts)
            self.homes[employer] = self._somewhere_in(district)
        return self.homes[employer]

    def _somewhere_in(self, district: District) -> Place:
        road, number = self.random.choice(self.words.roads), self.random.randrange(3, 240)
        return Place(
            district=district.name,
            address=f"{district.name} {road} {number}",
            latitude=round(district.latitude + self.random.uniform(-0.012, 0.012), 4),
            longitude=round(district.longitude + self.random.uniform(-0.012, 0.012), 4),
        )

    def _title(self, role: Role, terms: Terms, place: Place, headcount: int) -> str:
        title, local = self.random.choice(role.titles), str(place.district).split()[-1]
        kind = EMPLOYMENT_KO[terms.employment]
        forms = [f"{title} 모집", f"{title} 채용", f"[{local}] {title} 모집", f"{title} ({kind}) 채용"]
        forms += [f"{title} 구합니다", f"{local} {title} {kind} 모집", f"<{local}> {title} 구인"]
        if headcount > 1:
            forms += [f"{title} {headcount}명 모집"] * 2
        return self.random.choice(forms)

    def _description(self, role: Role, terms: Terms, employer: str) -> str:
        duties = self._some(role.duties, min(4, len(role.duties)), len(role.duties))
        workplace = self.random.choice(role.workplace)
        lasting = terms.weekly_hours >= 30 and terms.employment not in ("daily", "freelance")
        benefit = " ".join(self._some(self.words.benefits, 1, 2)) if lasting else ""
        bullets, listed = "\n".join(f"- {duty}" for duty in duties), ", ".join(duties)
        numbered = "\n".join(f"{number}. {duty}" for number, duty in enumerate(duties, 1))
        forms = (
            f"{workplace}\n{bullets}",
            f"{workplace} 하시는 일은 {listed}입니다. {benefit}",
            f"[담당업무]\n{numbered}\n{benefit}",
            f"{topic(employer)} 함께 일할 분을 찾습니다. {workplace}\n{bullets}\n{benefit}",
            f"{listed} 등을 맡습니다. {workplace}",
        )
        return self.random.choice(forms).strip()

    def _qualification(self, trade: Trade, role: Role, terms: Terms, hours: str, experience: int) -> Iterator[str]:
        lines = [held(certificate) for certificate in role.certificates]
        lines.append(
            f"관련 경력 {span(experience)} 이상" if experience else self.random.choice(("경력 무관", "신입 지원 가능"))
        )
        if self.random.random() < 0.4:
            lines.append(f"{', '.join(role.required_skills[:2])} 가능하신 분")
        asked = [line for line in trade.qualification if agrees(line, terms, hours)]
        for line in [*lines, *self._some(asked, 2, 3)]:
            yield f"- {line}"

    def _wage(self, terms: Terms) -> Money:
        unit, low, high = terms.wage
        step = WAGE_STEPS[unit]
        least = self.random.randrange(low, (low + high) // 2 + 1, step)
        most = self.random.randrange(least, high + 1, step)
        if unit in ("hour", "day") or self.random.random() < 0.35:
            return Money(unit=unit, minimum=least, maximum=least)
        return Money(unit=unit, minimum=least, maximum=most if self.random.random() < 0.8 else None)

    def _closing(self) -> date | None:
        if self.random.random() < 0.25:
            return None
        return self.today + timedelta(days=self.random.randrange(3, LONGEST_TO_CLOSE_DAYS))

    def _spelt(self, skills: Sequence[str]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(another_spelling(self.random, self.words, skill) for skill in skills))

    def _some(self, entries: Sequence[str], least: int, most: int) -> list[str]:
        """A few of them, in the order in which they stand."""
        count = min(self.random.randint(least, most), len(entries))
        chosen = self.random.sample(range(len(entries)), count)
        return [entries[index] for index in sorted(chosen)]


def agrees(line: str, terms: Terms, hours: str) -> bool:
    """Whether a line that the trade often asks for can stand beside these hours."""
    if "주말" in line:
        return "월~금" not in hours
    if "교대" in line:
        return any(sign in hours for sign in ("교대", "격일", "스케줄", "당직"))
    return "서서" not in line or terms.wage[0] != "year"


def another_spelling(random: Random, words: CityWords, skill: str) -> str:
    """The same skill as another person might write it."""
    spellings = next((known for known in words.spellings if skill in known), (skill,))
    return random.choice(spellings) if random.random() < 0.5 else skill


def weighted(random: Random, entries: Sequence[S]) -> S:
    """One of several, the likelier the greater its share."""
    return random.choices(entries, [entry.share for entry in entries])[0]


def shares(entries: Sequence[T], weights: Sequence[int], count: int) -> Iterator[tuple[T, int]]:
    """How many of `count` fall to each, by weight, none lost in rounding."""
    before = total = 0
    for entry, weight in zip(entries, weights, strict=True):
        total += weight
        upto = count * total // sum(weights)
        yield entry, upto - before
        before = upto
