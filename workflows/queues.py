"""Lists of posts, page by page. Each is one query over an index, whatever the number of posts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, desc, exists, false, or_, select

from models.actors import Actor
from models.tables import brands, decisions, people, posts
from models.workflow import Workflow

PAGE = 50

_COLUMNS = (
    posts.c.id,
    posts.c.brand,
    posts.c.lane,
    posts.c.status,
    posts.c.headline,
    posts.c.scheduled_for,
    posts.c.changed_at,
    posts.c.channels,
)


@dataclass(frozen=True)
class QueueEntry:
    """A line of a list."""

    id: int
    brand: str
    lane: str
    status: str
    headline: str
    author: str
    channels: Sequence[str]
    scheduled_for: datetime | None
    changed_at: datetime


@dataclass(frozen=True)
class Page:
    """One page of a list, and the id to go on from; None at the end."""

    entries: Sequence[QueueEntry]
    before: int | None


def waiting_for_me(connection: Connection, actor: Actor, workflow: Workflow, before: int | None = None) -> Page:
    """The posts on which this person can decide and has not yet, the newest first."""
    able = [_can_decide(actor, slug, region, workflow) for slug, region in connection.execute(_BRANDS)]
    decided = exists().where(
        decisions.c.post_id == posts.c.id,
        decisions.c.digest == posts.c.digest,
        decisions.c.revision >= posts.c.content_revision,
        decisions.c.stage == posts.c.status,
        decisions.c.person_id == actor.id,
    )
    query = select(*_COLUMNS, people.c.name.label("author")).where(
        or_(false(), *able), posts.c.author_id != actor.id, posts.c.last_editor_id != actor.id, ~decided
    )
    return _page(connection, query, before)


_BRANDS = select(brands.c.slug, brands.c.region)


def _can_decide(actor: Actor, brand: str, region: str | None, workflow: Workflow) -> ColumnElement[bool]:
    lent = {grant.role for grant in actor.delegated(brand, region)}
    held = actor.roles(brand, region) | lent
    stages = [stage.status for stage in workflow.stages if stage.fills(held)]
    return (posts.c.brand == brand) & posts.c.status.in_(stages) if stages else false()


def mine(connection: Connection, actor: Actor, before: int | None = None) -> Page:
    """The posts that this person wrote."""
    query = select(*_COLUMNS, people.c.name.label("author")).where(posts.c.author_id == actor.id)
    return _page(connection, query, before)


def everything(connection: Connection, actor: Actor, before: int | None = None, status: str | None = None) -> Page:
    """The posts of all brands in which this person holds a role, of one status or of all."""
    query = select(*_COLUMNS, people.c.name.label("author"))
    brands_seen = {grant.brand for grant in actor.grants}
    if None not in brands_seen:
        query = query.where(posts.c.brand.in_(sorted(brand for brand in brands_seen if brand)))
    return _page(connection, query.where(posts.c.status == status) if status else query, before)


def _page(connection: Connection, query: Select[Any], before: int | None) -> Page:
    """By keyset: the next page starts below the last id, so that page 2,000 costs what page 1 does."""
    query = query.join(people, people.c.id == posts.c.author_id).order_by(desc(posts.c.id)).limit(PAGE + 1)
    if before is not None:
        query = query.where(posts.c.id < before)
    rows = [QueueEntry(**row._mapping) for row in connection.execute(query)]
    return Page(rows[:PAGE], rows[PAGE - 1].id if len(rows) > PAGE else None)
