"""Which agency does someone at the command mean, by id or by name?"""

from typing import TYPE_CHECKING

from shared.command import CommandError, ExitCode, every_page

if TYPE_CHECKING:
    import httpx


def agency_id_of(client: "httpx.Client", named: str) -> str:
    """The id of an agency of the running system."""
    known = every_page(client, "/api/v1/registry/agencies")
    found = [agency["agency_id"] for agency in known if named in (agency["agency_id"], agency["name"])]
    if found:
        return str(found[0])
    raise CommandError(
        "AGENCY_UNKNOWN",
        ExitCode.USAGE,
        ko="그런 기관이 없습니다.",
        en="There is no such agency.",
        where="--agency",
        hint="`iljari agency list` shows them; `iljari agency add NAME --licence TYPE` makes one.",
    )
