"""Who is asking: the signed session cookie, the tokens of programs, and what each role may do."""

import hmac
import json
import secrets
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Literal, cast
from urllib.parse import quote
from uuid import UUID, uuid4

from fastapi import Request
from itsdangerous import BadSignature, URLSafeSerializer
from pydantic import ValidationError
from starlette.responses import Response

from shared.clock import now
from shared.contracts import Fact
from shared.database import reading
from shared.sessions import LONGEST_IDLE, LONGEST_SESSION, has_ended
from shared.settings import ServiceSettings
from shared.web.problems import Problem

Role = Literal["counselor", "official", "agency", "operator", "service", "seeker"]

SESSION_COOKIE = "iljari_session"
VISIT_COOKIE = "iljari_visit"
FORM_FIELD = "form_token"
NOT_YET_STALE = timedelta(minutes=1)
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


class SignedIn(Fact):
    """Someone whose identity was checked, and what she is here."""

    account_id: UUID | None = None
    """None for the tokens of the operator and of services."""
    role: Role
    cafe_id: UUID | None = None
    """The first of her cafés: where she takes in whoever names none."""
    cafe_ids: tuple[UUID, ...] = ()
    agency_id: UUID | None = None
    seeker_id: UUID | None = None
    """Of a seeker, by the id under which everything of hers is kept."""
    label: str
    """How pages and the record of reveals call her."""

    @property
    def cafes(self) -> tuple[UUID, ...]:
        """Every café whose seekers are her business."""
        return self.cafe_ids or ((self.cafe_id,) if self.cafe_id else ())


class LiveSession(Fact):
    """What a session cookie holds: who, since when, and until when she may rest."""

    who: SignedIn
    session_id: UUID
    began_at: float
    """In seconds since 1970, as the next one: a cookie is short."""
    idle_until: int

    @property
    def ends_at(self) -> int:
        return int(self.began_at + LONGEST_SESSION.total_seconds())

    @property
    def in_time(self) -> bool:
        return now().timestamp() < min(self.idle_until, self.ends_at)

    @property
    def is_stale(self) -> bool:
        """Whether so much of her rest is used that a new cookie is worth its bytes."""
        return now() + LONGEST_IDLE - NOT_YET_STALE > datetime.fromtimestamp(self.idle_until, UTC)

    def shown_now(self) -> "LiveSession":
        """The same session, idle from this moment on."""
        return self.model_copy(update={"idle_until": int((now() + LONGEST_IDLE).timestamp())})


def make_cookie(settings: ServiceSettings, who: SignedIn) -> str:
    """The value of a new session's cookie: readable by its holder, changeable only by us."""
    begun = LiveSession(who=who, session_id=uuid4(), began_at=now().timestamp(), idle_until=0)
    return _sealed(settings, begun.shown_now())


def sign_in(response: Response, settings: ServiceSettings, who: SignedIn) -> None:
    """Hand the browser its session; the registry does so, after the password."""
    _set_cookie(response, settings, SESSION_COOKIE, make_cookie(settings, who), int(LONGEST_SESSION.total_seconds()))


def sign_out(response: Response) -> None:
    """Take the session from the browser. What a copy of its cookie opens, `shared.sessions.end` ends."""
    response.delete_cookie(SESSION_COOKIE, path="/")


def keep_session(request: Request, response: Response) -> None:
    """Whoever is shown a page is not idle. Pages that ask again by themselves do not count."""
    session, settings = session_of(request), settings_of(request)
    if session and session.is_stale:
        left = session.ends_at - int(now().timestamp())
        _set_cookie(response, settings, SESSION_COOKIE, _sealed(settings, session.shown_now()), left)


def signed_in(request: Request) -> SignedIn | None:
    """Who asks, by bearer token or cookie; None for a stranger, a forged, an outlived or an ended cookie."""
    if bearer := bearer_token(request):
        return _holder_of(settings_of(request), bearer)
    session = session_of(request)
    return session.who if session else None


def session_of(request: Request) -> LiveSession | None:
    """The session behind the cookie of a request, looked up once."""
    if not hasattr(request.state, "session"):
        request.state.session = None  # the page that tells that the store is away asks again, and must not fail as well
        request.state.session = _living(request, _read_cookie(request))
    return cast(LiveSession | None, request.state.session)


class Allowed:
    """A dependency that lets only some roles pass: 401 for strangers (pages lead to sign-in), 403 for others."""

    def __init__(self, roles: tuple[Role, ...]) -> None:
        self.roles = roles

    def __call__(self, request: Request) -> SignedIn:
        who = signed_in(request)
        if who is None:
            raise Problem(
                401,
                "SIGN_IN_NEEDED",
                "Sign in first.",
                "먼저 로그인해 주세요.",
                hint="Sign in at /sign-in, or send `Authorization: Bearer …`.",
                headers={"WWW-Authenticate": "Bearer"},
            )
        if who.role not in self.roles:
            raise Problem(403, "NOT_ALLOWED", "Your role may not do this.", "이 일을 할 권한이 없습니다.")
        return who


def allow(*roles: Role) -> Allowed:
    return Allowed(roles)


def bearer_token(request: Request) -> str:
    """The token a program sent, or nothing."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def form_token(request: Request) -> str:
    """What a form of this page must bring back: bound to this browser's visit and session, told to no other site."""
    visit = request.cookies.get(VISIT_COOKIE) or _new_visit(request)
    session = session_of(request)
    key = settings_of(request).session_key.get_secret_value().encode()
    return hmac.new(key, f"form|{visit}|{session.session_id if session else ''}".encode(), sha256).hexdigest()


def keep_visit(request: Request, response: Response) -> None:
    """Give a browser that was just shown a form the cookie by which we know it again."""
    if visit := getattr(request.state, "new_visit", None):
        _set_cookie(response, settings_of(request), VISIT_COOKIE, visit, None)


async def from_our_form(request: Request) -> None:
    """A dependency for every form: refuses what another site, or a page of another session, sent."""
    if bearer_token(request):
        return  # no browser sends a bearer token by itself, so no other site can make it
    sent = (await request.form()).get(FORM_FIELD)
    known = VISIT_COOKIE in request.cookies
    if not (known and isinstance(sent, str) and _same(sent, form_token(request))):
        await request.close()  # lets go of a file that came with it
        raise Problem(
            403,
            "FORM_EXPIRED",
            "This form has expired. Go back, load the page again, and send it once more.",
            "양식이 만료되었습니다. 이전 화면을 새로 열고 다시 보내 주세요.",
        )


def own_path(path: str | None, otherwise: str = "/") -> str:
    """Where to go after sign-in: a path of ours, never another site."""
    if path is None or not path.isprintable() or "\\" in path:
        return otherwise
    return path if path.startswith("/") and not path.startswith("//") else otherwise


def sign_in_path(request: Request) -> str:
    """The sign-in page that leads back here."""
    query = f"?{request.url.query}" if request.url.query else ""
    here = f"{request.url.path}{query}" if request.method in SAFE_METHODS else "/"
    return f"/sign-in?next={quote(own_path(here), safe='/')}"


def settings_of(request: Request) -> ServiceSettings:
    """The settings of the service that answers; `furnish` put them there."""
    return cast(ServiceSettings, request.app.state.settings)


def _signer(settings: ServiceSettings) -> URLSafeSerializer:
    return URLSafeSerializer(settings.session_key.get_secret_value(), salt="iljari.session")


def _sealed(settings: ServiceSettings, session: LiveSession) -> str:
    return str(_signer(settings).dumps(session.model_dump(mode="json")))


def _read_cookie(request: Request) -> LiveSession | None:
    try:
        held = _signer(settings_of(request)).loads(request.cookies.get(SESSION_COOKIE, ""))
        return LiveSession.model_validate_json(json.dumps(held))
    except (BadSignature, ValidationError):
        return None


def _living(request: Request, session: LiveSession | None) -> LiveSession | None:
    """The session, unless its time is over or it was ended before."""
    if session is None or not session.in_time:
        return None
    began_at, ids = datetime.fromtimestamp(session.began_at, UTC), (session.session_id, session.who.account_id)
    with reading(request.app.state.engine) as store:
        return None if has_ended(store, began_at, *filter(None, ids)) else session


def _holder_of(settings: ServiceSettings, token: str) -> SignedIn | None:
    if _same(token, settings.operator_token.get_secret_value()):
        return SignedIn(role="operator", label="operator token")
    if _same(token, settings.service_token.get_secret_value()):
        return SignedIn(role="service", label="service token")
    return None


def _same(sent: str, held: str) -> bool:
    return bool(held) and hmac.compare_digest(sent.encode(), held.encode())


def _new_visit(request: Request) -> str:
    if not hasattr(request.state, "new_visit"):
        request.state.new_visit = secrets.token_hex(16)
    return cast(str, request.state.new_visit)


def _set_cookie(response: Response, settings: ServiceSettings, name: str, value: str, seconds: int | None) -> None:
    secure = settings.public_url.startswith("https:")
    response.set_cookie(name, value, max_age=seconds, path="/", httponly=True, samesite="lax", secure=secure)
