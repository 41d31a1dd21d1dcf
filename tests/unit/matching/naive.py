"""The score and the lists as one would write them on paper: one pair at a time, no arrays, no index."""

import math
from collections.abc import Mapping
from fractions import Fraction
from uuid import UUID

from services.matching.engine import text
from services.matching.engine.scorer import PARTS, VIEWS, Rules
from services.matching.engine.skills.likeness import likeness
from services.matching.engine.skills.terms import canonical
from services.matching.engine.wages import on_common_basis
from shared.contracts import GateName, PostingFacts, PostingPublished, SeekerFacts, SeekerPublished
from shared.contracts.matches import PartName
from shared.places import EARTH_RADIUS_M, accepts, spot, usual_name

Values = dict[PartName, int]
Row = dict[int, float]
SKILLED: tuple[PartName, ...] = ("required_skills", "preferred_skills", "certificate")


def match_set(
    seekers: Mapping[UUID, SeekerPublished],
    postings: Mapping[UUID, PostingPublished],
    rules: Rules,
    frequencies: text.Floats,
    apart: frozenset[tuple[UUID, UUID]] = frozenset(),
) -> dict[tuple[UUID, UUID], tuple[int, Values]]:
    """Every pair that is on a list, with its score and the values of its known parts; none that is kept apart."""
    scored = {}
    for s in seekers.values():
        for p in postings.values():
            values = None if (s.seeker_id, p.posting_id) in apart else fit(s.facts, p.facts, frequencies)
            if values is not None and (score := total(values, rules)) is not None and score >= rules.threshold:
                scored[s.seeker_id, p.posting_id] = score, values
    chosen: set[tuple[UUID, UUID]] = set()
    for seeker in seekers:
        of_seeker = [ends for ends in scored if ends[0] == seeker]
        of_seeker.sort(key=lambda ends: (-scored[ends][0], postings[ends[1]].accepted_at, ends[1]))
        chosen.update(of_seeker[: rules.seeker_list])
    for posting in postings:
        of_posting = [ends for ends in scored if ends[1] == posting]
        of_posting.sort(key=lambda ends: (-scored[ends][0], seekers[ends[0]].applied_at, ends[0]))
        chosen.update(of_posting[: rules.posting_list])
    return {ends: scored[ends] for ends in chosen}


def near_misses(
    s: SeekerFacts, postings: Mapping[UUID, PostingPublished], rules: Rules, frequencies: text.Floats
) -> tuple[int, list[tuple[UUID, GateName | None, int, int]]]:
    """The bar of her list; and each posting that she nearly gets, by which gate, its score as is and as it would be."""
    scored = {}
    for one, posting in postings.items():
        values, shut = judge(s, posting.facts, frequencies)
        now = total(values, rules)
        foreign = "occupation" in shut and values["occupation"] < 5_000
        if now is not None and len(shut) < 2 and not foreign:
            all_held = {part: 10_000 if part in SKILLED else value for part, value in values.items()}
            scored[one] = now, now if shut else total(all_held, rules) or 0, next(iter(shut), None)
    listed = [one for one, (score, _, gate) in scored.items() if gate is None and score >= rules.threshold]
    listed.sort(key=lambda one: (-scored[one][0], postings[one].accepted_at, one))
    listed = listed[: rules.seeker_list]
    bar = scored[listed[-1]][0] if len(listed) == rules.seeker_list else rules.threshold
    near = [one for one, (_, would_be, _) in scored.items() if one not in listed and would_be >= bar]
    near.sort(key=lambda one: (-scored[one][1], postings[one].accepted_at, one))
    return bar, [(one, scored[one][2], scored[one][0], scored[one][1]) for one in near[: rules.seeker_list]]


def total(values: Values, rules: Rules, view: str = "score") -> int | None:
    """The weighted mean, half rounded up."""
    known = {part: value for part, value in values.items() if part in VIEWS[view]}
    if not known:
        return None
    gained = sum(rules.weights[part] * value for part, value in known.items())
    return math.floor(Fraction(gained, divisor(values, rules, view)) + Fraction(1, 2))


def divisor(values: Values, rules: Rules, view: str) -> int:
    """The weight of what is known, and what is lacking of the least that is to be known of what she can do."""
    known = sum(rules.weights[part] for part in values if part in VIEWS[view])
    able = sum(rules.weights[part] for part in values if part in VIEWS["posting"])
    return known + (max(rules.least_evidence - able, 0) if view != "seeker" else 0)


def shares(values: Values, rules: Rules, view: str = "score") -> Values:
    """Points by largest remainder."""
    known = {part: value for part, value in values.items() if part in VIEWS[view]}
    if not known:
        return {}
    weight = divisor(values, rules, view)
    exact = {part: Fraction(rules.weights[part] * value, weight) for part, value in known.items()}
    told = {part: math.floor(share) for part, share in exact.items()}
    missing = (total(values, rules, view) or 0) - sum(told.values())
    by_remainder = sorted(known, key=lambda part: (-(exact[part] - told[part]), PARTS.index(part)))
    for part in by_remainder[:missing]:
        told[part] += 1
    return told


def fit(s: SeekerFacts, p: PostingFacts, frequencies: text.Floats) -> Values | None:
    """The known parts; None where a gate keeps the two apart."""
    values, shut = judge(s, p, frequencies)
    return None if shut else values


def judge(s: SeekerFacts, p: PostingFacts, frequencies: text.Floats) -> tuple[Values, set[GateName]]:
    """The known parts, the gates left aside, and which gates keep the two apart."""
    parts: dict[PartName, int | None] = {
        "occupation": _occupation(s, p),
        "text": _text(s, p, frequencies),
        "wage": _wage(s, p),
        "hours": _hours(s, p),
        "experience": _experience(s, p),
        "required_skills": _coverage(s, p.required_skills, bool(_held(s))),
        "preferred_skills": _coverage(s, p.preferred_skills, bool(_held(s))),
        "certificate": _coverage(s, p.certificates, bool(s.certificates)),
    }
    kinds = s.wishes.employment_types
    parts["commute"], is_too_far = _commute(s, p)
    shut: dict[GateName, bool] = {
        "occupation": _is_outside(s, p),
        "employment_type": bool(kinds) and p.employment_type is not None and p.employment_type not in kinds,
        "commute": is_too_far,
        "certificate": parts["certificate"] == 0,
    }
    return {part: value for part, value in parts.items() if value is not None}, {gate for gate in shut if shut[gate]}


def _text(s: SeekerFacts, p: PostingFacts, frequencies: text.Floats) -> int | None:
    a, b = row(text.seeker_document(s), frequencies), row(text.posting_document(p), frequencies)
    return min(math.floor(alike(a, b) * 10_000 + Fraction(1, 2)), 10_000) if a and b else None


def alike(a: dict[int, int], b: dict[int, int]) -> Fraction:
    """Likeness of two texts, exact."""
    return Fraction(sum(a[column] * b[column] for column in a.keys() & b.keys()), 32_768**2)


def row(document: text.Document, frequencies: text.Floats) -> dict[int, int]:
    """A length of one is 32,768 whole steps."""
    title, body = _weighed(document.title, frequencies), _weighed(document.body, frequencies)
    both = {
        column: text.TITLE_WEIGHT * title.get(column, 0.0) + body.get(column, 0.0)
        for column in title.keys() | body.keys()
    }
    return {column: round(value * 32_768) for column, value in _of_length_one(both).items()}


def _weighed(said: str, frequencies: text.Floats) -> Row:
    counts = text.count([said])
    raw = {
        int(column): (1 + math.log(times)) * (frequencies[column] * _weight(int(column)))
        for column, times in zip(counts.indices, counts.data, strict=True)
    }
    return _of_length_one(raw)


def _weight(column: int) -> float:
    for kind in text.KINDS:
        if column < kind.columns:
            return kind.weight
        column -= kind.columns
    raise IndexError(column)


def _of_length_one(row: Row) -> Row:
    length = math.sqrt(sum(row[column] ** 2 for column in sorted(row)))
    return {column: value / length for column, value in row.items()}


def _held(s: SeekerFacts) -> set[str]:
    return {canonical(term) for term in (*s.skills, *s.certificates)} - {""}


def _coverage(s: SeekerFacts, asked: tuple[str, ...], told: bool) -> int | None:
    terms = {canonical(term) for term in asked} - {""}
    if not terms or not told:
        return None
    covered = sum(max((likeness(term, held) for held in _held(s)), default=0) for term in terms)
    return math.floor(Fraction(covered, len(terms)) + Fraction(1, 2))


def _is_outside(s: SeekerFacts, p: PostingFacts) -> bool:
    wished, offered = s.wishes.occupation_codes, p.occupation_code
    if not wished or not offered or s.wishes.widened:
        return False
    return not any(w.startswith(offered) or offered.startswith(w) for w in wished)


def _occupation(s: SeekerFacts, p: PostingFacts) -> int | None:
    """As if the wish were widened."""
    wished, offered = s.wishes.occupation_codes, p.occupation_code
    if not wished or not offered:
        return None
    return max(10_000 * len(_same_start(w, offered)) // len(w) for w in wished)


def _same_start(a: str, b: str) -> str:
    return next(a[:size] for size in range(len(a), -1, -1) if b.startswith(a[:size]))


def _commute(s: SeekerFacts, p: PostingFacts) -> tuple[int | None, bool]:
    """What the way is worth, and whether it is too far."""
    home, work, limit = spot(s.home), spot(p.place), s.wishes.commute_km
    metres = None
    if home.point and work.point:
        metres = round(math.dist(home.point, work.point) * EARTH_RADIUS_M)
    areas = [accepts(usual_name(area), work.district) for area in s.wishes.districts if work.district]
    within = True if True in areas else None if not areas or None in areas else False
    if work.remote:
        return (10_000 if home.point or s.wishes.districts else _by_distance(metres, limit)), False
    answers = [within] if s.wishes.districts else []
    if limit is not None:
        answers.append(None if metres is None else metres <= round(limit * 1000))
    is_too_far = False in answers and True not in answers and None not in answers
    return (10_000 if within else _by_distance(metres, limit)), is_too_far


def _by_distance(metres: int | None, limit: float | None) -> int | None:
    if metres is None:
        return None
    reach = 2 * round(limit * 1000) if limit else 40_000
    return max(10_000 - 10_000 * metres // reach, 0)


def _wage(s: SeekerFacts, p: PostingFacts) -> int | None:
    wished, offered = on_common_basis(s.wishes.wage, s.wishes.weekly_hours), on_common_basis(p.wage, p.weekly_hours)
    stated = s.wishes.wage is not None and s.wishes.wage.minimum is not None
    for basis in ("hour", "month"):
        wish = getattr(wished, f"{basis}_least" if stated else f"{basis}_most")
        least, most = getattr(offered, f"{basis}_least"), getattr(offered, f"{basis}_most")
        if wish < 0 or most < 0:
            continue
        if least >= wish:
            return 10_000
        return 7_500 if most >= wish else max(7_500 - 30_000 * (wish - most) // wish, 0)
    return None


def _hours(s: SeekerFacts, p: PostingFacts) -> int | None:
    if s.wishes.weekly_hours is None or p.weekly_hours is None:
        return None
    wished, offered = max(1, round(s.wishes.weekly_hours * 10)), max(1, round(p.weekly_hours * 10))
    return max(10_000 - 20_000 * max(offered - wished, 0) // wished, 0)


def _experience(s: SeekerFacts, p: PostingFacts) -> int | None:
    if s.experience_months is None or p.experience_months is None:
        return None
    if p.experience_months == 0:
        return 10_000
    return min(10_000 * s.experience_months // p.experience_months, 10_000)
