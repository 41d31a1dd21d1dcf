"""Which seekers does the demo city have? Each with the story, skills and wishes of one role of a trade."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random

from deploy.demo.city import Seeker
from deploy.demo.invent_postings import WAGE_STEPS, another_spelling, shares
from deploy.demo.korean import span
from deploy.demo.vocabulary import CafeWords, CityWords, Role, Terms, Trade
from shared.clock import KST
from shared.contracts import Money, Place, SeekerFacts, Wishes
from shared.contracts.envelope import EmploymentType

MONTHS_OF_WORK = (6, 10, 12, 18, 24, 30, 36, 48, 60, 84, 120)
TRAINED = re.compile(r"따고|땄|합격|마쳤|마치고|수료|공부|과정|졸업|전공|이수")
"""A newcomer who says so holds the certificate."""
LONGEST_AGO_DAYS = 80
"""An application holds for three months."""


@dataclass
class SeekerInventor:
    """Draws seekers; the same seed draws the same."""

    words: CityWords
    trades: Sequence[Trade]
    today: date
    random: Random
    told: set[str] = field(default_factory=set)

    def seekers(self, count: int) -> Iterator[Seeker]:
        names = self._names(count)
        number = 0
        for trade, wanted in shares(self.trades, [trade.weight for trade in self.trades], count):
            for _ in range(wanted):
                cafe = self.words.cafes[number % len(self.words.cafes)]
                yield self._seeker(trade, cafe, number + 1, names[number])
                number += 1

    def _names(self, count: int) -> list[str]:
        names = [family + given for family in self.words.family_names for given in self.words.given_names]
        return self.random.sample(names, count)

    def _seeker(self, trade: Trade, cafe: CafeWords, number: int, name: str) -> Seeker:
        facts = self._facts(trade, cafe)
        while facts.summary in self.told:
            facts = self._facts(trade, cafe)
        self.told.add(facts.summary)
        day = self.today - timedelta(days=self.random.randrange(1, LONGEST_AGO_DAYS))
        clock = time(self.random.randrange(9, 18), self.random.randrange(60))
        return Seeker(
            ref=f"demo-{number:04d}",
            trade=trade.key,
            name=name,
            phone=f"010-0000-{number:04d}",
            email=f"seeker{number:04d}@example.invalid",
            cafe_key=cafe.key,
            applied_at=datetime.combine(day, clock, KST),
            facts=facts,
        )

    def _facts(self, trade: Trade, cafe: CafeWords) -> SeekerFacts:
        experienced = self.random.random() < 0.6
        story = self.random.choice(trade.seekers.experienced if experienced else trade.seekers.newcomer)
        role, months = trade.roles[story.role], self.random.choice(MONTHS_OF_WORK) if experienced else 0
        terms = self.random.choice([each for each in role.terms if not (experienced and each.employment == "intern")])
        home = self.random.choice((cafe.district, *cafe.around))
        wishes = self._wishes(trade, role, terms, (home, *self.random.sample(cafe.around, 3)))
        told = [story.text.replace("{years}", span(months)), *self._strength(trade), *self._hope(terms, wishes)]
        trained = experienced or TRAINED.search(story.text)
        licences = [licence for licence in role.certificates if trained or licence.endswith("종 보통")]
        return SeekerFacts(
            summary=" ".join(told),
            skills=tuple(dict.fromkeys(self._skills(role, experienced=experienced))),
            certificates=tuple(dict.fromkeys((*licences, *self._also_held(trade)))),
            experience_months=months,
            home=Place(district=home),
            wishes=wishes,
        )

    def _strength(self, trade: Trade) -> list[str]:
        return [self.random.choice(trade.seekers.strengths)] if self.random.random() < 0.7 else []

    def _hope(self, terms: Terms, wishes: Wishes) -> list[str]:
        """A wish in her own words, that agrees with what she ticked."""
        hopes = []
        if wishes.commute_km or wishes.districts:
            hopes += [
                "집에서 너무 멀지 않은 곳이면 좋겠습니다.",
                "환승 한 번까지는 괜찮습니다.",
                "집 가까운 곳부터 보려 합니다.",
            ]
        if wishes.employment_types == ("regular",):
            hopes += [
                "오래 다닐 수 있는 정규직 자리를 바랍니다.",
                "한곳에서 꾸준히 일하고 싶습니다.",
                "바로 출근할 수 있습니다.",
            ]
        if wishes.employment_types == ("part_time",):
            hopes += ["하루 몇 시간씩 일하는 자리를 찾습니다.", "근무 시간이 일정하면 좋겠습니다."]
        if wishes.widened:
            hopes.append("비슷한 일이라면 다른 직종도 괜찮습니다.")
        if terms.weekly_hours > 40 and not wishes.weekly_hours:
            hopes.append("근무 시간이 길어도 급여가 맞으면 괜찮습니다.")
        return [self.random.choice(hopes)] if hopes and self.random.random() < 0.6 else []

    def _skills(self, role: Role, *, experienced: bool) -> Iterator[str]:
        likely = 0.9 if experienced else 0.55
        chosen = [skill for skill in role.required_skills if self.random.random() < likely]
        chosen += [skill for skill in role.preferred_skills if self.random.random() < likely / 2]
        for skill in chosen or role.required_skills[:1]:
            yield another_spelling(self.random, self.words, skill)

    def _also_held(self, trade: Trade) -> tuple[str, ...]:
        return tuple(held for held in trade.also_held if self.random.random() < 0.25)

    def _wishes(self, trade: Trade, role: Role, terms: Terms, near: Sequence[str]) -> Wishes:
        return Wishes(
            occupation_codes=self._occupations(trade, role),
            widened=self.random.random() < 0.2,
            employment_types=self._employment(role, terms),
            wage=self._wage(terms) if self.random.random() < 0.72 else None,
            weekly_hours=max(terms.weekly_hours, 20) if self.random.random() < 0.3 else None,
            districts=tuple(dict.fromkeys(near)) if self.random.random() < 0.3 else (),
            commute_km=self.random.choice((7, 10, 12, 15, 20)) if self.random.random() < 0.4 else None,
        )

    def _occupations(self, trade: Trade, role: Role) -> tuple[str, ...]:
        """Four digits: the occupation, not one kind of it."""
        if self.random.random() < 0.06:
            return ()
        near = {other.code[:4] for other in trade.roles if other.code[:2] == role.code[:2]} - {role.code[:4]}
        second = sorted(near)[:1] if self.random.random() < 0.4 else []
        return (role.code[:4], *second)

    def _employment(self, role: Role, terms: Terms) -> tuple[EmploymentType, ...]:
        if self.random.random() < 0.3:
            return ()
        also = self.random.choice([each for each in role.terms if each.employment != "intern"]).employment
        return tuple(dict.fromkeys((terms.employment, also))) if self.random.random() < 0.4 else (terms.employment,)

    def _wage(self, terms: Terms) -> Money:
        """What she takes at the least: mostly what is usual, sometimes somewhat more than anybody offers."""
        unit, low, high = terms.wage
        top = high + (high - low) // 2 if self.random.random() < 0.08 else (low + high) // 2
        return Money(unit=unit, minimum=self.random.randrange(low, top + 1, WAGE_STEPS[unit]))
