"""Do the skills that the season planner teaches lie where matches fail? `python -m tests.benchmarks.skill_targeting`

The planner sees what registry holds: the skills that open postings require, as they are written, and those that the
seekers of a café state. Matching sees more: which pairs nearly match, and what they lack. Of those near misses of
a café's seekers, in how many is one of the five skills missing, and how many would a lecture on it bring onto a list?
The demo city: all invented.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple
from uuid import NAMESPACE_OID, UUID, uuid5

import numpy as np

from deploy.demo.make_city import make_city
from services.matching.engine.near_misses import NearMisses
from services.matching.engine.profiles import Profile
from services.matching.engine.scorer import Rules
from services.matching.engine.skills.terms import canonical
from services.registry.cafes.season_facts import asked_skills, learners
from services.registry.cafes.season_planner import SKILLS_A_KIND, CafeFacts, taught
from shared.contracts import PostingPublished, SeekerPublished
from tests.unit.matching.examples import hear, open_store, started

TODAY = date(2026, 3, 2)
RANDOM_CHOICES = 200


class Cafe(NamedTuple):
    """What registry knows of a café, and the near misses of its seekers."""

    near: list[dict[str, Any]]
    """Postings of its district."""
    people: list[frozenset[str]]
    misses: list[NearMisses]


def cafes() -> list[Cafe]:
    city, engine = make_city(TODAY), open_store()
    matcher = started(engine, Rules(), epoch_profiles=2)
    heard_at = datetime(2026, 3, 2, tzinfo=UTC)
    people = {
        uuid5(NAMESPACE_OID, each.ref): SeekerPublished(
            seeker_id=uuid5(NAMESPACE_OID, each.ref), revision=1, applied_at=heard_at, facts=each.facts
        )
        for each in city.seekers
    }
    orders = [
        PostingPublished(
            posting_id=uuid5(NAMESPACE_OID, f"{each.agency_key} {each.source_ref}"), revision=1, agency_name="가상",
            accepted_at=heard_at, facts=each.facts,
        )
        for each in city.postings
    ]  # fmt: skip
    hear(matcher, engine, [*people.values(), *orders])
    districts = {each.key: each.district for each in city.cafes}
    near: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for each in city.postings:
        place = each.facts.place
        near[(place.district if place else None) or ""].append(each.facts.model_dump(mode="json"))
    found: defaultdict[str, Cafe] = defaultdict(lambda: Cafe([], [], []))
    for each in city.seekers:
        profile = Profile("seeker", uuid5(NAMESPACE_OID, each.ref), 1, heard_at, each.facts)
        found[each.cafe_key].people.append(frozenset("".join(skill.split()).casefold() for skill in each.facts.skills))
        found[each.cafe_key].misses.append(matcher.near_misses(profile))
    return [one._replace(near=near[districts[key]]) for key, one in sorted(found.items()) if key in districts]


def share(skills: Collection[str], cafe: Cafe) -> tuple[int, int, int]:
    """Near misses in which one of these is missing, those that it would bring onto a list, and all near misses."""
    terms = {canonical(skill) for skill in skills}
    missing = brings = whole = 0
    for misses in cafe.misses:
        for miss in misses.near:
            raised = [one for one in miss.raises if canonical(one.term) in terms]
            whole, missing = whole + 1, missing + bool(raised)
            brings += miss.gate is None and any(miss.score + one.score >= misses.bar for one in raised)
    return missing, brings, whole


def planned(postings: list[dict[str, Any]], cafe: Cafe) -> list[str]:
    """What the planner would teach there."""
    return list(taught(CafeFacts(UUID(int=1), 0, learners=learners(asked_skills(postings), cafe.people))))


def best(cafe: Cafe) -> list[str]:
    """The five that are missing most often: what only matching knows."""
    lacking = Counter(canonical(one.term) for misses in cafe.misses for miss in misses.near for one in miss.raises)
    return [term for term, _ in lacking.most_common(SKILLS_A_KIND)]


def told(name: str, counted: Iterable[tuple[int, int, int]]) -> None:
    missing, brings, whole = np.array(list(counted)).sum(axis=0)
    shares = f"missing in {missing / whole:.1%} of {whole:,} near misses, brings {brings / whole:.1%} onto lists"
    print(f"{name:40} {shares}")  # noqa: T201


def main() -> None:
    town, city = cafes(), [each.facts.model_dump(mode="json") for each in make_city(TODAY).postings]
    asked = Counter(skill for facts in city for skill in facts["required_skills"])
    chosen: dict[str, list[Sequence[str]]] = {
        "planner: lacked, of all postings": [planned(city, cafe) for cafe in town],
        "the same, of the district's postings": [planned(cafe.near, cafe) for cafe in town],
        "the five that most postings require": [[skill for skill, _ in asked.most_common(SKILLS_A_KIND)]] * len(town),
        "the five most often missing (matching)": [best(cafe) for cafe in town],
    }
    for name, skills in chosen.items():
        told(name, map(share, skills, town))
    chance = np.random.default_rng(0)
    told(
        f"five by chance, {RANDOM_CHOICES} times",
        (
            share(chance.choice(sorted(asked), SKILLS_A_KIND, replace=False).tolist(), cafe)
            for _ in range(RANDOM_CHOICES)
            for cafe in town
        ),
    )


if __name__ == "__main__":
    main()
