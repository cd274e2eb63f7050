"""The JSON API, for other tools. Errors are problem+json (RFC 9457); Idempotency-Key is honoured."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Self

from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, model_validator
from starlette.concurrency import run_in_threadpool

from models.errors import BadInput, NotFound, NotSignedIn
from models.localtime import instant
from models.statuses import Surface
from models.writing import Writing
from notifiers.explain import explain
from web.buttons import BUTTONS, Press
from web.parameters import Before, PostNumber
from web.templating import office_of
from workflows import access, actions, idempotency, judging, people, queues, views
from workflows.access import Bearer
from workflows.documents import post_document, stamp
from workflows.office import Office

router = APIRouter(prefix="/api/v1")


class Body(BaseModel):
    """A request body; unknown fields are refused, so that a typo does not pass in silence."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="after")
    def _storable(self) -> Self:
        for name, value in self:
            for text in _strings(value):
                if "\0" in text or any("\ud800" <= char <= "\udfff" for char in text):
                    message = "This has a character that cannot be stored, such as NUL or half of an emoji."
                    raise BadInput(message, field=name)
        return self


def _strings(value: Any) -> Iterator[str]:
    """Every string inside a value, keys of mappings included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from (*_strings(key), *_strings(item))
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


class MediaItem(Body):
    """An uploaded image by its SHA-256, with its alternative text."""

    sha256: str
    alt: str = ""


class PostFields(Body):
    """What a post says. `variants` maps a channel to its own text; `scheduled_for` is RFC 3339 with an offset."""

    channels: list[str] | None = Field(default=None, max_length=20)
    text: str | None = None
    variants: dict[str, str] | None = None
    link: str | None = None
    media: list[MediaItem] | None = None
    disclosure: str | None = None
    consent: str | None = None
    context: str | None = None
    scheduled_for: str | None = None

    def writing(self) -> Writing:
        return Writing(
            channels=tuple(self.channels) if self.channels is not None else None,
            text=self.text,
            variants=self.variants,
            link=self.link,
            media=tuple((item.sha256, item.alt) for item in self.media) if self.media is not None else None,
            disclosure=self.disclosure,
            consent=self.consent,
            context=self.context,
            scheduled_for=_moment(self.scheduled_for),
            timed="scheduled_for" in self.model_fields_set,
        )


class NewPost(PostFields):
    """A new draft."""

    brand: str
    lane: str = "standard"


class ChangedPost(PostFields):
    """Changes to a post; what is left out stays. With `revision`, only if that is still the newest."""

    revision: int | None = None


class ActionBody(Body):
    """What an action needs: decisions a `revision` (and a reason, unless approving), `schedule` a time or `now`."""

    reason: str = ""
    revision: int | None = None
    scheduled_for: str | None = None
    settled: str | None = None


class CheckBody(PostFields):
    """A text to be checked against the policy; nothing is stored."""

    brand: str
    lane: str = "standard"


def _moment(text: str | None) -> datetime | None:
    return instant(text) if text else None


def bearer(request: Request, authorization: Annotated[str | None, Header()] = None) -> Bearer:
    """The person behind `Authorization: Bearer …`; raises NotSignedIn."""
    kind, _, token = (authorization or "").partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        raise NotSignedIn("Send a token: Authorization: Bearer …. Make one with: signoff token create EMAIL")
    return access.bearer(office_of(request), token.strip())


Caller = Annotated[Bearer, Depends(bearer)]
IdempotencyKey = Annotated[str | None, Header(max_length=100)]


@router.post("/posts", status_code=201)
def create_post(request: Request, caller: Caller, body: NewPost, idempotency_key: IdempotencyKey = None) -> Response:
    caller.require("draft")
    office = office_of(request)

    def make() -> tuple[int, dict[str, Any]]:
        post = actions.create(office, caller.person, Surface.API, body.brand, body.lane, body.writing())
        return 201, _document(office, caller, post)

    return _once(office, caller, idempotency_key, body, request, make)


@router.get("/posts")
def list_posts(request: Request, caller: Caller, status: str | None = None, before: Before = None) -> dict[str, Any]:
    """The posts of the caller's brands, the newest first, 50 a page; `next` is the `before` of the next page."""
    caller.require("read")
    office = office_of(request)
    with office.database.reading() as connection:
        actor = people.actor(connection, caller.person, office.clock.now())
        page = queues.everything(connection, actor, before, status)
    entries = [
        {**vars(entry), "scheduled_for": stamp(entry.scheduled_for), "changed_at": stamp(entry.changed_at)}
        for entry in page.entries
    ]
    return {"posts": entries, "next": page.before}


@router.get("/posts/{post_id}")
def get_post(request: Request, caller: Caller, post_id: PostNumber) -> dict[str, Any]:
    caller.require("read")
    return _document(office_of(request), caller, post_id)


@router.post("/media", status_code=201)
async def upload_image(request: Request, caller: Caller, name: str = "the image") -> dict[str, Any]:
    """Keeps an image, sent as the request's body; answers with the `sha256` that posts refer to it by."""
    caller.require("draft")
    data = await request.body()
    sha256 = await run_in_threadpool(actions.keep_image, office_of(request), caller.person, data, name)
    return {"sha256": sha256}


@router.patch("/posts/{post_id}")
def change_post(request: Request, caller: Caller, post_id: PostNumber, body: ChangedPost) -> dict[str, Any]:
    caller.require("draft")
    office = office_of(request)
    actions.change(office, post_id, caller.person, Surface.API, body.writing(), body.revision)
    return _document(office, caller, post_id)


@router.post("/posts/{post_id}/actions/{action}")
def act_on_post(
    request: Request,
    caller: Caller,
    post_id: PostNumber,
    action: str,
    body: ActionBody | None = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    office, given = office_of(request), body or ActionBody()
    caller.require("decide" if action in BUTTONS else "draft")

    def act() -> tuple[int, dict[str, Any]]:
        target = _act(office, caller.person, post_id, action, given)
        return 200, _document(office, caller, target)

    return _once(office, caller, idempotency_key, given, request, act)


def _act(office: Office, who: int, post_id: int, action: str, given: ActionBody) -> int:
    """Carries out an action; returns the post to show."""
    if action in BUTTONS:
        BUTTONS[action](office, Press(post_id, who, given.revision, Surface.API, given.reason))
    elif action == "submit":
        actions.submit(office, post_id, who, Surface.API, given.revision)
    elif action == "schedule":
        now = given.scheduled_for == "now"
        at = None if now else _moment(given.scheduled_for)
        actions.schedule(office, post_id, who, Surface.API, at, immediately=now)
    elif action == "unschedule":
        actions.unschedule(office, post_id, who, Surface.API, given.reason)
    elif action == "withdraw":
        actions.withdraw(office, post_id, who, Surface.API, given.reason, given.revision)
    elif action == "settle_publish":
        actions.settle(office, post_id, who, Surface.API, given.settled or "", given.reason)
    elif action == "duplicate":
        return actions.duplicate(office, post_id, who, Surface.API)
    else:
        raise NotFound(f"There is no action “{action[:40]}” that a program can ask for.")
    return post_id


@router.get("/posts/{post_id}/explain")
def explain_post(request: Request, caller: Caller, post_id: PostNumber) -> dict[str, Any]:
    """Where the post stands, what is missing, who can give it, and which timer is next."""
    caller.require("read")
    office = office_of(request)
    now = office.clock.now()
    with office.database.reading() as connection:
        actions.require_sight(connection, people.actor(connection, caller.person, now), post_id)
        post = views.post_view(connection, office, post_id, now)
        zone = people.person_by_id(connection, caller.person).timezone
    return {"id": post_id, "status": post.status, "lines": explain(post, zone)}


@router.post("/policy/check")
def check_policy(request: Request, caller: Caller, body: CheckBody) -> dict[str, Any]:
    """What the policy finds in a text, for each of its channels."""
    caller.require("read")
    office = office_of(request)
    content = actions.try_out(office, caller.person, body.brand, body.writing()).content
    with office.database.reading() as connection:
        today = office.clock.now().date()
        findings = office.policy.check(judging.content_subjects(connection, content, body.lane, today))
    return {"policy_digest": office.policy.digest, "findings": [vars(finding) for finding in findings]}


def _document(office: Office, caller: Bearer, post_id: int) -> dict[str, Any]:
    now = office.clock.now()
    with office.database.reading() as connection:
        actions.require_sight(connection, people.actor(connection, caller.person, now), post_id)
        return post_document(connection, office, post_id, now)


def _once(office: Office, caller: Bearer, key: str | None, body: Body, request: Request, make: Any) -> Response:
    """Answers a repeated Idempotency-Key with the first answer, and refuses it for another request."""
    asked = f"{request.method} {request.url.path} {body.model_dump(exclude_unset=True)!r}"
    status, document = idempotency.once(office, caller.person, key, asked, make)
    return JSONResponse(document, status_code=status)
