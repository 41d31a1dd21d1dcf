"""What operators and officials see of fairness and of what the last epochs changed: `/matching/fairness`."""

import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from fastapi import APIRouter, Request
from markupsafe import Markup
from sqlalchemy import Engine
from starlette.responses import RedirectResponse, Response

from services.matching import store
from services.matching.api.drift import ShownDrift, drifts
from services.matching.api.seasons import Planner, ShownExposure, ShownFairness, fairness_of
from services.matching.insight.drift import STEP
from services.matching.pages.cafe_names import CafeNames
from services.matching.rematch import rematches
from services.matching.season.standing import season
from shared.clock import now
from shared.database import reading
from shared.web.catalogue import Language, occupation_name, say
from shared.web.charts import Series, bars
from shared.web.pages import Pages, language_of

KEPT = timedelta(minutes=10)
WIDEST = 14
"""Letters of a name beside a bar; the table has the whole."""


class Group(NamedTuple):
    """A café or an occupation on the page; who it is, where another page tells."""

    name: str
    exposed: ShownExposure
    address: str = ""


class Reckoned(NamedTuple):
    """How fair the lists were, and when they were read."""

    fair: ShownFairness
    at: datetime


class Reckoning:
    """Reads every list at most once in ten minutes, however many look: with a million pairs that takes seconds."""

    def __init__(self, engine: Engine, shard_count: int) -> None:
        self._engine, self._shard_count = engine, shard_count
        self._last: Reckoned | None = None
        self._one_at_a_time = threading.Lock()

    def told(self, *, anew: bool) -> Reckoned:
        """What was found last; read anew where it is old, of another epoch, or somebody asks: once for all who ask."""
        asked = now()
        with self._one_at_a_time:
            with reading(self._engine) as session:
                epoch = store.present_epoch(session, self._shard_count)
            last = self._last
            oldest = asked if anew else asked - KEPT
            if last is None or last.fair.epoch != epoch or not oldest <= last.at <= now():
                began = now()
                with reading(self._engine) as session:
                    last = self._last = Reckoned(fairness_of(season(session, self._shard_count)), began)
            return last


def fairness_pages(engine: Engine, shard_count: int, pages: Pages, names: CafeNames) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    reckoning = Reckoning(engine, shard_count)

    @router.get("/matching/fairness")
    def show_fairness(request: Request, _who: Planner, anew: bool = False) -> Response:
        fair, at = reckoning.told(anew=anew)
        if anew:  # who loads the page again asks no more
            plain = request.url.remove_query_params("anew")
            return RedirectResponse(f"{plain.path}?{plain.query}", 303)
        with reading(engine) as session:
            changed = tuple(drifts(session))
            running, waiting = rematches.unfinished(session), rematches.in_turn(session)
        language = language_of(request)
        cafes = _cafes(fair, names.told(), language)
        codes = [Group(_occupation(code, language), one) for code, one in fair.postings_by_occupation.items()]
        return pages.show(
            request,
            "fairness.html",
            fair=fair,
            at=at,
            running=running,
            waiting=waiting,
            drifts=changed,
            cafes=cafes,
            occupations=codes,
            charts=_charts(fair, changed, cafes, codes, language),
        )

    return router


def _cafes(fair: ShownFairness, names: Mapping[str, str], language: Language) -> list[Group]:
    """By name; one whose name cannot be had now stands under the beginning of its number."""
    called = {cafe: names.get(cafe, cafe[:8]) or say(language, "fairness.no_cafe") for cafe in fair.seekers_by_cafe}
    return [
        Group(called[cafe], one, cafe and f"/cafes/{cafe}")
        for cafe, one in sorted(fair.seekers_by_cafe.items(), key=lambda each: (not each[0], called[each[0]]))
    ]


def _occupation(code: str, language: Language) -> str:
    return occupation_name(code, language) if code else say(language, "fairness.no_occupation")


def _charts(
    fair: ShownFairness, drifts: tuple[ShownDrift, ...], cafes: list[Group], codes: list[Group], language: Language
) -> list[tuple[str, Markup]]:
    """Each with what it shows; nothing where there is nobody."""
    never = say(language, "fairness.never")
    return [
        (f"{say(language, 'fairness.by_occupation')}: {never}", _never(codes, never)),
        (f"{say(language, 'fairness.by_cafe')}: {never}", _never(cafes, never)),
        (say(language, "fairness.scores"), _scores(fair, drifts, language)),
    ]


def _never(groups: list[Group], name: str) -> Markup:
    names = [one.name if len(one.name) <= WIDEST else f"{one.name[: WIDEST - 1]}…" for one in groups]
    return bars(name, names, [Series(name, [one.exposed.share_never for one in groups])], percent=True)


def _scores(fair: ShownFairness, drifts: tuple[ShownDrift, ...], language: Language) -> Markup:
    """Pairs by score: as the last epoch found them and as it left them, or as they are."""
    if drifts:
        told = {say(language, "fairness.before"): drifts[0].before, say(language, "fairness.after"): drifts[0].after}
    else:
        told = {say(language, "fairness.now"): fair.scores}
    counted = [dict(spread) for spread in told.values()]
    starts = sorted({start for counts in counted for start in counts})
    lowest = min((start for counts in counted for start, count in counts.items() if count), default=0)
    starts = [start for start in starts if start >= lowest]
    names = [f"{start // 100}-{(start + STEP) // 100}" for start in starts]
    series = [
        Series(name, [counts.get(start, 0) for start in starts]) for name, counts in zip(told, counted, strict=True)
    ]
    return bars(say(language, "fairness.scores"), names, series)
