"""The ground as it was brought last: job-related places, residents, boundaries and paths, each with its source."""

from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter
from sqlmodel import Session, col, select

from services.registry.cafes.coverage import Path
from services.registry.cafes.districts import JobPlace
from services.registry.cafes.ground_files import Boundary, Layer, Residents, Taken, read
from services.registry.tables import GroundLayer, Seeker
from shared.clock import now

SHAPES: dict[Layer, TypeAdapter[Any]] = {
    "places": TypeAdapter(tuple[JobPlace, ...]),
    "residents": TypeAdapter(tuple[Residents, ...]),
    "boundaries": TypeAdapter(tuple[Boundary, ...]),
    "paths": TypeAdapter(tuple[Path, ...]),
}


@dataclass(frozen=True)
class Ground:
    """All layers; a layer that was never brought is empty and has no source."""

    places: tuple[JobPlace, ...]
    residents: tuple[Residents, ...]
    boundaries: tuple[Boundary, ...]
    paths: tuple[Path, ...]
    sources: dict[Layer, str]


def bring(session: Session, layer: Layer, text: str, source: str) -> Taken[Any]:
    """Read a file and keep it in place of the layer's present rows; a file of which no row is good changes nothing."""
    taken = read(layer, text)
    if taken.rows:
        kept = session.get(GroundLayer, layer) or GroundLayer(layer=layer, source="", rows=[], brought_at=now())
        kept.rows = SHAPES[layer].dump_python(tuple(taken.rows), mode="json")
        kept.source, kept.brought_at = source, now()
        session.add(kept)
    return taken


def ground(session: Session) -> Ground:
    kept = {row.layer: row for row in session.exec(select(GroundLayer))}
    layers = {
        layer: shape.validate_python(kept[layer].rows if layer in kept else ()) for layer, shape in SHAPES.items()
    }
    return Ground(**layers, sources={layer: kept[layer].source for layer in SHAPES if layer in kept})


def seekers_by_district(session: Session, state: str) -> dict[str, int]:
    """How many seekers in this state live in each administrative district; "" where it is not known.

    Only counts leave the rows of people: where in her district someone lives is sealed in the vault and not asked for.
    """
    counts: dict[str, int] = {}
    for facts in session.exec(select(Seeker.facts).where(col(Seeker.state) == state)):
        district = (facts.get("home") or {}).get("district") or ""
        counts[district] = counts.get(district, 0) + 1
    return counts
