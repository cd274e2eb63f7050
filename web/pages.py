"""The queue and the post page, and the forms on them."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from models.errors import BadInput, SignoffError
from models.localtime import instant, resolve
from models.machine import allowed
from models.statuses import Status, Surface
from notifiers.explain import explain
from notifiers.views import when
from web import session
from web.buttons import BUTTONS, Press
from web.errors import status_of
from web.forms import Typed, read_form
from web.parameters import Before, PostNumber
from web.templating import office_of, render
from workflows import actions, people, queues, views
from workflows.documents import history_entry
from workflows.office import Office

router = APIRouter(include_in_schema=False)
VIEWS = ("waiting", "mine", "all")


@router.get("/")
def queue(request: Request, view: str = "waiting", before: Before = None, status: str = "") -> Response:
    visitor, office = session.signed_in(request), office_of(request)
    view = view if view in VIEWS else "waiting"
    with office.database.reading() as connection:
        actor = people.actor(connection, visitor.id, office.clock.now())
        visible = views.visible_brands(connection, actor)
        if view == "waiting":
            page = queues.waiting_for_me(connection, actor, office.house.workflow, before)
        elif view == "mine":
            page = queues.mine(connection, actor, before)
        else:
            page = queues.everything(connection, actor, before, status[:40] or None)
    stages = {stage.status: stage.title for stage in office.house.workflow.stages}
    facts = {"page": page, "view": view, "stages": stages, "status": status, "statuses": [*stages, *Status]}
    drafts = any(actor.roles(brand, None).intersection(office.house.workflow.drafters) for brand in visible)
    return render(request, "queue.html", {**facts, "may_draft": drafts})


@router.get("/posts/{post_id}")
def post_page(request: Request, post_id: PostNumber) -> Response:
    return _show(request, post_id)


def _show(request: Request, post_id: int, error: SignoffError | None = None, typed: Typed | None = None) -> Response:
    visitor, office = session.signed_in(request), office_of(request)
    now = office.clock.now()
    with office.database.reading() as connection:
        actor = people.actor(connection, visitor.id, now)
        actions.require_sight(connection, actor, post_id)
        post = views.post_view(connection, office, post_id, now)
        state = views.post_state(connection, post_id, now)
        records = [_entry(body, visitor.zone) for body in views.history(connection, post_id)]
    facts: dict[str, Any] = {
        "post": post,
        "allowed": allowed(state, actor, office.house.workflow, now),
        "history": list(reversed(records)),
        "explanation": explain(post, visitor.zone),
        "error": error,
        "typed": typed.fields if typed else {},
        "decided": any(d.person == actor.id and d.digest == post.digest and d.stage == post.status
                       for d in state.decisions),
    }  # fmt: skip
    return render(request, "post.html", facts, status=status_of(error) if error else 200)


def _entry(body: bytes, zone: str) -> dict[str, Any]:
    """A line of the timeline, with its time in the reader's zone."""
    entry = history_entry(body)
    return {**entry, "at_text": when(datetime.fromisoformat(entry["at"]), zone)}


@router.post("/posts/{post_id}/{action}")
async def act(request: Request, post_id: PostNumber, action: str) -> Response:
    """A button of the post page. A refusal shows the page again, with what was typed."""
    visitor = session.signed_in(request)
    typed = await read_form(request)
    session.require_own_form(request, typed.get("csrf"))
    if action not in ACTS:
        raise BadInput(f"“{action[:30]}” is nothing that can be done to a post.")
    try:
        target = await run_in_threadpool(ACTS[action], office_of(request), post_id, visitor, typed)
    except SignoffError as error:
        if status_of(error) in (401, 404):
            raise
        return await run_in_threadpool(_show, request, post_id, error, typed)
    return RedirectResponse(f"/posts/{target}", status_code=303)


Act = Callable[[Office, int, session.Visitor, Typed], int]


def _button(name: str) -> Act:
    def press(office: Office, post_id: int, visitor: session.Visitor, typed: Typed) -> int:
        what = Press(post_id, visitor.id, typed.number("revision"), Surface.WEB, typed.get("reason"))
        BUTTONS[name](office, what)
        return post_id

    return press


def _submit(office: Office, post_id: int, visitor: session.Visitor, typed: Typed) -> int:
    actions.submit(office, post_id, visitor.id, Surface.WEB, typed.number("revision"))
    return post_id


def _schedule(office: Office, post_id: int, visitor: session.Visitor, typed: Typed) -> int:
    if typed.get("immediately"):
        actions.schedule(office, post_id, visitor.id, Surface.WEB, None, immediately=True)
        return post_id
    at = read_time(typed, visitor.zone)
    if at is None:
        raise BadInput("Choose a publication time.", field="scheduled_for")
    actions.schedule(office, post_id, visitor.id, Surface.WEB, at)
    return post_id


def read_time(typed: Typed, default_zone: str) -> Any:
    """The typed publication time as a UTC instant, or None; raises BadInput."""
    text = typed.get("scheduled_for").strip()
    if not text:
        return None
    if text.endswith("Z") or "+" in text[10:] or "-" in text[10:]:
        return instant(text)
    fold = typed.get("fold")
    return resolve(text, typed.get("zone") or default_zone, fold=int(fold) if fold in ("0", "1") else None)


def _unschedule(office: Office, post_id: int, visitor: session.Visitor, typed: Typed) -> int:
    actions.unschedule(office, post_id, visitor.id, Surface.WEB, typed.get("reason"))
    return post_id


def _withdraw(office: Office, post_id: int, visitor: session.Visitor, typed: Typed) -> int:
    actions.withdraw(office, post_id, visitor.id, Surface.WEB, typed.get("reason"), typed.number("revision"))
    return post_id


def _settle(office: Office, post_id: int, visitor: session.Visitor, typed: Typed) -> int:
    actions.settle(office, post_id, visitor.id, Surface.WEB, typed.get("settled"), typed.get("reason"))
    return post_id


def _duplicate(office: Office, post_id: int, visitor: session.Visitor, typed: Typed) -> int:
    return actions.duplicate(office, post_id, visitor.id, Surface.WEB)


ACTS: dict[str, Act] = {
    **{name: _button(name) for name in BUTTONS},
    "submit": _submit,
    "schedule": _schedule,
    "unschedule": _unschedule,
    "withdraw": _withdraw,
    "settle": _settle,
    "duplicate": _duplicate,
}
