"""What operators and their machines ask of any service: is it well, what does it count, what lies buried."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy.exc import NoResultFound
from starlette.responses import JSONResponse, Response

from shared.burial import BuriedMessage, cause_of, load_fields, lying, settle
from shared.database import reading, transaction
from shared.health import ServiceStatus
from shared.spine import Spine
from shared.web.cursors import NUMBER, Paged
from shared.web.problems import Problem
from shared.web.sign_in import SignedIn, allow

Number = Annotated[int, Path(ge=1, le=2**63 - 1)]
"""Of a buried message; no database counts further."""
Operator = Annotated[SignedIn, Depends(allow("operator"))]


def operations(spine: Spine) -> APIRouter:
    """`/health/live`, `/health/ready`, `/metrics`, and for the operator `/api/v1/{service}/status` and `…/buried`."""
    router = APIRouter()

    @router.get("/health/live", include_in_schema=False)
    def live() -> dict[str, str]:
        return {"status": "live"}

    @router.get("/health/ready", include_in_schema=False)
    def ready() -> Response:
        status = spine.status()
        body = {"status": "ready" if status.ready else "not ready", "problems": status.problems}
        return JSONResponse(body, status_code=200 if status.ready else 503)

    @router.get("/metrics", include_in_schema=False)
    def metrics() -> Response:
        spine.status()
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    @router.get(f"/api/v1/{spine.service}/status")
    def status(_who: Operator) -> ServiceStatus:
        return spine.status()

    @router.get(f"/api/v1/{spine.service}/buried")
    def list_buried(_who: Operator, paged: Paged) -> list[dict[str, Any]]:
        found = lying(spine.engine, paged.after(NUMBER) or 0, paged.one_more)
        return [_shown(message) for message in paged.shown(found, lambda message: message.number)]

    @router.get(f"/api/v1/{spine.service}/buried/{{number}}")
    def show_buried(number: Number, _who: Operator) -> dict[str, Any]:
        message = _find(spine, number)
        return _shown(message) | {"fields": _legible(message)}

    @router.post(f"/api/v1/{spine.service}/buried/{{number}}/replay")
    def replay_buried(number: Number, _who: Operator) -> dict[str, Any]:
        return _replay(spine, _find(spine, number))

    @router.delete(f"/api/v1/{spine.service}/buried/{{number}}")
    def drop_buried(number: Number, _who: Operator) -> dict[str, Any]:
        _find(spine, number)
        with transaction(spine.engine) as session:
            settle(session, number, "dropped")
        return {"number": number, "settled": "dropped"}

    return router


def _find(spine: Spine, number: int) -> BuriedMessage:
    try:
        with reading(spine.engine) as session:
            return session.get_one(BuriedMessage, number)
    except NoResultFound:
        raise Problem(
            404,
            "NOT_FOUND",
            f"{spine.service} buried no message {number}.",
            f"{spine.service}에는 {number}번 묻힌 메시지가 없습니다.",
            where="number",
            hint="`iljari buried list` shows what is there.",
        ) from None


def _replay(spine: Spine, message: BuriedMessage) -> dict[str, Any]:
    listener = next(listener for listener in spine.listeners if listener.stream == message.stream)
    number = message.number or 0
    try:
        listener.replay(number, load_fields(message.fields))
    except Exception as error:
        code, cause = cause_of(error)
        with transaction(spine.engine) as session:
            again = session.get_one(BuriedMessage, number)
            again.replays, again.code, again.cause = again.replays + 1, code, cause
        return {"number": number, "settled": None, "code": code, "cause": cause}
    with transaction(spine.engine) as session:
        settle(session, number, "replayed")
    spine.burial.succeeded()
    return {"number": number, "settled": "replayed"}


def _shown(message: BuriedMessage) -> dict[str, Any]:
    return message.model_dump(mode="json", exclude={"fields"})


def _legible(message: BuriedMessage) -> dict[str, str]:
    return {k.decode("utf-8", "replace"): v.decode("utf-8", "replace") for k, v in load_fields(message.fields).items()}
