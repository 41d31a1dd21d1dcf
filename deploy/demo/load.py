"""How does the demo city come into a running system? Through its API, as any file would; twice changes nothing."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import date
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from deploy.demo.city import City, Seeker
from deploy.demo.invent_cafes import ROOMS, told_of, tomorrows_bookings
from deploy.demo.invent_ground import SOURCE, invent_ground
from deploy.demo.invent_programs import invented_rows
from deploy.demo.make_city import make_city
from deploy.demo.shapes import PostingFile, write_shapes
from deploy.demo.vocabulary import AccountWords, city_words
from services.registry.commands.plan import rows_of
from services.registry.intake.importing import Source, bring_in
from services.registry.intake.rows import Given
from shared.clock import KST, now
from shared.command import CommandError, every_page

ALREADY_THERE = "ALREADY_THERE"
PLAN = Path(__file__).parent / "plan.toml"
SEEKERS_A_REQUEST = 100

Ids = dict[str, str]
"""Key in the demo city → id in the system."""
Step = Callable[[int, int], None]
"""Told how many rows are done, and of how many."""


@dataclass
class LoadReport:
    """What became of the city."""

    made: Counter[str] = field(default_factory=Counter)
    """Agencies, cafés and accounts that were not there before."""
    postings: Counter[str] = field(default_factory=Counter)
    """Rows by outcome."""
    seekers: Counter[str] = field(default_factory=Counter)
    returned: list[str] = field(default_factory=list)
    """Where and why, for each row that came back."""
    accounts: list[dict[str, str]] = field(default_factory=list)
    """Who may sign in: label, login, password."""


def load(client: httpx.Client, step: Step) -> list[dict[str, str]]:
    """Bring in the city of today; answers who may sign in."""
    with TemporaryDirectory(prefix="iljari-demo-") as folder:
        return load_city(client, Path(folder), now().astimezone(KST).date(), step).accounts


def load_city(client: httpx.Client, folder: Path, today: date, step: Step = lambda _done, _total: None) -> LoadReport:
    """Bring in the demo city of a day. `client` speaks as the operator; the agencies' files are left in `folder`."""
    city, report = make_city(today), LoadReport()
    loading = _Loading(client, city, report, step)
    agencies, cafes = loading.agencies(), loading.cafes()
    loading.accounts(agencies, cafes)
    loading.programs()
    loading.ground()
    loading.plan()
    loading.seekers(cafes)
    loading.bookings()
    for file in write_shapes(city, folder):
        loading.postings(file, agencies[file.agency_key])
    return report


@dataclass
class _Loading:
    client: httpx.Client
    city: City
    report: LoadReport
    step: Step
    done: int = 0
    rooms: list[str] = field(default_factory=list)
    """Of cafés that were not there before."""
    people: list[str] = field(default_factory=list)
    """Seekers that were not there before."""

    def agencies(self) -> Ids:
        known = {each["name"]: each["agency_id"] for each in self._get("/api/v1/registry/agencies")}
        for agency in self.city.agencies:
            if agency.name not in known:
                asked = {
                    "name": agency.name,
                    "licence": agency.licence,
                    "registration_number": agency.registration,
                    "agency_id": str(agency.agency_id),
                }
                known[agency.name] = self._make("agencies", asked)["agency_id"]
        return {agency.key: known[agency.name] for agency in self.city.agencies}

    def cafes(self) -> Ids:
        known = {each["name"]: each["cafe_id"] for each in self._get("/api/v1/registry/cafes")}
        for cafe in self.city.cafes:
            if cafe.name not in known:
                known[cafe.name] = self._make("cafes", told_of(cafe))["cafe_id"]
                path = f"/api/v1/registry/cafes/{known[cafe.name]}/rooms"
                made = [self.client.post(path, json=room).raise_for_status().json() for room in ROOMS]
                self.rooms += [room["room_id"] for room in made]
        return {cafe.key: known[cafe.name] for cafe in self.city.cafes}

    def programs(self) -> None:
        """The past and the coming sessions, when the cafés are new; none where a coming one falls on a holiday."""
        if self.report.made["cafes"]:
            rows = list(invented_rows(self.city.today, [cafe.name for cafe in self.city.cafes]))
            self.client.post("/api/v1/registry/programs/import", json={"rows": rows}).raise_for_status()

    def ground(self) -> None:
        """The layers that are not there yet; the first time, districts too, of which the densest is designated."""
        held = {each["layer"] for each in self._get("/api/v1/registry/ground") if each["rows"]}
        for layer, text in asdict(invent_ground(city_words())).items():
            if layer not in held:
                self._put(f"/api/v1/registry/ground/{layer}", {"text": text, "source": SOURCE})
        if "places" not in held:
            found = self.client.post("/api/v1/registry/districts/proposals", json={}).raise_for_status().json()
            if found:
                asked = {"name": "와우뜰 취업의 거리", "reason": "시연용 지정"}
                path = f"/api/v1/registry/districts/{found[0]['district_id']}/designate"
                self.client.post(path, json=asked).raise_for_status()

    def plan(self) -> None:
        """The plan's entries; those that are there stay as they are."""
        rows = list(rows_of(PLAN))
        self.client.post("/api/v1/registry/plan/entries", json={"rows": rows}).raise_for_status()

    def accounts(self, agencies: Ids, cafes: Ids) -> None:
        for account in self.city.accounts:
            self._make("accounts", _account(account, self.city.password, agencies, cafes))
            shown = {"label": account.display_name, "login": account.login, "password": self.city.password}
            self.report.accounts.append(shown)

    def seekers(self, cafes: Ids) -> None:
        for batch in _in_batches(self.city.seekers, SEEKERS_A_REQUEST):
            rows = [{"where": each.ref, "document": _document(each, cafes)} for each in batch]
            for receipt in self._send("seekers", {"consent": "invented", "rows": rows}):
                self.report.seekers[receipt["outcome"]] += 1
                if receipt["outcome"] == "accepted":
                    self.people.append(receipt["seeker_id"])
                if receipt["outcome"] == "returned":
                    self._reject(receipt)
            self._went(len(batch))

    def bookings(self) -> None:
        """Some rooms are taken tomorrow; none where that is a holiday."""
        for asked in tomorrows_bookings(self.city.today, self.rooms, self.people):
            with suppress(CommandError):
                self.client.post("/api/v1/registry/bookings", json=asked)

    def postings(self, file: PostingFile, agency_id: str) -> None:
        def send(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
            return self._send("postings", {"agency_id": agency_id, "rows": rows})

        source = Source(Given.on_disk(file.path), "postings", file.mapping)
        went = bring_in(source, send, self._reject, lambda rows, _share: self._went(rows))
        self.report.postings += went.outcomes

    def _get(self, path: str) -> list[dict[str, Any]]:
        return list(every_page(self.client, path))

    def _put(self, path: str, asked: dict[str, Any]) -> None:
        self.client.put(path, json=asked).raise_for_status()

    def _make(self, kind: str, asked: dict[str, Any]) -> dict[str, Any]:
        """What was made; nothing where it is there already."""
        try:
            answer = self.client.post(f"/api/v1/registry/{kind}", json=asked)
        except CommandError as error:  # the command's own client tells problems so
            if error.code != ALREADY_THERE:
                raise
            return {}
        if answer.status_code == httpx.codes.CONFLICT and answer.json()["code"] == ALREADY_THERE:
            return {}
        self.report.made[kind] += 1
        made: dict[str, Any] = answer.raise_for_status().json()
        return made

    def _send(self, kind: str, batch: dict[str, Any]) -> list[dict[str, Any]]:
        answer = self.client.post(f"/api/v1/registry/{kind}/batch", json=batch).raise_for_status()
        receipts: list[dict[str, Any]] = answer.json()["receipts"]
        return receipts

    def _reject(self, receipt: dict[str, Any]) -> None:
        codes = [found["code"] for found in receipt["findings"] if found["severity"] == "refusal"]
        self.report.returned.append(f"{receipt['where']}: {', '.join(codes)}")

    def _went(self, rows: int) -> None:
        self.done += rows
        self.step(self.done, len(self.city.seekers) + len(self.city.postings))


def _account(account: AccountWords, password: str, agencies: Ids, cafes: Ids) -> dict[str, Any]:
    return {
        "login": account.login,
        "display_name": account.display_name,
        "role": account.role,
        "password": password,
        "cafe_ids": [cafes[account.cafe]] if account.cafe else [],
        "agency_id": agencies[account.agency] if account.agency else None,
        "shown": True,
    }


def _document(seeker: Seeker, cafes: Ids) -> dict[str, Any]:
    return {
        "source_ref": seeker.ref,
        "name": seeker.name,
        "phone": seeker.phone,
        "email": seeker.email,
        "cafe_id": cafes[seeker.cafe_key],
        "applied_at": seeker.applied_at.isoformat(),
        **seeker.facts.model_dump(mode="json", exclude_none=True),
    }


def _in_batches(seekers: Sequence[Seeker], size: int) -> Iterator[list[Seeker]]:
    rest = iter(seekers)
    while batch := list(islice(rest, size)):
        yield batch
