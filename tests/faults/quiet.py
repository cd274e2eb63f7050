"""Waits until a fleet has nothing left to do."""

from datetime import timedelta

from sqlalchemy import func, select

from models.tables import outbox, posts, publications, timers
from tests.faults.fleet import Fleet, until


def drain(fleet: Fleet, seconds: float = 120) -> None:
    """Until every message has ended and no post is under way; fails when that takes too long."""
    until(lambda: not left(fleet), seconds, f"the end of all work ({left(fleet)})")


def left(fleet: Fleet) -> dict[str, int]:
    """What is still to be done, by name."""
    now = fleet.office.clock.now()
    queries = {
        "messages": select(func.count()).select_from(outbox).where(outbox.c.ended_at.is_(None)),
        "posts": select(func.count()).select_from(posts).where(posts.c.status.in_(("policy_check", "publishing"))),
        "due": select(func.count()).select_from(posts).where(
            posts.c.status == "scheduled", posts.c.publish_after <= now + timedelta(minutes=2)
        ),
        "handovers": select(func.count()).select_from(publications).where(publications.c.ended_at.is_(None)),
        "timers": select(func.count()).select_from(timers).where(timers.c.due_at <= now),
    }  # fmt: skip
    with fleet.office.database.reading() as connection:
        counts = {name: connection.execute(query).scalar_one() for name, query in queries.items()}
    return {name: count for name, count in counts.items() if count}
