"""The draft form. Whatever is wrong with it, what was typed stays."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection, select
from starlette.concurrency import run_in_threadpool

from models.errors import NotFound, Refusal, Refused, SignoffError
from models.localtime import zone as zone_named
from models.statuses import Surface
from models.tables import brands, channels
from models.writing import Writing, common_text, own_texts
from web import session
from web.errors import status_of
from web.forms import Typed, read_form
from web.pages import read_time
from web.parameters import PostNumber
from web.templating import office_of, render
from workflows import actions, facts, people
from workflows.media import MAX_BYTES
from workflows.office import Office

router = APIRouter(include_in_schema=False)


@router.get("/posts/new")
def new_page(request: Request, brand: str = "", lane: str = "standard") -> Response:
    return _form(request, None, {"brand": brand, "lane": lane}, None)


@router.get("/posts/{post_id}/edit")
def edit_page(request: Request, post_id: PostNumber) -> Response:
    visitor, office = session.signed_in(request), office_of(request)
    with office.database.reading() as connection:
        actor = people.actor(connection, visitor.id, office.clock.now())
        actions.require_sight(connection, actor, post_id)
        row = facts.post_row(connection, post_id)
        if not actor.roles(row.brand, row.region).intersection(office.house.workflow.drafters):
            message = f"You may not write posts for {row.brand}; ask an administrator for the role."
            raise Refused(Refusal("not_authorised", message))
        typed = _stored(connection, post_id, visitor.zone)
    return _form(request, post_id, typed, None)


@router.post("/posts/new")
async def create(request: Request) -> Response:
    return await _save(request, None)


@router.post("/posts/{post_id}/edit")
async def edit(request: Request, post_id: PostNumber) -> Response:
    return await _save(request, post_id)


async def _save(request: Request, post_id: int | None) -> Response:
    visitor, office = session.signed_in(request), office_of(request)
    typed = await read_form(request)
    session.require_own_form(request, typed.get("csrf"))
    values: dict[str, Any] = {**typed.fields, "channels": typed.lists.get("channels", [])}
    try:
        values["media"] = await _images(office, visitor.id, typed)
        saved = await run_in_threadpool(_write, office, visitor, typed, values, post_id)
        if typed.get("then") == "submit":
            values["saved"] = saved
            await run_in_threadpool(actions.submit, office, saved, visitor.id, Surface.WEB)
    except NotFound:
        raise
    except SignoffError as error:
        if "saved" in values:
            values["revision"] = await run_in_threadpool(_revision, office, values["saved"])
            return await run_in_threadpool(_form, request, values["saved"], values, error)
        return await run_in_threadpool(_form, request, post_id, values, error)
    return RedirectResponse(f"/posts/{saved}", status_code=303)


def _revision(office: Office, post_id: int) -> int:
    with office.database.reading() as connection:
        return int(facts.post_row(connection, post_id).revision)


async def _images(office: Office, who: int, typed: Typed) -> list[dict[str, str]]:
    """The images that the form keeps, with their alternative texts, and those that were uploaded with it."""
    kept = [
        {"sha256": sha256, "alt": typed.get(f"alt.{sha256}")}
        for sha256 in typed.lists.get("keep_media", [])
        if not typed.get(f"remove.{sha256}")
    ]
    for number, file in enumerate(typed.files):
        data = await file.read(MAX_BYTES + 1)
        sha256 = await run_in_threadpool(actions.keep_image, office, who, data, file.filename or "")
        if all(item["sha256"] != sha256 for item in kept):
            kept.append({"sha256": sha256, "alt": typed.get("new_alt") if number == 0 else ""})
    return kept


def _write(office: Office, visitor: session.Visitor, typed: Typed, values: dict[str, Any], post_id: int | None) -> int:
    chosen = tuple(values["channels"])
    untouched = bool(post_id) and (typed.get("scheduled_for"), typed.get("zone")) == (
        typed.get("shown_time"),
        typed.get("shown_zone"),
    )
    moment = None if untouched else read_time(typed, visitor.zone)
    writing = Writing(
        channels=chosen,
        text=typed.get("text"),
        variants={channel: typed.get(f"text.{channel}") for channel in chosen},
        link=typed.get("link"),
        media=tuple((item["sha256"], item["alt"]) for item in values["media"]),
        disclosure=typed.get("disclosure"),
        consent=typed.get("consent"),
        context=typed.get("context"),
        scheduled_for=moment,
        timed=not untouched,
    )
    if post_id is None:
        brand, lane = typed.get("brand"), typed.get("lane") or "standard"
        return actions.create(office, visitor.id, Surface.WEB, brand, lane, writing)
    actions.change(office, post_id, visitor.id, Surface.WEB, writing, typed.number("revision"))
    return post_id


def _stored(connection: Connection, post_id: int, zone: str) -> dict[str, Any]:
    """The form's fields as the post has them."""
    row = facts.post_row(connection, post_id)
    draft = actions.draft_of(connection, post_id)
    first = draft.content.variants[0] if draft.content.variants else None
    local = draft.scheduled_for.astimezone(zone_named(zone)) if draft.scheduled_for else None
    return {
        "brand": row.brand,
        "lane": row.lane,
        "revision": row.revision,
        "channels": list(draft.content.channels),
        "text": common_text(draft.content),
        **{f"text.{channel}": text for channel, text in own_texts(draft.content).items()},
        "link": first.link if first else "",
        "media": [{"sha256": item.sha256, "alt": item.alt} for item in first.media] if first else [],
        "disclosure": first.disclosure if first else "",
        "consent": first.consent if first else "",
        "context": draft.context,
        "scheduled_for": f"{local:%Y-%m-%dT%H:%M}" if local else "",
        "zone": zone,
        "shown_time": f"{local:%Y-%m-%dT%H:%M}" if local else "",
        "shown_zone": zone,
    }


def _form(request: Request, post_id: int | None, typed: dict[str, Any], error: SignoffError | None) -> Response:
    visitor, office = session.signed_in(request), office_of(request)
    with office.database.reading() as connection:
        actor = people.actor(connection, visitor.id, office.clock.now())
        choice = _brands(connection, office, actor)
    if not choice and post_id is None:
        raise Refused(Refusal("not_authorised", "You may not write posts for any brand; ask an administrator."))
    picked = next((brand for brand in choice if brand["slug"] == typed.get("brand")), choice[0] if choice else None)
    form = {
        "post_id": post_id,
        "typed": {"channels": [], "media": [], **typed},
        "brands": choice,
        "brand": picked,
        "lanes": office.house.workflow.lanes,
        "zones": _zones(typed, visitor, picked),
        "error": error,
        "own_texts": any(value for name, value in typed.items() if name.startswith("text.")),
        "twice": error is not None and "happens twice" in error.message,
    }
    return render(request, "draft.html", form, status=status_of(error) if error else 200)


def _zones(typed: dict[str, Any], visitor: session.Visitor, brand: dict[str, Any] | None) -> list[str]:
    """The zones to choose from: the one typed, the visitor's own, the brand's, UTC."""
    names = (typed.get("zone"), visitor.zone, brand["timezone"] if brand else None, "UTC")
    return list(dict.fromkeys(name for name in names if name))


def _brands(connection: Connection, office: Office, actor: Any) -> list[dict[str, Any]]:
    """The brands that the person may write for, with their channels."""
    rows = connection.execute(select(brands).order_by(brands.c.slug)).all()
    accounts = connection.execute(select(channels).order_by(channels.c.brand, channels.c.name)).all()
    return [
        {**row._mapping, "channels": [account for account in accounts if account.brand == row.slug]}
        for row in rows
        if actor.roles(row.slug, row.region).intersection(office.house.workflow.drafters)
    ]
