"""The receiver that `docs/telling.md` shows takes what we send once, and refuses each forgery with its reason."""

import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest

from services.notify.delivery.channels import Letter
from services.notify.delivery.webhooks import signed
from shared.clock import now, stopped_at

PAGE = Path(__file__).parents[4] / "docs/telling.md"
SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
ANOTHER = "whsec_YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE="
BODY = '{"type": "iljari.referrals"}'


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    (program,) = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    file = tmp_path_factory.mktemp("receiver") / "receiver.py"
    file.write_text(program, "utf-8")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    running = subprocess.Popen([sys.executable, str(file), str(port)], env={"WEBHOOK_SECRET": SECRET})
    patient = httpx.HTTPTransport(retries=10)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", transport=patient) as client:
        yield client
    running.terminate()
    running.wait()


def headers(*secrets: str, minutes_ago: float = 0, of: UUID | None = None) -> dict[str, str]:
    with stopped_at(now() - timedelta(minutes=minutes_ago)):
        return signed(Letter(of or uuid4(), "referrals", "", BODY), secrets)


@pytest.mark.parametrize(
    ("secrets", "minutes_ago", "but", "status", "said"),
    [
        ((SECRET,), 0, {}, 200, "TAKEN"),
        ((ANOTHER, SECRET), 0, {}, 200, "TAKEN"),
        ((SECRET,), 3, {}, 200, "TAKEN"),
        ((SECRET,), 6, {}, 400, "TIMESTAMP_TOO_OLD"),
        ((SECRET,), -6, {}, 400, "TIMESTAMP_TOO_OLD"),
        ((SECRET,), 0, {"webhook-timestamp": "soon"}, 400, "TIMESTAMP_TOO_OLD"),
        ((ANOTHER,), 0, {}, 401, "SIGNATURE_WRONG"),
        ((SECRET,), 0, {"body": BODY + " "}, 401, "SIGNATURE_WRONG"),
        ((SECRET,), 0, {"webhook-id": "msg_other"}, 401, "SIGNATURE_WRONG"),
        ((), 0, {}, 401, "SIGNATURE_WRONG"),
    ],
)
def test_it_takes_what_is_ours_and_says_why_not(
    receiver: httpx.Client, secrets: tuple[str, ...], minutes_ago: float, but: dict[str, str], status: int, said: str
) -> None:
    given = headers(*secrets, minutes_ago=minutes_ago) | but
    answer = receiver.post("/hook", content=given.pop("body", BODY), headers=given)
    assert (answer.status_code, answer.text) == (status, said)


def test_what_it_has_had_has_no_second_effect(receiver: httpx.Client) -> None:
    delivery = uuid4()
    again = [receiver.post("/hook", content=BODY, headers=headers(SECRET, of=delivery)).text for _ in range(2)]
    assert again == ["TAKEN", "ALREADY_TAKEN"]
