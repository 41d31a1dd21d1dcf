"""Has what a desk shows changed? Told to open pages as server-sent events; a page then reads itself anew."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Request
from sse_starlette import EventSourceResponse
from starlette.responses import PlainTextResponse, Response

from services.notify.desk.at_desk import AtDesk, Desk, reach_of
from services.notify.freshness import version

LOOK_SECONDS = 2.0
PING_SECONDS = 15
LONGEST_SECONDS = 600.0
"""Then the browser asks again, and who has signed out meanwhile hears nothing more."""


def news(at: Desk) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/desk/news")
    async def tell(request: Request, who: AtDesk) -> Response:
        """The version of what is shown, again whenever it changes; once for whoever asks for no stream."""
        reach = reach_of(who)
        if "text/event-stream" not in request.headers.get("accept", ""):
            return PlainTextResponse(await at.read(lambda session: version(session, reach)))

        async def versions() -> AsyncIterator[dict[str, Any]]:
            told, waited = "", 0.0
            while waited < LONGEST_SECONDS:
                seen = await at.read(lambda session: version(session, reach))
                if seen != told:
                    told = seen
                    yield {"data": seen}
                await asyncio.sleep(LOOK_SECONDS)
                waited += LOOK_SECONDS

        return EventSourceResponse(versions(), ping=PING_SECONDS)

    return router
