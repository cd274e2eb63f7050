"""Writes a transition's messages into the outbox, in the transition's transaction. Sending is another's work."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from models.messages import ASKS, BRAND, KINDS
from models.quorum import Voice
from models.state import Notice
from models.statuses import ActionName, Status
from models.tables import brands, decisions, outbox, people
from workflows.database import Work
from workflows.people import members
from workflows.step import House, Step

_INSERT = insert(outbox)
_DROP_ASKS = (
    update(outbox)
    .where(outbox.c.post_id == bindparam("post"), outbox.c.ended_at.is_(None), outbox.c.kind.in_(sorted(ASKS)))
    .values(ended_at=bindparam("now"), last_error="no longer needed: the review moved on")
)
_DECIDERS = select(decisions.c.person_id).where(
    decisions.c.post_id == bindparam("post"),
    decisions.c.digest == bindparam("digest"),
    decisions.c.verdict == ActionName.APPROVE,
)
_LAST_RESORT = (
    select(people.c.id)
    .join(brands, brands.c.last_resort_id == people.c.id)
    .where(brands.c.slug == bindparam("brand"), people.c.deactivated_at.is_(None))
)
_UNREVIEWED = frozenset({Status.DRAFT, Status.POLICY_CHECK})


def write(work: Work, house: House, step: Step) -> None:
    """The outbox rows of one transition; requests that it makes pointless are dropped."""
    if step.outcome.moves and house.workflow.stage(step.outcome.source):
        work.connection.execute(_DROP_ASKS, {"post": step.post.id, "now": step.now})
    rows = list(_rows(work, house, step))
    if rows:
        work.connection.execute(_INSERT, rows)
        work.wakes.add("deliver")


def _rows(work: Work, house: House, step: Step) -> Iterator[dict[str, Any]]:
    about: dict[str, Any] = {
        "post_id": step.post.id,
        "version": step.version,
        "payload": {"reason": step.outcome.reason},
    }
    if "slack" in house.told_by and not {step.outcome.source, step.outcome.target} <= _UNREVIEWED:
        yield message("cards", "slack", BRAND, step.now, **about)
    for notice in step.outcome.notices:
        if notice.kind == "review_requested" and "slack" in house.told_by:
            yield message("open_card", "slack", BRAND, step.now, **about)
        for person in _people(work, house, step, notice):
            if notice.kind == "escalation" and "slack" in house.told_by:
                yield message("open_card", "slack", person, step.now, **about)
            for medium in KINDS[notice.kind].media:
                if medium in house.told_by:
                    yield message(notice.kind, medium, person, step.now, **about)


def message(
    kind: str,
    medium: str,
    recipient: int | str,
    now: datetime,
    *,
    post_id: int | None = None,
    version: int | None = None,
    payload: dict[str, Any] | None = None,
    unique: str = "",
) -> dict[str, Any]:
    """One outbox row, due at once. The same message for the same transition can be written only once."""
    return {
        "post_id": post_id,
        "post_version": version,
        "medium": medium,
        "kind": kind,
        "recipient": str(recipient),
        "payload": payload or {},
        "dedupe_key": f"{medium}:{kind}:{recipient}:{unique or f'{post_id}:{version}'}",
        "created_at": now,
        "due_at": now,
        "attempt": 0,
        "unsure": False,
        "last_error": "",
    }


def _people(work: Work, house: House, step: Step, notice: Notice) -> Iterable[int]:
    """The ids of those whom a notice reaches, each once."""
    post = step.post
    if notice.audience == "author":
        return (post.author,)
    if notice.audience == "deciders":
        found = work.connection.execute(_DECIDERS, {"post": post.id, "digest": post.digest})
        return dict.fromkeys(found.scalars())
    if notice.audience == "last_resort":
        return work.connection.execute(_LAST_RESORT, {"brand": post.brand}).scalars().all()
    voices = post.members or members(work.connection, post.brand, post.region, step.now)
    return dict.fromkeys(voice.person for voice in voices if _is_reached(house, step, notice, voice))


def _is_reached(house: House, step: Step, notice: Notice, voice: Voice) -> bool:
    """Holders of a needed role are asked; who may only stand in is left in peace until the ladder asks them."""
    post, stage = step.post, house.workflow.stage(step.outcome.target)
    if {post.author, post.last_editor} & {voice.person, voice.holder}:
        return False
    if any(d.person == voice.person and d.digest == post.digest and d.stage == step.outcome.target
           for d in post.decisions):  # fmt: skip
        return False
    if notice.audience.startswith("role:"):
        return notice.audience.removeprefix("role:") in voice.roles
    return stage is not None and not stage.needs.roles.isdisjoint(voice.roles)
