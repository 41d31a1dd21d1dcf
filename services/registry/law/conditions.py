"""Which conditions of an offer are missing, past, inverted or too low?"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from services.registry.law.rules import Rules
from services.registry.law.wages import Hours, WageJudgement, judge_wage
from services.registry.law.wording import Found, readable
from shared.contracts import Money, PostingFacts
from shared.won import won

TEXT_FIELDS = ("title", "description", "qualification", "preferred", "work_hours", "certificates", "closing_note")
ALL_ASKED = frozenset({"wage", "hours", "place"})
HOURS_A_DAY = re.compile(r"(?:하루|1 ?일|일일|매일|일) ?(?:총 ?)?(\d{1,2}(?:\.\d)?) ?시간")
DAYS_A_WEEK = re.compile(r"주 ?([1-7]) ?일")
HOURS_A_WEEK = re.compile(r"주 ?(?!52 ?시간 ?제)(\d{1,2}(?:\.\d)?) ?시간(?! ?(?:이내|이하|미만|초과|준수|한도))")
SUM = (
    r"(?>\d{1,2}(?:,\d{3}) ?만|\d{1,4}(?:\.\d)? ?만(?: ?\d ?천)?(?: ?\d ?백)?|만(?= ?원)|\d{1,2} ?천(?: ?\d ?백)?"
    r"|\d{1,3}(?:,\d{3}){1,2}|\d{4,8})"
)
"""`1만`, `9천5백`, `210만`, `만원`, `9,500`, `9500`."""
NO_WAGE = r"(?! ?(?:인상|추가|가산|상승|더|수당|up|\+|할증|차이|정도 ?인상))"
PART_OF_A_WAGE = re.compile(r"수당|별도|인센티브|성과급|식대|상여|\+", re.IGNORECASE)
WAGE_UNITS: tuple[tuple[Literal["hour", "day", "month", "year"], str, str], ...] = (
    ("hour", "(?<!최저 )(?<!최저)(?:시급|시간당)", "원?+"),
    ("day", "(?:일급|일당)", "원"),
    ("month", "월급(?:여)?", "원"),
    ("year", "연봉", "원"),
)
"""`연봉 2400` leaves 만 unsaid, so there the sum ends with 원."""
WAGES_IN_WORDS = tuple(
    (unit, re.compile(rf"{called}(?:은|는|이)? ?[:(]? ?({SUM}) ?+{won}{NO_WAGE}", re.IGNORECASE))
    for unit, called, won in WAGE_UNITS
)
REST_OF_A_LINE = 60


@dataclass(frozen=True)
class Offer:
    """What is linted: readable texts by field, and such facts as are known."""

    texts: dict[str, str]
    employer: str = ""
    registration_number: str | None = None
    wage: Money | None = None
    hours: Hours = field(default_factory=Hours)
    hours_told: bool = False
    place_told: bool = False
    opened_on: date | None = None
    closes_on: date | None = None
    asked: frozenset[str] = ALL_ASKED
    """Of what it must be told if it is missing: of all in a posting, of nothing in a piece of text."""

    @property
    def title(self) -> str:
        """Where a ground is looked for besides the line itself."""
        return self.texts.get("title") or self.texts.get("text", "").partition("\n")[0][:200]


@dataclass(frozen=True)
class Condition:
    """A rule about facts that speaks against the offer, and what it found."""

    rule_id: str
    found: tuple[Found, ...] = ()
    detail_ko: str = ""
    detail: str = ""


def offer_of(facts: PostingFacts) -> Offer:
    """The offer in a posting's facts."""
    said = {name: getattr(facts, name) for name in TEXT_FIELDS}
    texts = {name: readable("\n".join(value) if isinstance(value, tuple) else value) for name, value in said.items()}
    return Offer(
        texts={name: text for name, text in texts.items() if text},
        employer=facts.employer,
        wage=facts.wage,
        hours=hours_in(texts["work_hours"], facts.weekly_hours),
        hours_told=bool(facts.weekly_hours or texts["work_hours"]),
        place_told=bool(facts.place.district or facts.place.address or facts.place.remote),
        opened_on=facts.opened_on,
        closes_on=facts.closes_on,
    )


def hours_in(words: str, weekly: float | None) -> Hours:
    """The hours told as numbers, completed by those in the sender's words."""
    return Hours(weekly or _number(HOURS_A_WEEK, words), _number(HOURS_A_DAY, words), _number(DAYS_A_WEEK, words))


def conditions(offer: Offer, on: date, work_year: int, rules: Rules) -> Iterator[Condition]:
    """What the offer's facts say, or fail to say."""
    yield from _wage(offer, work_year, rules)
    yield from _wage_in_words(offer, work_year, rules)
    yield from _missing(offer)
    if offer.closes_on and offer.closes_on < on:
        yield Condition("closing.past", _place(str(offer.closes_on), "closes_on"))
    if offer.closes_on and offer.opened_on and offer.closes_on < offer.opened_on:
        yield Condition("closing.order", _place(f"{offer.opened_on} > {offer.closes_on}", "closes_on"))


def _missing(offer: Offer) -> Iterator[Condition]:
    wage_told = offer.wage is not None and bool(offer.wage.minimum or offer.wage.maximum)
    told = {"wage": wage_told, "hours": offer.hours_told, "place": offer.place_told}
    yield from (Condition(f"conditions.{name}") for name in told if name in offer.asked and not told[name])


def _wage(offer: Offer, work_year: int, rules: Rules) -> Iterator[Condition]:
    if offer.wage is None:
        return
    low, high = offer.wage.minimum, offer.wage.maximum
    if low is not None and high is not None and low > high > 0:
        yield Condition("wage.inverted", _place(f"{low} > {high}", "wage"))
    judged = judge_wage(offer.wage, offer.hours, work_year, rules)
    found = _place(f"{judged.offered} / {offer.wage.unit}", "wage")
    if judged.verdict == "below":
        yield _below(judged, found, work_year)
    elif judged.verdict == "cannot judge" and judged.why != "wage":
        ko, en = WHY[judged.why]
        yield Condition("wage.unjudged", found, ko, en)


WHY = {
    "hours": ("근로시간을 모릅니다.", "The hours are not known."),
    "year": ("그 해의 최저임금이 표에 없습니다.", "The table has no minimum wage for that year."),
    "lower bound": ("임금의 하한이 없습니다.", "The wage has no lower bound."),
}


def _wage_in_words(offer: Offer, work_year: int, rules: Rules) -> Iterator[Condition]:
    """An hourly wage named in a text needs no hours to be judged; another, in a text alone, those that it names."""
    if work_year not in rules.wages:
        return
    alone = offer.wage is None and "wage" not in offer.asked
    for where, text in offer.texts.items():
        hours = _completed(offer.hours, text)
        for wage, said in _wages_said(text, by_the_hour=not alone):
            judged = judge_wage(wage, hours, work_year, rules)
            if judged.verdict == "below":
                yield _below(judged, (Found(said[0], where, said.start(), said.end()),), work_year)
                return


def _wages_said(text: str, *, by_the_hour: bool) -> Iterator[tuple[Money, re.Match[str]]]:
    for unit, pattern in WAGES_IN_WORDS[:1] if by_the_hour else WAGES_IN_WORDS:
        for said in pattern.finditer(text):
            rest = text[said.end() : said.end() + REST_OF_A_LINE].partition("\n")[0]
            if unit == "hour" or not PART_OF_A_WAGE.search(rest):
                yield Money(unit=unit, minimum=won(said[1])), said


def _completed(hours: Hours, text: str) -> Hours:
    told = hours_in(text, hours.weekly)
    return Hours(told.weekly, hours.daily or told.daily, hours.days_a_week or told.days_a_week)


def _below(judged: WageJudgement, found: tuple[Found, ...], work_year: int) -> Condition:
    rule_id = "wage.below_minimum_probation" if judged.within_probation else "wage.below_minimum"
    return Condition(
        rule_id,
        found,
        f"{work_year}년 최저임금 시급 {judged.hourly:,}원, 이 단위로 {judged.least:,}원; 제시 {judged.offered:,}원.",
        f"Minimum of {work_year}: {judged.hourly:,} an hour, here {judged.least:,}; offered {judged.offered:,}.",
    )


def _place(words: str, where: str) -> tuple[Found, ...]:
    return (Found(words, where, 0, 0),)


def _number(pattern: re.Pattern[str], words: str) -> float | None:
    found = pattern.search(words)
    return float(found[1]) if found and float(found[1]) > 0 else None
