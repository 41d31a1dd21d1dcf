"""How does an agency come in, and get new keys? A row at registry, and a user of its own in Redis."""

import os
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from services.registry.cli import list_agencies
from services.registry.law.licence_kinds import LicenceWord
from shared.command import (
    CommandError,
    DataOption,
    ExitCode,
    JsonOption,
    command_group,
    find_system,
    open_system,
    read_secrets,
    show_json,
    show_table,
)

app = command_group("Take in agencies, and list them.")
app.command("list")(list_agencies)


@app.command("add")
def add_agency(
    name: Annotated[str, typer.Argument(help="Its name.", show_default=False)],
    licence: Annotated[
        LicenceWord, typer.Option(help="Public, free (filed), paid (registered), information provider.")
    ],
    registration_number: Annotated[
        str | None, typer.Option("--registration-number", help="Of its licence, as the authority gave it.")
    ] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take in an agency. Its API key and its Redis address, with the password in it, are shown this once.

    It may send over HTTP with the key, or write to its own stream with any Redis client (docs/producing.md).

    \b
    Example:
      iljari agency add "마포 일자리센터" --licence 공공
      iljari agency add "새빛직업소개소" --licence paid --registration-number 2026-11-3456-01 --json
    """
    keeper = _keeper_url(data)
    with open_system(data) as client:
        asked = {"name": name, "licence": licence, "registration_number": registration_number}
        agency = client.post("/api/v1/registry/agencies", json=asked).json()
    agency_id = UUID(agency["agency_id"])
    try:
        address = _redis_address(keeper, agency_id) if keeper else None
    except RedisRefused as refused:
        _show(agency, _redis_entry(agency_id, None), as_json=as_json)
        raise _redis_user_not_made(agency_id, refused) from refused
    _show(agency, _redis_entry(agency_id, address), as_json=as_json)


@app.command("rotate")
def rotate(
    agency: Annotated[str, typer.Argument(help="Its id or name.", show_default=False)],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give an agency a new API key and a new Redis password, shown this once. The old ones end at once.

    Its id, its streams and all that it sent stay as they are. Both are changed, or it says which is not.

    \b
    Example:
      iljari agency rotate "마포 일자리센터" --json > agency.json
    """
    from services.registry.commands.named_agency import agency_id_of

    keeper = _keeper_url(data)
    with open_system(data) as client:
        agency_id = UUID(agency_id_of(client, agency))
    if keeper is None:
        raise _keeper_unknown(agency_id)
    try:
        entry = _redis_entry(agency_id, _redis_address(keeper, agency_id, anew=True))
    except RedisRefused as refused:
        raise _redis_not_renewed(agency_id, refused) from refused
    try:
        with open_system(data) as client:
            renewed = client.post(f"/api/v1/registry/agencies/{agency_id}/key").json()
    except CommandError as error:  # the new password is known nowhere else
        _show({"agency_id": str(agency_id)}, entry, as_json=as_json)
        raise _key_not_renewed(agency_id, error) from error
    _show(renewed, entry, as_json=as_json)


@app.command("settle")
def settle_losses(
    agency: Annotated[str, typer.Argument(help="Its id or name.", show_default=False)],
    reason: Annotated[str, typer.Option("--reason", help="What became of them; kept.", show_default=False)],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what became of entries that an agency's stream lost unread (STREAM_TRIMMED). Doctor names them until then.

    \b
    Example:
      iljari agency settle "새빛직업소개소" --reason "전화함: MAXLEN을 빼고 4건 다시 보냄"
    """
    from services.registry.commands.named_agency import agency_id_of

    with open_system(data) as client:
        path = f"/api/v1/registry/agencies/{agency_id_of(client, agency)}/losses/settled"
        told = client.post(path, json={"reason": reason}).json()
    if as_json:
        show_json(told)
    else:
        typer.echo(f"사라진 항목 {told['settled']}건을 정리했습니다. {told['settled']} lost entries are settled.")


def _show(agency: dict[str, Any], entry: dict[str, str | None], *, as_json: bool) -> None:
    if as_json:
        show_json(agency | entry)
        return
    show_table(("항목 item", "값 value"), list((agency | entry).items()))
    typer.echo("API 키와 Redis 주소는 지금 한 번만 보입니다. Key and Redis address are shown this once.", err=True)


def _keeper_url(data: Path | None) -> str | None:
    """The address of Redis for the keeper of its users: told by the environment, else of a local system."""
    if url := os.environ.get("ILJARI_KEEPER_URL"):
        return url
    folder = find_system(data).data
    if folder is None:
        return None
    from deploy.local import valkey
    from deploy.local.folder import DataFolder
    from deploy.redis.rights import KEEPER

    return valkey.url_of(DataFolder(folder.expanduser().absolute()), KEEPER, read_secrets(folder))


class RedisRefused(Exception):
    """Redis did not do what its keeper asked; says why, and what to do about it.

    Args:
        ends_with: what a command ends with that has done nothing else.
    """

    def __init__(self, told: str, ends_with: ExitCode) -> None:
        super().__init__(told)
        self.ends_with = ends_with


def _redis_address(keeper_url: str, agency_id: UUID, *, anew: bool = False) -> str:
    """Make the agency's user and tell its address, with the password in it.

    Raises:
        RedisRefused: it was not made, or not made anew.
    """
    from redis import Redis
    from redis.exceptions import RedisError

    from deploy.redis.agencies import NoAclFile, grant, renew
    from deploy.redis.rights import agency_user

    try:
        with Redis.from_url(keeper_url) as keeper:
            password = renew(keeper, agency_id) if anew else grant(keeper, agency_id)
    except NoAclFile as error:
        raise RedisRefused(f"This Redis would forget the user: {error}.", ExitCode.SOME_REFUSED) from error
    except RedisError as error:
        raise _refused_by(error) from error
    scheme, rest = keeper_url.split("://", 1)
    return f"{scheme}://{agency_user(agency_id)}:{password}@{rest.rpartition('@')[2]}"


def _refused_by(error: Exception) -> RedisRefused:
    """Which of the three it is: nobody answers, the password is wrong, or a right is missing."""
    from redis.exceptions import AuthenticationError, NoPermissionError

    if isinstance(error, AuthenticationError):
        return RedisRefused("Redis refuses the keeper's password: see ILJARI_KEEPER_URL.", ExitCode.NOT_ALLOWED)
    if isinstance(error, NoPermissionError):
        told = f"Whom ILJARI_KEEPER_URL names may not do this ({error})."
        return RedisRefused(f"{told} Name the user `keeper`.", ExitCode.NOT_ALLOWED)
    told = f"Redis cannot be reached ({type(error).__name__})."
    return RedisRefused(f"{told} `iljari doctor` says whether it is well.", ExitCode.UNREACHABLE)


def _redis_entry(agency_id: UUID, address: str | None) -> dict[str, str | None]:
    from deploy.redis.rights import agency_user

    return {"redis_user": agency_user(agency_id), "redis_url": address}


def _keeper_unknown(agency_id: UUID) -> CommandError:
    return CommandError(
        "KEEPER_UNKNOWN",
        ExitCode.USAGE,
        ko="Redis 사용자를 관리할 주소를 몰라 아무것도 바꾸지 않았습니다.",
        en="Nothing was changed: where Redis listens for the keeper of its users is not known.",
        where=f"agency {agency_id}",
        hint="Set ILJARI_KEEPER_URL to redis://keeper:PASSWORD@HOST:PORT/0, or run this inside: "
        "`docker compose run --rm --no-deps command iljari agency rotate …`.",
    )


def _redis_not_renewed(agency_id: UUID, refused: RedisRefused) -> CommandError:
    return CommandError(
        "REDIS_USER_NOT_RENEWED",
        refused.ends_with,
        ko="Redis 사용자를 새로 만들지 못했고 API 키는 그대로입니다.",
        en="Its Redis user could not be made anew, and its API key stays as it is.",
        where=f"agency {agency_id}",
        hint=f"{refused} Then run this again.",
    )


def _key_not_renewed(agency_id: UUID, error: CommandError) -> CommandError:
    return CommandError(
        "API_KEY_NOT_RENEWED",
        ExitCode.SOME_REFUSED,
        ko=f"Redis 비밀번호만 위의 것으로 바뀌었고, API 키는 바뀌었는지 알 수 없습니다. {error.ko}",
        en=f"Only its Redis password is surely renewed, to the one above; its API key may not be. {error.en}",
        where=f"agency {agency_id}",
        hint="Run this again: both are then new.",
    )


def _redis_user_not_made(agency_id: UUID, refused: RedisRefused) -> CommandError:
    return CommandError(
        "REDIS_USER_NOT_MADE",
        ExitCode.SOME_REFUSED,
        ko="기관은 등록했지만 Redis 사용자는 만들지 못했습니다. 기관은 위의 API 키로 보낼 수 있습니다.",
        en="The agency is in and may send over HTTP with its key, but its Redis user could not be made.",
        where=f"agency {agency_id}",
        hint=f"{refused} Then `iljari agency rotate {agency_id}` makes it, with a new API key.",
    )
