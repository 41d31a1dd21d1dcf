"""Who may do what by the command `iljari`: every command as every role that has a token.

A command without a row in `commands.tsv` fails. `alone` is a command that asks no running system.
"""

import csv
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from starlette.types import Receive, Scope, Send
from typer.testing import CliRunner

from deploy.cli import app
from deploy.local.gateway import service_of
from shared.command import ExitCode
from tests.journey.serving import serving
from tests.walls.conftest import REFUSALS, STRANGER, House, fresh_houses

ROWS = list(csv.DictReader((Path(__file__).parent / "commands.tsv").read_text("utf-8").splitlines(), delimiter="\t"))
ROLES = (STRANGER, "agency", "service", "operator")
NONE = "00000000-0000-0000-0000-000000000001"
FILES = {
    "cafes.csv": "name,district\n일자리카페 하나,서울 마포구\n",
    "defaulters.csv": "업체명\n지어낸상사\n",
    "mapping.toml": 'title = "표"\n[fields]\ntitle = "제목"\nemployer = "상호"\ndescription = "내용"\n',
    "places.csv": "kind,name,latitude,longitude\nagency,소개소,37.55,126.91\n",
    "plan.toml": '[t]\nkind = "target"\n',
    "postings.csv": "title,employer,description,place\n제빵사,지어낸빵집,반죽과 굽기,서울 마포구\n",
    "programs.csv": "cafe,kind,title,starts_at\n없는 카페,lecture,특강,2027-01-04T10:00\n",
    "seekers.csv": "summary\n빵을 굽습니다\n",
}
SPEAKS_TO_A_SYSTEM = "ILJARI_OPERATOR_TOKEN"


def commands(group: Any, above: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*above, name))
        else:
            yield " ".join((*above, name)), command


@pytest.fixture(scope="module")
def houses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, House]]:
    with fresh_houses(tmp_path_factory) as houses:
        yield houses


@pytest.fixture(scope="module")
def system(houses: dict[str, House]) -> Iterator[str]:
    """The address of all services together, as the gateway shares them out."""

    async def gateway(scope: Scope, receive: Receive, send: Send) -> None:
        await houses[service_of(scope["path"])].app(scope, receive, send)

    with socket.create_server(("127.0.0.1", 0)) as door, serving(gateway, listener=door, lifespan="off"):
        yield f"http://127.0.0.1:{door.getsockname()[1]}"


def tokens(houses: dict[str, House]) -> dict[str, str]:
    house = houses["registry"]
    theirs = {
        role: house.credentials(role)["authorization"].removeprefix("Bearer ") for role in ("service", "operator")
    }
    return theirs | {STRANGER: "a token of nobody", "agency": house.agencies["ours"][1]}


def test_every_command_has_its_row_and_says_whether_it_asks_a_system() -> None:
    there = {name: SPEAKS_TO_A_SYSTEM in str([param.help for param in command.params if hasattr(param, "help")])
             for name, command in commands(typer.main.get_command(app))}  # fmt: skip
    assert {row["command"]: row["may_pass"] != "alone" for row in ROWS} == there


@pytest.mark.parametrize("row", [row for row in ROWS if row["may_pass"] != "alone"], ids=lambda row: row["command"])
def test_who_may_passes_and_nobody_else(
    row: dict[str, str], houses: dict[str, House], system: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, content in FILES.items():
        (tmp_path / name).write_text(content, "utf-8")
    agency, other = (str(houses["registry"].agencies[of][0].agency_id) for of in ("ours", "other"))
    said = f"{row['command']} {row['arguments']}".format(none=NONE, agency=agency, other=other)
    passed = set()
    for role, token in tokens(houses).items():
        named = {"ILJARI_URL": system, "ILJARI_OPERATOR_TOKEN": token, "ILJARI_DATA_DIR": None}
        ran = CliRunner().invoke(app, said.split(), input="a long password\n" * 2, env=named)
        assert ran.exception is None or isinstance(ran.exception, SystemExit), ran.exception
        if ran.exit_code == ExitCode.NOT_ALLOWED:
            assert any(code in ran.output for code in REFUSALS), ran.output
            continue
        assert ran.exit_code != ExitCode.UNREACHABLE, f"{role}: {ran.output}"
        assert "Usage:" not in ran.output, f"{role}: {ran.output}"
        passed.add(role)
    assert passed == set(row["may_pass"].split())
