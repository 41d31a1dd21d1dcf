"""Programs that know nothing of Iljari post to a live system: the very examples of docs/producing.md, and more."""

import json
import os
import re
import shutil
import signal
import socket
import socketserver
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4, uuid5

import httpx
import pytest
from redis import Redis
from redis.exceptions import NoPermissionError
from typer.testing import CliRunner

from deploy.cli import app
from shared.clock import now
from tests.journey.city import City, started_city

pytestmark = pytest.mark.journey

PAGE = Path(__file__).parents[2] / "docs" / "producing.md"
EXAMPLES: dict[str, str] = dict(
    re.findall(r"<!-- example: (\S+) -->\n```\w+\n(.*?)```\n", PAGE.read_text("utf-8"), re.DOTALL)
)
PATIENCE_MS = 30_000
LICENCE = ("--licence", "paid", "--registration-number", "2026-11-3456-01")
MakeProducer = Callable[[], "Producer"]


@dataclass
class Producer:
    """An agency with what `iljari agency add` told it, and nothing else."""

    told: dict[str, Any]
    url: str

    @cached_property
    def redis(self) -> Redis:
        return Redis.from_url(self.told["redis_url"], decode_responses=True, retry=None)

    def send(self, document: dict[str, Any] | str, **fields: str) -> Any:
        entry: dict[Any, Any] = dict(fields)
        entry["data"] = document if isinstance(document, str) else json.dumps(document, ensure_ascii=False)
        return self.redis.xadd(self.told["sends_to"], entry)

    def receipts(self, count: int, patience_ms: int = PATIENCE_MS) -> list[dict[str, Any]]:
        """The first receipts, as many as are asked for or come in time."""
        found: list[dict[str, Any]] = []
        position = "0-0"
        while len(found) < count:
            answers: Any = self.redis.xread({self.told["reads_from"]: position}, block=patience_ms)
            if not answers:
                break
            entries = answers[self.told["reads_from"]] if isinstance(answers, dict) else answers[0][1]
            position = entries[-1][0]
            found += [json.loads(fields["data"]) for _, fields in entries]
        return found

    def ask(self, path: str) -> httpx.Response:
        key = {"Authorization": f"Bearer {self.told['api_key']}"}
        return httpx.get(f"{self.url}/api/v1/registry{path}", headers=key, timeout=30, trust_env=False)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    with started_city(tmp_path_factory.mktemp("city"), "--no-demo") as city:
        yield city


@pytest.fixture
def make_producer(city: City) -> Iterator[MakeProducer]:
    made: list[Producer] = []

    def make() -> Producer:
        words = ("agency", "add", f"지어낸 기관 {uuid4()}", *LICENCE, "--json", "--data", str(city.data))
        added = CliRunner().invoke(app, words)  # here: thirty interpreters would start for it otherwise
        assert added.exit_code == 0, added.output
        made.append(Producer(json.loads(added.stdout), city.url))
        return made[-1]

    yield make
    for producer in made:
        producer.redis.close()


@pytest.fixture
def producer(make_producer: MakeProducer) -> Producer:
    return make_producer()


@contextmanager
def held(city: City) -> Iterator[None]:
    """Registry stands still meanwhile: what is written stays unread."""
    registry = city.parts()["registry"]
    os.kill(registry, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(registry, signal.SIGCONT)


class Bridge(socketserver.BaseRequestHandler):
    """One connection over TCP, handed on to the system's unix socket."""

    def handle(self) -> None:
        with socket.socket(socket.AF_UNIX) as inside:
            inside.connect(self.server.inside)  # type: ignore[attr-defined]
            back = threading.Thread(target=pass_on, args=(inside, self.request))
            back.start()
            pass_on(self.request, inside)
            back.join()


def pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(65_536):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)


@contextmanager
def over_tcp(unix_url: str) -> Iterator[str]:
    """The same Redis by an address of the form redis://."""
    account, _, place = unix_url.removeprefix("unix://").rpartition("@")
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Bridge) as server:
        server.inside = place.partition("?")[0]  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"redis://{account}@127.0.0.1:{server.server_address[1]}/0"
        finally:
            server.shutdown()
            thread.join()


def a_document(**but: Any) -> dict[str, Any]:
    document = {
        "title": "바리스타",
        "employer": f"지어낸카페 {uuid4()}",
        "description": "커피를 내립니다.",
        "place": "서울 마포구",
        "wage": "시급 13000원",
    }
    return document | but


def complaints(receipt: dict[str, Any]) -> list[str]:
    """What the sender should mend."""
    return [found["code"] for found in receipt["findings"] if found["severity"] != "remark"]


def redis_command() -> str:
    found = shutil.which("redis-cli") or shutil.which("valkey-cli")
    if found is None and os.environ.get("CI"):
        pytest.fail("no redis-cli here: install redis-tools (CI is set: nothing may be skipped)", pytrace=False)
    return found or pytest.skip("no redis-cli here: install redis-tools")


# --- The page's examples -------------------------------------------------------------------------------------------


def command_of(example: str, node: Path) -> str:
    """How a shell runs an example that was laid into the folder."""
    if example == "post.py":
        return f"exec '{sys.executable}' post.py"
    return f"exec '{node}' post.mjs" if example == "post.mjs" else EXAMPLES[example]


@pytest.mark.parametrize("address", ["unix", "redis"])
@pytest.mark.parametrize("example", ["redis-cli", "post.py", "post.mjs", "curl"])
def test_an_example_of_the_page_posts_and_has_its_receipt(
    producer: Producer, example: str, address: str, tmp_path: Path, node: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ILJARI_URL", producer.url)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    if example == "redis-cli":
        monkeypatch.setenv("REDIS_CLI", redis_command())
    with over_tcp(producer.told["redis_url"]) as tcp_url:
        given = producer.told | ({"redis_url": tcp_url} if address == "redis" else {})
        receipt = run(example, given, tmp_path, node)
    assert (receipt["outcome"], receipt["revision"], complaints(receipt)) == ("accepted", 1, [])
    posting = producer.ask(f"/postings/{receipt['posting_id']}").json()
    assert (posting["state"], posting["source_ref"]) == ("open", receipt["source_ref"])
    assert [each["submission_id"] for each in producer.receipts(1)] == [receipt["submission_id"]]


def test_the_page_shows_how_an_order_ends(
    producer: Producer, tmp_path: Path, node: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ILJARI_URL", producer.url)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("REDIS_CLI", redis_command())
    posted = run("redis-cli", producer.told, tmp_path, node, then="status-redis-cli")
    assert (posted["outcome"], posted["state"]) == ("accepted", "open")
    ended = producer.receipts(2)[1]
    assert (ended["outcome"], ended["state"], ended["source_ref"]) == ("accepted", "filled", posted["source_ref"])
    assert producer.ask(f"/postings/{posted['posting_id']}").json()["state"] == "filled"

    producer.send(a_document(source_ref="K-9"))
    monkeypatch.setenv("POSTING_ID", producer.receipts(3)[2]["posting_id"])
    told = run("status-curl", producer.told, tmp_path, node)
    assert [(each["outcome"], each["state"]) for each in told["receipts"]] == [("accepted", "withdrawn")]


def run(example: str, given: dict[str, Any], folder: Path, node: Path, then: str = "") -> dict[str, Any]:
    """What an example prints last, as its reader would run it. Its firm is renamed: another run is another order."""
    (folder / "agency.json").write_text(json.dumps(given), "utf-8")
    for name in ("post.py", "post.mjs"):
        (folder / name).write_text(own(EXAMPLES[name]), "utf-8")
    after = "{\n" + EXAMPLES[then] + "} >&2\n" if then else ""
    script = f"{EXAMPLES['environment']}\n{own(command_of(example, node))}\n{after}"
    done = subprocess.run(
        ["sh", "-eu", "-c", script], cwd=folder, capture_output=True, text=True, timeout=90, check=False
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    receipt: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return receipt


def own(example: str) -> str:
    return example.replace("지어낸", f"지어낸 {uuid4()} ")


def test_the_posting_with_everything_is_accepted_as_it_stands(producer: Producer) -> None:
    document = json.loads(own(EXAMPLES["everything.json"]))
    document["closes_on"] = (now() + timedelta(days=30)).date().isoformat()  # the page's day will have passed
    producer.send(document)
    (receipt,) = producer.receipts(1)
    assert (receipt["outcome"], complaints(receipt)) == ("accepted", [])
    facts = producer.ask(f"/postings/{receipt['posting_id']}").json()["facts"]
    kept = {name: value for name, value in document.items() if name not in ("employer_number", "contact_email")}
    assert kept.items() <= facts.items()


def test_a_bare_socket_is_enough(producer: Producer) -> None:
    account, _, place = producer.told["redis_url"].removeprefix("unix://").rpartition("@")
    words = ("XADD", producer.told["sends_to"], "*", "data", json.dumps(a_document(), ensure_ascii=False))
    with socket.socket(socket.AF_UNIX) as door, door.makefile("rb") as replies:
        door.connect(place.partition("?")[0])
        for command in (("AUTH", *account.split(":")), words):
            door.sendall(b"*%d\r\n" % len(command))
            door.sendall(b"".join(b"$%d\r\n%s\r\n" % (len(word.encode()), word.encode()) for word in command))
        assert [replies.readline()[:1] for _ in range(2)] == [b"+", b"$"]
    assert [receipt["outcome"] for receipt in producer.receipts(1)] == ["accepted"]


# --- What the page promises ----------------------------------------------------------------------------------------


def test_a_bad_document_comes_back_with_all_that_is_wrong_and_the_next_is_taken(producer: Producer) -> None:
    producer.send('{"title": ')
    producer.send(a_document(title=None, wages="시급 13000원", headcount=0))
    producer.send(a_document())
    broken, wrong, good = producer.receipts(3)
    assert [each["outcome"] for each in (broken, wrong, good)] == ["returned", "returned", "accepted"]
    assert [finding["code"] for finding in broken["findings"]] == ["JSON_INVALID"]
    refused = {(found["code"], found["where"]) for found in wrong["findings"] if found["severity"] == "refusal"}
    assert refused == {("FIELD_MISSING", "title"), ("FIELD_UNKNOWN", "wages"), ("NUMBER_OUT_OF_RANGE", "headcount")}
    assert all(found["message"] and found["message_ko"] for found in wrong["findings"])


def test_an_added_entry_is_not_accepted_before_its_receipt_and_then_it_stands_in_registry(
    city: City, producer: Producer
) -> None:
    with held(city):
        assert producer.send(a_document(source_ref="K-1"))
        assert producer.receipts(1, patience_ms=500) == []
    (receipt,) = producer.receipts(1)
    posting = producer.ask(f"/postings/{receipt['posting_id']}").json()
    assert (posting["revision"], posting["source_ref"]) == (receipt["revision"], "K-1")
    assert receipt["posting_id"] == str(uuid5(UUID(producer.told["agency_id"]), "K-1"))


def test_an_id_sent_twice_is_one_submission_and_with_other_content_a_conflict(producer: Producer) -> None:
    document = a_document(source_ref="K-1")
    for sent in (document, document, document | {"title": "홀 서빙"}):
        producer.send(sent, id="monday")
    once, conflict = producer.receipts(2)
    assert (once["outcome"], once["submission_id"]) == (
        "accepted",
        str(uuid5(UUID(producer.told["agency_id"]), "id|monday")),
    )
    assert [found["code"] for found in conflict["findings"]] == ["IDEMPOTENCY_CONFLICT"]
    assert producer.ask("/submissions").json()["total"] == 2
    assert producer.ask(f"/postings/{once['posting_id']}").json()["facts"]["title"] == "바리스타"


def test_an_entry_without_an_id_is_known_by_its_own(producer: Producer) -> None:
    entry_id = producer.send(a_document())
    (receipt,) = producer.receipts(1)
    assert receipt["submission_id"] == str(uuid5(UUID(producer.told["agency_id"]), f"entry|{entry_id}"))


def test_a_reference_is_one_posting_for_its_whole_life(make_producer: MakeProducer) -> None:
    producer, other = make_producer(), make_producer()
    document = a_document(source_ref="K-1")
    for sent in (document, document, document | {"headcount": 2}):
        producer.send(sent)
    receipts = producer.receipts(3)
    assert [(each["outcome"], each["revision"]) for each in receipts] == [
        ("accepted", 1),
        ("unchanged", 1),
        ("accepted", 2),
    ]
    other.send(document | {"source_ref": "Z-9", "headcount": 2})
    (merged,) = other.receipts(1)
    assert (merged["outcome"], merged["posting_id"]) == ("merged", receipts[0]["posting_id"])


def test_over_http_a_refusal_says_why_and_a_repeat_is_answered_as_before(producer: Producer) -> None:
    def post(document: dict[str, Any], key: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {producer.told['api_key']}", "Idempotency-Key": key}
        return httpx.post(f"{producer.url}/api/v1/registry/postings", json=document, headers=headers, trust_env=False)

    document = a_document(source_ref="K-1")
    first, again = post(document, "k1"), post(document, "k1")
    assert (first.status_code, first.json()["outcome"], again.json()) == (
        200,
        "accepted",
        first.json() | {"repeated": True},
    )
    assert post(document | {"headcount": 2}, "k1").status_code == 409
    refused = post({"title": "바리스타"}, "k2")
    assert refused.status_code == 422
    assert {"employer", "description"} <= {error["where"] for error in refused.json()["errors"]}
    assert [each["outcome"] for each in producer.receipts(3)] == ["accepted", "returned", "returned"]


def test_nobody_reads_or_writes_what_is_anothers(make_producer: MakeProducer) -> None:
    producer, other = make_producer(), make_producer()
    producer.send(a_document())
    producer.receipts(1)
    writes, reads = producer.told["sends_to"], producer.told["reads_from"]
    forbidden: list[Callable[[], Any]] = [
        lambda: other.redis.xadd(writes, {"data": "{}"}),
        lambda: other.redis.xadd(writes, {"data": "{}"}, maxlen=0),
        lambda: other.redis.xread({reads: "0-0"}),
        lambda: other.redis.xrange(reads),
        lambda: other.redis.xadd(reads, {"data": "{}"}),
        lambda: other.redis.xrange(writes),
        lambda: other.redis.xrange(other.told["sends_to"]),
        lambda: other.redis.xadd(other.told["reads_from"], {"data": "{}"}),
        lambda: other.redis.xadd("posting.published.v1", {"data": "{}"}),
        lambda: other.redis.xread({"submission.answered.v1": "0-0"}),
    ]
    for attempt in forbidden:
        with pytest.raises(NoPermissionError):
            attempt()
    assert len(producer.receipts(1)) == 1


def test_who_empties_its_own_stream_hurts_nobody_else(city: City, make_producer: MakeProducer) -> None:
    careless, other = make_producer(), make_producer()
    for each in (careless, other):
        each.send(a_document(source_ref="first"))
        assert len(each.receipts(1)) == 1
    with held(city):
        other.send(a_document(source_ref="kept"))  # may already be in the hands of a registry that waits for one
        careless.send(a_document(source_ref="lost"))
        careless.redis.xadd(careless.told["sends_to"], {"data": "{}"}, maxlen=0, approximate=False)
    assert [(each["outcome"], each["source_ref"]) for each in other.receipts(2)[1:]] == [("accepted", "kept")]
    careless.send(a_document(source_ref="next"))
    assert [(each["outcome"], each["source_ref"]) for each in careless.receipts(2)[1:]] == [("accepted", "next")]
