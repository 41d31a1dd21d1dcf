"""How long does the main job take on real input: 998 seekers, 6,163 postings, every pair, as processes, durable?

Needs the postings and profiles in the folder that ILJARI_DATA names. Everything runs as on a laptop: Valkey with AOF
`always`, SQLite with `synchronous=FULL`, three services, the gateway, all on this machine.
"""

import os
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from shared.command import show_table
from tests.journey.city import City, iljari_json, started_city

SEEKERS = "kdot/profile_graded/queries.dev.jsonl"
POSTINGS = "ko_postings/postings.jsonl"


@dataclass
class Measured:
    """What one run gave."""

    seconds: dict[str, float] = field(default_factory=dict)
    counts: dict[str, Any] = field(default_factory=dict)
    megabytes: dict[str, float] = field(default_factory=dict)

    def rows(self) -> list[tuple[str, str]]:
        pairs = self.counts["seekers"] * self.counts["postings"]
        whole = sum(
            self.seconds[step] for step in ("import seekers", "import postings", "until all is matched and listed")
        )
        return [
            *[(step, f"{seconds:.1f} s") for step, seconds in self.seconds.items()],
            ("whole: command to desk", f"{whole:.1f} s"),
            ("postings a second, import alone", f"{self.counts['rows'] / self.seconds['import postings']:.0f}"),
            ("postings a second, to the desk", f"{self.counts['rows'] / whole:.0f}"),
            ("pairs a second, to the desk", f"{pairs / whole:,.0f}"),
            *[(f"memory of {name} (largest seen)", f"{size:.0f} MiB") for name, size in sorted(self.megabytes.items())],
            *[(f"certificate: {name}", str(value)) for name, value in self.counts.items()],
        ]


def measure(data: Path) -> Measured:
    """Run the main job once in a fresh folder."""
    with tempfile.TemporaryDirectory(prefix="iljari-bench-") as folder, started_city(Path(folder)) as city:
        return _measured(city, data)


def _measured(city: City, data: Path) -> Measured:
    measured = Measured()
    agency = iljari_json("agency", "add", "벤치마크 직업소개소", "--licence", "무료", data=city.data)
    owner = ("--agency", agency["agency_id"])
    with _timed(measured, "import seekers"):
        iljari_json("import", "seekers", data / SEEKERS, "--consent", "invented", data=city.data)
    with _timed(measured, "import postings"):
        told = iljari_json("import", "postings", data / POSTINGS, *owner, data=city.data, allowed=(0, 1))
    measured.counts["rows"] = sum(told[outcome] for outcome in ("accepted", "merged", "unchanged", "held", "returned"))
    with _timed(measured, "until all is matched and listed"):
        city.wait_until_quiet(lambda: _note_memory(city, measured))
    with _timed(measured, "certify"):
        certificate = iljari_json("certify", data=city.data)
    measured.counts |= {name: certificate[name]["count"] for name in ("seekers", "postings")}
    measured.counts |= {name: certificate[name] for name in ("pairs", "missed", "invented", "different")}
    return measured


class _timed:  # noqa: N801 - reads as a word in `with`
    def __init__(self, measured: Measured, step: str) -> None:
        self.measured, self.step = measured, step

    def __enter__(self) -> None:
        self.began = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self.measured.seconds[self.step] = time.perf_counter() - self.began


def _note_memory(city: City, measured: Measured) -> None:
    for name, number in city.parts().items():
        size = psutil.Process(number).memory_info().rss / 2**20
        measured.megabytes[name] = max(size, measured.megabytes.get(name, 0.0))


def main() -> None:
    data = os.environ.get("ILJARI_DATA")
    if not data or not (Path(data) / POSTINGS).exists():
        sys.exit("ILJARI_DATA names no folder with ko_postings/postings.jsonl: nothing to measure on.")
    show_table(("측정 figure", "값 value"), measure(Path(data)).rows())


if __name__ == "__main__":
    main()
