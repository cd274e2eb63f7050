"""Who is visiting: the session cookie, and the proof that a form came from our own page."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, unquote, urlsplit

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from itsdangerous import BadSignature, URLSafeSerializer

from models.errors import NotFound, NotSignedIn, Refusal, Refused
from workflows.office import Office
from workflows.people import person_by_id

COOKIE = "signoff_session"
WANTED = "signoff_wanted"
LIFE = timedelta(days=14)


@dataclass(frozen=True)
class Visitor:
    """A signed-in person. `csrf` stands in every form that we serve them."""

    id: int
    name: str
    email: str
    zone: str
    csrf: str


def _serializer(office: Office) -> URLSafeSerializer:
    options = {"digest_method": hashlib.sha256}
    return URLSafeSerializer(office.links.secret, salt="signoff.session", signer_kwargs=options)


def begin(office: Office, response: Response, person_id: int) -> None:
    """Signs a person in."""
    now = int(office.clock.now().timestamp())
    value = _serializer(office).dumps({"person": person_id, "since": now, "csrf": secrets.token_urlsafe(16)})
    response.set_cookie(
        COOKIE,
        value,
        max_age=int(LIFE.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=office.settings.url.startswith("https://"),
    )


def ask_to_sign_in(request: Request) -> Response:
    """Leads to the sign-in page, and remembers where the visitor wanted to go."""
    response = RedirectResponse("/sign-in", status_code=303)
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    response.set_cookie(WANTED, quote(wanted[:500], safe="/?=&"), max_age=900, httponly=True, samesite="lax")
    return response


def wanted_page(request: Request) -> str:
    """Where the visitor wanted to go before signing in: a path of ours."""
    path = unquote(request.cookies.get(WANTED, "/"))
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"


def end(response: Response) -> None:
    response.delete_cookie(COOKIE)


def visitor(office: Office, cookie: str | None) -> Visitor | None:
    """The person of a session cookie; None when it is missing, forged, too old, or of somebody deactivated."""
    if not cookie or len(cookie) > 1_000:
        return None
    try:
        session = _serializer(office).loads(cookie)
        since = datetime.fromtimestamp(session["since"], UTC)
        person, csrf = int(session["person"]), str(session["csrf"])
    except (BadSignature, KeyError, TypeError, ValueError):
        return None
    if office.clock.now() - since > LIFE:
        return None
    try:
        with office.database.reading() as connection:
            row = person_by_id(connection, person)
    except NotFound:
        return None
    if row.deactivated_at is not None or (row.signed_out_at is not None and since <= row.signed_out_at):
        return None
    return Visitor(row.id, row.name, row.email, row.timezone, csrf)


def signed_in(request: Request) -> Visitor:
    """The visitor; raises NotSignedIn."""
    found: Visitor | None = request.state.visitor
    if found is None:
        raise NotSignedIn("Sign in first; a link comes by e-mail.")
    return found


def require_own_form(request: Request, token: object) -> None:
    """Raises Refused unless the form is one that we served to this visitor."""
    found: Visitor | None = request.state.visitor
    if found is None or not isinstance(token, str) or not hmac.compare_digest(found.csrf.encode(), token.encode()):
        raise Refused(Refusal("not_authorised", "This form is out of date. Load the page again, then repeat it."))


def is_foreign(request: Request, base_url: str) -> bool:
    """Whether a browser says that a writing request comes from another site."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("origin")
    if origin is None:
        return False
    hosts = {urlsplit(base_url).netloc, request.headers.get("host", "")}
    return urlsplit(origin).netloc not in hosts
