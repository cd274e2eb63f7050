"""Which HTTP status each error has, and how it is told: problem+json to programs (RFC 9457), a page to people."""

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from models.errors import DATABASE_CODES, NotSignedIn, SignoffError
from models.guards import REFUSALS
from web import session
from web.templating import render

STATUS: dict[str, int] = {
    "error": 500,
    "bad_input": 422,
    "not_found": 404,
    "not_signed_in": 401,
    "link_dead": 410,
    "changed_meanwhile": 409,
    "config_error": 500,
    "database_trouble": 503,
    **dict.fromkeys(DATABASE_CODES, 503),
    **dict.fromkeys(REFUSALS, 409),
    **dict.fromkeys(("deactivated", "not_authorised", "own_post", "system_only", "unknown_person"), 403),
    **dict.fromkeys(
        ("revision_required", "reason_required", "empty_post", "time_required", "time_past", "time_far",
         "settlement_required"),
        422,
    ),
}  # fmt: skip

_TITLES = {
    401: "Please sign in",
    403: "You may not do that",
    404: "Not found",
    409: "That does not fit any more",
    410: "This link no longer works",
    413: "Too large",
    422: "Something is missing or wrong",
    500: "Something broke",
    503: "Not possible right now",
}


def status_of(error: SignoffError) -> int:
    return STATUS[error.code]


def problem(status: int, code: str, detail: str, field: str | None = None) -> JSONResponse:
    """An RFC 9457 answer. `field` names the part of the request that is wrong."""
    detail = detail.encode(errors="replace").decode()  # what was typed may hold half of a character
    body = {"type": f"urn:signoff:{code}", "title": title_of(status), "status": status, "code": code, "detail": detail}
    if field:
        body["field"] = field
    return JSONResponse(body, status_code=status, media_type="application/problem+json")


def title_of(status: int) -> str:
    return _TITLES.get(status, "Something went wrong")


def answer(request: Request, status: int, code: str, detail: str, field: str | None = None) -> Response:
    """The error in the caller's form."""
    if _is_program(request):
        return problem(status, code, detail, field)
    return render(request, "error.html", {"title": title_of(status), "message": detail}, status=status)


def _is_program(request: Request) -> bool:
    return request.url.path.startswith(("/api/", "/slack/", "/sandbox/slack/api/", "/readyz", "/metrics"))


def install(app: FastAPI) -> None:
    """Makes every error an answer in this form."""

    @app.exception_handler(SignoffError)
    async def _known(request: Request, error: SignoffError) -> Response:
        if isinstance(error, NotSignedIn) and request.method == "GET" and not _is_program(request):
            return session.ask_to_sign_in(request)
        return answer(request, status_of(error), error.code, error.message, error.field)

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        if first["loc"][0] == "path":
            return answer(request, 404, "not_found", "There is nothing at this address.")
        field = ".".join(str(part) for part in first["loc"] if part not in ("body", "query", "path"))
        return answer(request, 422, "bad_input", f"{first['msg']}.", field or None)

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        code = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}.get(error.status_code, "error")
        return answer(request, error.status_code, code, str(error.detail))

    @app.exception_handler(ClientDisconnect)
    async def _gone(_request: Request, _error: ClientDisconnect) -> Response:
        return Response(status_code=400)  # nobody is there to read it

    @app.exception_handler(Exception)
    async def _broken(request: Request, _error: Exception) -> Response:
        told = answer(request, 500, "error", "Something broke on our side; nothing was changed. Try again.")
        told.headers["Connection"] = "close"  # the server hangs up after this, and the client is to know
        return told
