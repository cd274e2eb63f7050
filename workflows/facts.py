"""Loads a post for the state machine: its row, locked, and only the facts that the action looks at."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select

from models.content import Content, Media, Variant
from models.errors import NotFound
from models.state import Decision, PostState, Timer
from models.statuses import ActionName as A
from models.tables import decisions, people, posts, revisions, timers, variants
from workflows.media import MediaStore
from workflows.people import last_resort, members
from workflows.statements import Statement

NEEDS: dict[A, frozenset[str]] = {
    A.SUBMIT: frozenset({"decisions", "members"}),
    A.EDIT: frozenset({"context", "timer"}),
    A.PASS_POLICY: frozenset({"decisions", "members"}),
    A.APPROVE: frozenset({"decisions"}),
    A.REQUEST_CHANGES: frozenset({"decisions"}),
    A.REJECT: frozenset({"decisions"}),
    A.REMIND: frozenset({"decisions", "timer", "members"}),
    A.ESCALATE: frozenset({"timer", "members"}),
    A.PAGE: frozenset({"timer", "last_resort"}),
    A.EXPIRE: frozenset({"timer"}),
    A.SCHEDULE: frozenset({"decisions"}),
    A.CLAIM_PUBLISH: frozenset({"decisions", "recomputed"}),
}
EVERYTHING = frozenset({"decisions", "timer", "members", "last_resort", "context"})

_POST = Statement(select(posts).where(posts.c.id == bindparam("post")))
_POST_LOCKED = Statement(select(posts).where(posts.c.id == bindparam("post")).with_for_update())
_DECISIONS = Statement(
    select(decisions, people.c.name.label("person_name"))
    .join(people, people.c.id == decisions.c.person_id)
    .where(decisions.c.post_id == bindparam("post"))
    .order_by(decisions.c.id)
)
_TIMER = Statement(select(timers).where(timers.c.post_id == bindparam("post")))
_CONTEXT = Statement(
    select(revisions.c.context).where(
        revisions.c.post_id == bindparam("post"), revisions.c.number == bindparam("revision")
    )
)
_VARIANTS = Statement(
    select(variants)
    .where(variants.c.post_id == bindparam("post"), variants.c.revision == bindparam("revision"))
    .order_by(variants.c.channel)
)


def post_row(connection: Connection, post_id: int, *, lock: bool = False) -> Any:
    """The post's row; locked against other transactions where the database can (SQLite has one writer anyway)."""
    row = (_POST_LOCKED if lock else _POST).first(connection, {"post": post_id})
    if row is None:
        raise NotFound(f"There is no post {post_id}.")
    return row


def state(
    connection: Connection, row: Any, needs: frozenset[str], now: datetime, media: MediaStore | None = None
) -> PostState:
    """The post of `row` with the facts that are named in `needs`."""
    return PostState(
        id=row.id,
        brand=row.brand,
        region=row.region,
        lane=row.lane,
        channels=frozenset(row.channels),
        status=row.status,
        version=row.version,
        revision=row.revision,
        content_revision=row.content_revision,
        digest=row.digest,
        author=row.author_id,
        last_editor=row.last_editor_id,
        scheduled_for=row.scheduled_for,
        categories=frozenset(row.categories),
        attempts=row.attempts,
        context=_context(connection, row) if "context" in needs else "",
        decisions=_decisions(connection, row.id) if "decisions" in needs else (),
        timer=_timer(connection, row.id) if "timer" in needs else None,
        members=members(connection, row.brand, row.region, now) if "members" in needs else (),
        last_resort=last_resort(connection, row.brand) if "last_resort" in needs else None,
        recomputed=_recomputed(connection, row, media) if "recomputed" in needs else None,
    )


def content(connection: Connection, post_id: int, brand: str, revision: int) -> Content:
    """What a revision shows, from the rows as they are stored now."""
    rows = _VARIANTS.rows(connection, {"post": post_id, "revision": revision})
    return Content(
        brand,
        tuple(
            Variant(
                channel=row.channel,
                text=row.text,
                link=row.link,
                media=tuple(Media(**item) for item in row.media),
                disclosure=row.disclosure,
                consent=row.consent,
            )
            for row in rows
        ),
    )


def _recomputed(connection: Connection, row: Any, media: MediaStore | None) -> str | None:
    """The digest taken again from the stored variants and media files; None when a file is not what it was."""
    stored = content(connection, row.id, row.brand, row.revision)
    files = {item.sha256 for variant in stored.variants for item in variant.media}
    if files and (media is None or not all(media.is_intact(sha256) for sha256 in files)):
        return None
    return stored.digest


def _context(connection: Connection, row: Any) -> str:
    return str(_CONTEXT.scalar(connection, {"post": row.id, "revision": row.revision}) or "")


def _decisions(connection: Connection, post_id: int) -> tuple[Decision, ...]:
    return tuple(
        Decision(
            person=row.person_id,
            person_name=row.person_name,
            holder=row.holder_id,
            stage=row.stage,
            verdict=row.verdict,
            roles=frozenset(row.roles),
            revision=row.revision,
            digest=row.digest,
            at=row.decided_at,
        )
        for row in _DECISIONS.rows(connection, {"post": post_id})
    )


def _timer(connection: Connection, post_id: int) -> Timer | None:
    row = _TIMER.first(connection, {"post": post_id})
    return Timer(row.stage, row.entered_at, tuple(row.fired), row.next_rung, row.due_at) if row else None
