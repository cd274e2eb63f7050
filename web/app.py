"""The web application: routes, the visitor of each request, and the headers that every answer carries."""

import logging
import re
import secrets
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.staticfiles import StaticFiles
from starlette.concurrency import run_in_threadpool

from models.errors import SignoffError
from web import api, decision_links, drafts, errors, health, media, pages, sandbox, session, sign_in, slack
from web.sandbox.store import SandboxStore
from workflows import logs
from workflows.measures import ACKNOWLEDGEMENT
from workflows.office import Office

MAX_BODY = 5_000_000
MAX_UPLOAD = 130_000_000
_SOUND = re.compile(r"[\w.-]{8,64}", re.ASCII)
log = logging.getLogger("signoff.requests")
_WRITING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_SIGNED = ("/api/", "/slack/", "/sandbox/slack/api/", "/sandbox/receiver")  # no cookie gives rights here
_CSP = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def create_app(office: Office, store: SandboxStore | None = None) -> FastAPI:
    """The application of one installation; with the stand-ins when it has a `store` for what they receive."""
    app = FastAPI(title="Signoff", version="1", docs_url=None, redoc_url=None, openapi_url="/api/v1/openapi.json")
    app.state.office = office
    errors.install(app)
    for room in (api, slack, sign_in, decision_links, drafts, pages, media, health):
        app.include_router(room.router)
    if store is not None:
        sandbox.install(app, store)
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")
    app.middleware("http")(_doorkeeper)
    return app


async def _doorkeeper(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Finds out who visits, turns away what is too large or comes from another site, and adds the headers."""
    office: Office = request.app.state.office
    request.state.visitor = None
    began, name = time.perf_counter(), _request_name(request)
    logs.request_id.set(name)  # for this request's task and what it starts
    try:
        response = _turned_away(request, office)
        if response is None:
            if _may_have_session(request):
                cookie = request.cookies.get(session.COOKIE)
                request.state.visitor = await run_in_threadpool(session.visitor, office, cookie) if cookie else None
            response = await call_next(request)
    except SignoffError as error:
        response = errors.answer(request, errors.status_of(error), error.code, error.message, error.field)
    _note(request, response, name, time.perf_counter() - began)
    response.headers.setdefault("Content-Security-Policy", _CSP)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    if not request.url.path.startswith(("/static/", "/media/")):
        response.headers["Cache-Control"] = "no-store"
    return response


def _request_name(request: Request) -> str:
    """The caller's name for the request, where it is a sound one, or one of ours."""
    given = request.headers.get("x-request-id", "")
    return given if _SOUND.fullmatch(given) else secrets.token_hex(8)


def _note(request: Request, response: Response, name: str, seconds: float) -> None:
    """Measures and logs a request: by its route and not its address, which may hold a signed link."""
    response.headers["X-Request-ID"] = name
    route = getattr(request.scope.get("route"), "path", "")
    if request.url.path.startswith("/slack/"):
        ACKNOWLEDGEMENT.observe(seconds)
    facts = {"method": request.method, "route": route, "status": response.status_code, "ms": round(seconds * 1e3, 1)}
    log.info("request", extra=facts)


def _may_have_session(request: Request) -> bool:
    return not request.url.path.startswith((*_SIGNED, "/static/", "/healthz"))


def _turned_away(request: Request, office: Office) -> Response | None:
    if request.method not in _WRITING:
        return None
    length = request.headers.get("content-length")
    if length is None and "transfer-encoding" not in request.headers:
        length = "0"  # a request without a body need not say so
    if length is None:
        return errors.answer(request, 411, "length_required", "Say how long the request is (Content-Length).")
    kind, path = request.headers.get("content-type", ""), request.url.path
    upload = kind.startswith("multipart/form-data") or path == "/api/v1/media"
    most = MAX_UPLOAD if upload else MAX_BODY
    if not (length.isascii() and length.isdigit() and len(length) < 12) or int(length) > most:
        return errors.answer(request, 413, "too_large", f"This request is larger than {most:,} bytes.")
    if not request.url.path.startswith(_SIGNED) and session.is_foreign(request, office.settings.url):
        return errors.answer(request, 403, "not_authorised", "This request came from another site.")
    return None
