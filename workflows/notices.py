"""Writes a transition's messages into the outbox, in the transition's transaction. Sending is another's work."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, or_, select, update

from models.asking import asked
from models.messages import ASKS, BRAND, KINDS
from models.state import Notice
from models.statuses import ActionName, Status
from models.tables import decisions, outbox
from workflows.database import Work
from workflows.people import last_resort, members
from workflows.statements import Statement
from workflows.step import House, Step

_INSERT = Statement(insert(outbox))
_DROP_ASKS = Statement(
    update(outbox)
    .where(
        outbox.c.post_id == bindparam("post"),
        outbox.c.ended_at.is_(None),
        or_(*(outbox.c.kind == kind for kind in sorted(ASKS))),
    )
    .values(ended_at=bindparam("now"), last_error="no longer needed: the review moved on")
)
_DECIDERS = Statement(
    select(decisions.c.person_id).where(
        decisions.c.post_id == bindparam("post"),
        decisions.c.digest == bindparam("digest"),
        decisions.c.verdict == ActionName.APPROVE.value,
    )
)
_UNREVIEWED = frozenset({Status.DRAFT, Status.POLICY_CHECK})


def _slack(kind: str, recipient: int | str, step: Step, about: dict[str, Any]) -> dict[str, Any]:
    """A new Slack message; those of one conversation go out at Slack's pace (workflows/pacing.py)."""
    conversation = f"brand/{step.post.brand}" if recipient == BRAND else f"person/{recipient}"
    return {**message(kind, "slack", recipient, step.now, **about), "conversation": conversation}


def write(work: Work, house: House, step: Step) -> None:
    """The outbox rows of one transition; requests that it makes pointless are dropped."""
    if step.outcome.moves and house.workflow.stage(step.outcome.source):
        _DROP_ASKS.run(work.connection, {"post": step.post.id, "now": step.now})
    rows = list(_rows(work, house, step))
    if rows:
        _INSERT.run_many(work.connection, rows)
        work.wakes.add("deliver")


def _rows(work: Work, house: House, step: Step) -> Iterator[dict[str, Any]]:
    about: dict[str, Any] = {
        "post_id": step.post.id,
        "version": step.version,
        "payload": {"reason": step.outcome.reason},
    }
    if "slack" in house.told_by and not {step.outcome.source, step.outcome.target} <= _UNREVIEWED:
        yield message("cards", "slack", BRAND, step.now, **about)
    told: set[tuple[str, str, int]] = set()
    for notice in step.outcome.notices:
        if notice.kind == "review_requested" and "slack" in house.told_by:
            yield _slack("open_card", BRAND, step, about)
        for person in _people(work, house, step, notice):
            kinds = [(notice.kind, medium) for medium in KINDS[notice.kind].media]
            kinds += [("open_card", "slack")] if notice.kind == "escalation" else []
            for kind, medium in kinds:
                if medium in house.told_by and (kind, medium, person) not in told:
                    told.add((kind, medium, person))
                    slack = medium == "slack" and _slack(kind, person, step, about)
                    yield slack or message(kind, medium, person, step.now, **about)


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
        "conversation": None,
        "slot": False,
        "last_error": "",
    }


def _people(work: Work, house: House, step: Step, notice: Notice) -> Iterable[int]:
    """The ids of those whom a notice reaches, each once."""
    post = step.post
    if notice.audience == "author":
        return (post.author,)
    if notice.audience == "deciders":
        found = _DECIDERS.rows(work.connection, {"post": post.id, "digest": post.digest})
        return dict.fromkeys(row.person_id for row in found)
    if notice.audience == "last_resort":
        found_one = last_resort(work.connection, post.brand)
        return () if found_one is None else (found_one,)
    if not post.members:
        post = replace(post, members=members(work.connection, post.brand, post.region, step.now))
    stage = house.workflow.stage(step.outcome.target)
    if stage is None:
        return ()
    if notice.audience.startswith("role:"):
        role, barred = notice.audience.removeprefix("role:"), {post.author, post.last_editor}
        holders = (v.person for v in post.members if role in v.roles and not barred & {v.person, v.holder})
        return dict.fromkeys(holders)
    return [voice.person for voice in asked(post, stage)]
