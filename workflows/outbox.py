"""Leases due messages and records what came of them.

A lease is a message whose `due_at` was moved ahead: if the worker dies, it simply becomes due again. Each lease has an
attempt number, and a result counts only for the attempt that it belongs to, so a worker that wakes up late changes
nothing. `unsure` stays set when an attempt ended without a result: that one may have been delivered.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Integer, bindparam, func, select, update

from models.retry import back_off, gives_up
from models.tables import outbox
from notifiers.outcome import Dead, Result, RetryLater, Sent
from workflows import beats
from workflows.database import Work
from workflows.office import Office
from workflows.pacing import hold, in_turn
from workflows.statements import Statement

LEASE = timedelta(seconds=60)
MOST_ROUNDS = 40

_DUE = Statement(
    select(outbox)
    .where(outbox.c.ended_at.is_(None), outbox.c.due_at <= bindparam("now"))
    .order_by(outbox.c.due_at, outbox.c.id)
    .limit(bindparam("most", type_=Integer))
    .with_for_update(skip_locked=True)
)
_LEASE = Statement(
    update(outbox)
    .where(outbox.c.id == bindparam("message"))
    .values(attempt=outbox.c.attempt + 1, due_at=bindparam("until"), leased_by=bindparam("worker"), unsure=True,
            slot=False)
)  # fmt: skip
_RESULT = Statement(
    update(outbox).where(
        outbox.c.id == bindparam("message"), outbox.c.attempt == bindparam("tried"), outbox.c.ended_at.is_(None)
    )
)


@dataclass(frozen=True)
class Leased:
    """A message that this worker may send now. `unsure`: an earlier attempt may have delivered it."""

    id: int
    post_id: int | None
    post_version: int | None
    medium: str
    kind: str
    recipient: str
    payload: dict[str, Any]
    dedupe_key: str
    conversation: str | None
    created_at: datetime
    attempt: int
    unsure: bool
    leased_until: datetime


def lease(office: Office, most: int = 50) -> list[Leased]:
    """Takes due messages for this worker, oldest first."""
    for _ in range(MOST_ROUNDS):
        leased, looked_at = _lease(office, most)
        if leased or looked_at < most:
            return leased
    return []


def _lease(office: Office, most: int) -> tuple[list[Leased], int]:
    """One round: what was leased, and how many were looked at; those whose turn comes later were told when."""
    now = office.clock.now()
    with office.database.unit_of_work() as work:
        due = _DUE.rows(work.connection, {"now": now, "most": most})
        rows = in_turn(work.connection, due, now) if due else []
        if rows:
            lent = {"until": now + LEASE, "worker": office.name}
            _LEASE.run_many(work.connection, [{"message": row.id, **lent} for row in rows])
            beats.count_takeovers(work, office.name, sum(row.leased_by is not None for row in rows), now)
    return [_leased(row, now + LEASE) for row in rows], len(due)


def _leased(row: Any, until: datetime) -> Leased:
    return Leased(
        id=row.id,
        post_id=row.post_id,
        post_version=row.post_version,
        medium=row.medium,
        kind=row.kind,
        recipient=row.recipient,
        payload=row.payload,
        dedupe_key=row.dedupe_key,
        conversation=row.conversation,
        created_at=row.created_at,
        attempt=row.attempt + 1,
        unsure=row.unsure,
        leased_until=until,
    )


def renew(office: Office, message: Leased) -> Leased | None:
    """The message with enough of its lease left to send it; None when the lease ran out, or another has taken it.

    A batch may wait long behind a slow server. Nothing is sent in the last seconds of a lease: it might be sent twice.
    """
    now = office.clock.now()
    if now >= message.leased_until:
        return None
    if now < message.leased_until - LEASE * 5 / 6:
        return message
    with office.database.unit_of_work() as work:
        held = {"message": message.id, "tried": message.attempt, "due_at": now + LEASE}
        return replace(message, leased_until=now + LEASE) if _RESULT.run(work.connection, held) == 1 else None


def record(office: Office, message: Leased, result: Result) -> bool:
    """Writes what came of an attempt; False when the lease was lost, and nothing was written."""
    now = office.clock.now()
    with office.database.unit_of_work() as work:
        recorded = _end(work, message, _columns(message, result, now))
        if recorded and message.conversation and isinstance(result, RetryLater) and result.after is not None:
            hold(work.connection, message.conversation, now + timedelta(seconds=result.after), now)
        return recorded


def drop(office: Office, message: Leased, why: str) -> bool:
    """Ends a message that nobody needs any more, without sending it."""
    columns = {"ended_at": office.clock.now(), "last_error": why, "unsure": False}
    with office.database.unit_of_work() as work:
        return _end(work, message, columns)


def _end(work: Work, message: Leased, columns: dict[str, Any]) -> bool:
    fence = {"message": message.id, "tried": message.attempt}
    return _RESULT.run(work.connection, {**columns, **fence, "leased_by": None}) == 1


def requeue_dead(office: Office) -> int:
    """Gives every dead letter another day; returns how many there were."""
    now = office.clock.now()
    with office.database.unit_of_work() as work:
        revived = work.connection.execute(
            update(outbox)
            .where(outbox.c.dead_reason.is_not(None))
            .values(dead_reason=None, ended_at=None, created_at=now, due_at=now)
        )
        work.wakes.add("deliver")
        return revived.rowcount


def _columns(message: Leased, result: Result, now: datetime) -> dict[str, Any]:
    if isinstance(result, Sent):
        return {"sent_at": now, "ended_at": now, "unsure": False, "last_error": ""}
    if isinstance(result, Dead) or gives_up(now - message.created_at):
        return {"ended_at": now, "dead_reason": result.reason[:500], "last_error": result.reason, "unsure": False}
    return {
        "due_at": now + back_off(message.attempt, result.after),
        "unsure": result.unsure,
        "last_error": result.reason,
    }


def next_due_in(office: Office) -> float | None:
    """Seconds until the next message is due; None when the outbox is empty."""
    with office.database.reading() as connection:
        earliest = connection.execute(select(func.min(outbox.c.due_at)).where(outbox.c.ended_at.is_(None))).scalar()
    return (earliest - office.clock.now()).total_seconds() if earliest else None
