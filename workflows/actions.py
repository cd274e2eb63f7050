"""Everything that a person can do to a post, whichever way they came in. Each function is one transaction.

`who` is the acting person's id; their rights are read in the same transaction.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from models.actors import Actor
from models.content import MAX_REASON, clean_text, diff_fields
from models.errors import BadInput, NotFound, Refusal, Refused
from models.state import Action, Draft, Outcome
from models.statuses import ActionName, Status, Surface
from models.tables import brands, channels, media_files
from models.writing import Shelf, Writing, compose
from workflows import facts, people, transition
from workflows.database import Work
from workflows.measures import DECISION
from workflows.office import Office

TIMED_BY_SCHEDULE = frozenset({Status.APPROVED, Status.SCHEDULED, Status.PUBLISH_FAILED})


def submit(office: Office, post_id: int, who: int, surface: Surface, revision: int | None = None) -> Outcome:
    """Sends a draft to the policy check."""
    return _act(office, post_id, who, Action(ActionName.SUBMIT, surface, revision=revision))


def approve(
    office: Office, post_id: int, who: int, surface: Surface, revision: int | None, reason: str = ""
) -> Outcome:
    """Approves the revision that the approver saw, at the stage that the post is in."""
    return _decide(office, post_id, who, Action(ActionName.APPROVE, surface, _reason(reason), revision))


def request_changes(
    office: Office, post_id: int, who: int, surface: Surface, revision: int | None, reason: str
) -> Outcome:
    """Sends the post back to its author, with a reason."""
    return _decide(office, post_id, who, Action(ActionName.REQUEST_CHANGES, surface, _reason(reason), revision))


def reject(office: Office, post_id: int, who: int, surface: Surface, revision: int | None, reason: str) -> Outcome:
    """Ends the post, with a reason."""
    return _decide(office, post_id, who, Action(ActionName.REJECT, surface, _reason(reason), revision))


def schedule(
    office: Office, post_id: int, who: int, surface: Surface, at: datetime | None, *, immediately: bool = False
) -> Outcome:
    """Gives an approved post its publication time: `at` (UTC), the wished one, or now."""
    action = Action(ActionName.SCHEDULE, surface, scheduled_for=at, immediately=immediately)
    return _act(office, post_id, who, action)


def unschedule(office: Office, post_id: int, who: int, surface: Surface, reason: str = "") -> Outcome:
    """Takes the publication time away; the approvals stay."""
    return _act(office, post_id, who, Action(ActionName.UNSCHEDULE, surface, _reason(reason)))


def withdraw(
    office: Office, post_id: int, who: int, surface: Surface, reason: str = "", revision: int | None = None
) -> Outcome:
    """Takes the post back for good."""
    return _act(office, post_id, who, Action(ActionName.WITHDRAW, surface, _reason(reason), revision))


def settle(office: Office, post_id: int, who: int, surface: Surface, settled: str, reason: str) -> Outcome:
    """Says what became of a publication whose answer was lost: `published` or `publish_failed`."""
    return _act(office, post_id, who, Action(ActionName.SETTLE_PUBLISH, surface, _reason(reason), settled=settled))


def _decide(office: Office, post_id: int, who: int, action: Action) -> Outcome:
    with DECISION.labels(action.surface.value).time():
        return _act(office, post_id, who, action)


def _act(office: Office, post_id: int, who: int, action: Action) -> Outcome:
    now = office.clock.now()
    with office.database.unit_of_work() as work:
        row = facts.post_row(work.connection, post_id, lock=True)
        actor = people.actor(work.connection, who, now)
        _require_sight_of(actor, row)
        return transition.apply(work, office.house, post_id, action, actor, now, row=row)


def create(office: Office, who: int, surface: Surface, brand: str, lane: str, writing: Writing) -> int:
    """A new draft; returns the post's number."""
    now = office.clock.now()
    with office.database.unit_of_work() as work:
        actor = people.actor(work.connection, who, now)
        row = _brand(work.connection, brand, actor)
        _may_draft(office, actor, row)
        if lane not in office.house.workflow.lanes:
            lanes = ", ".join(office.house.workflow.lanes)
            raise BadInput(f"“{lane[:40]}” is no lane; there are: {lanes}.", field="lane")
        draft = compose(writing, _shelf(work.connection, brand, writing), None, now)
        facts = {"brand": brand, "region": row.region, "lane": lane, "surface": surface}
        return transition.create(work, draft, actor, now, facts)


def change(
    office: Office, post_id: int, who: int, surface: Surface, writing: Writing, revision: int | None = None
) -> Outcome:
    """Changes what is typed. The time of an approved post goes through `schedule`, all else through `edit`."""
    now = office.clock.now()
    with office.database.unit_of_work() as work:
        row = facts.post_row(work.connection, post_id, lock=True)
        actor = people.actor(work.connection, who, now)
        _require_sight_of(actor, row)
        before = _draft_of(work.connection, row)
        shelf = _shelf(work.connection, before.content.brand, writing)
        draft = compose(writing, shelf, before, now)
        changed = diff_fields(before.content, draft.content)
        only_timed = not changed and draft.context == before.context
        if only_timed and row.status in TIMED_BY_SCHEDULE and draft.scheduled_for != before.scheduled_for:
            name = ActionName.SCHEDULE if draft.scheduled_for else ActionName.UNSCHEDULE
            action = Action(name, surface, revision=revision, scheduled_for=draft.scheduled_for)
        else:
            detail = {"changed": list(changed)} if changed else {}
            action = Action(ActionName.EDIT, surface, revision=revision, draft=draft, detail=detail)
        return transition.apply(work, office.house, post_id, action, actor, now, row=row)


def try_out(office: Office, who: int, brand: str, writing: Writing) -> Draft:
    """The draft that a piece of writing would make, without keeping it; raises BadInput."""
    with office.database.reading() as connection:
        _brand(connection, brand, people.actor(connection, who, office.clock.now()))
        return compose(writing, _shelf(connection, brand, writing), None, office.clock.now())


def duplicate(office: Office, post_id: int, who: int, surface: Surface) -> int:
    """A new draft with the same content and none of the approvals; returns its number."""
    now = office.clock.now()
    with office.database.unit_of_work() as work:
        actor = people.actor(work.connection, who, now)
        require_sight(work.connection, actor, post_id)
        row = facts.post_row(work.connection, post_id)
        _may_draft(office, actor, _brand(work.connection, row.brand, actor))
        draft = replace(draft_of(work.connection, post_id), scheduled_for=None)
        columns = {"brand": row.brand, "region": row.region, "lane": row.lane, "duplicate_of": post_id}
        return transition.create(work, draft, actor, now, {**columns, "surface": surface})


def draft_of(connection: Connection, post_id: int) -> Draft:
    """The current revision as a draft."""
    return _draft_of(connection, facts.post_row(connection, post_id))


def _draft_of(connection: Connection, row: Any) -> Draft:
    content = facts.content(connection, row.id, row.brand, row.revision)
    post = facts.state(connection, row, frozenset({"context"}), row.changed_at)
    return Draft(content, post.context, row.scheduled_for)


def require_sight(connection: Connection, actor: Actor, post_id: int) -> None:
    """Raises NotFound for a post of a brand in which the actor holds no role: it is not theirs to know of."""
    _require_sight_of(actor, facts.post_row(connection, post_id))


def _require_sight_of(actor: Actor, row: Any) -> None:
    if not sees(actor, row.brand):
        raise NotFound(f"There is no post {row.id}.")
    if not actor.active:
        raise Refused(Refusal("deactivated", "Your account is deactivated; ask an administrator."))


def sees(actor: Actor, brand: str) -> bool:
    """Whoever holds a role in a brand sees its posts."""
    return any(grant.brand in (None, brand) for grant in actor.grants)


def _brand(connection: Connection, brand: str, actor: Actor) -> Row[tuple[object, ...]]:
    """The brand's row; whoever holds no role in it does not learn that it exists."""
    row = connection.execute(select(brands).where(brands.c.slug == brand)).first()
    if row is None or not sees(actor, brand):
        raise BadInput(f"There is no brand “{brand[:40]}”.", field="brand")
    return row


def _may_draft(office: Office, actor: Actor, brand: Row[tuple[object, ...]]) -> None:
    drafters = office.house.workflow.drafters
    if not actor.active:
        raise Refused(Refusal("deactivated", "Your account is deactivated; ask an administrator."))
    if not actor.roles(brand.slug, brand.region).intersection(drafters):
        message = f"You cannot write for {brand.slug}: that needs the role {' or '.join(drafters)}."
        raise Refused(Refusal("not_authorised", message, field="brand"))


def _shelf(connection: Connection, brand: str, writing: Writing) -> Shelf:
    names = connection.execute(select(channels.c.name).where(channels.c.brand == brand).order_by(channels.c.name))
    wanted = [sha256 for sha256, _ in writing.media or ()]
    images = connection.execute(
        select(media_files.c.sha256, media_files.c.content_type).where(media_files.c.sha256.in_(wanted))
    )
    return Shelf(brand, names.scalars().all(), {row.sha256: row.content_type for row in images})


def _reason(reason: str) -> str:
    return clean_text(reason, field="reason", limit=MAX_REASON).strip()


def keep_image(office: Office, who: int, data: bytes, name: str) -> str:
    """Keeps an uploaded image and returns its SHA-256; raises BadInput that names the file."""
    image = office.house.media.keep(data, name=name)
    with office.database.unit_of_work() as work:
        _note_image(work, image.sha256, who, office.clock.now(), image.__dict__)
    return image.sha256


def _note_image(work: Work, sha256: str, who: int, now: datetime, columns: dict[str, object]) -> None:
    known = work.connection.execute(select(media_files.c.sha256).where(media_files.c.sha256 == sha256)).first()
    if known is None:
        work.connection.execute(media_files.insert(), {**columns, "uploaded_by": who, "uploaded_at": now})
