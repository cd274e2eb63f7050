"""The state of the works as numbers, read from the database when somebody asks. Each query is over an index."""

from datetime import datetime
from typing import Any

from prometheus_client import CollectorRegistry, Gauge, generate_latest
from sqlalchemy import Connection, func, select

from models.statuses import Status
from models.tables import alarms, outbox, posts, publications, timers, worker_beats
from workflows import beats
from workflows.measures import REGISTRY
from workflows.office import Office


def exposition(office: Office) -> bytes:
    """Every number, in Prometheus' text format."""
    registry, now = CollectorRegistry(), office.clock.now()
    with office.database.reading() as connection:
        for name, what, value in _numbers(connection, now):
            Gauge(name, what, registry=registry).set(value)
        by_status = Gauge("signoff_posts", "Posts by status.", ["status"], registry=registry)
        for status, count in connection.execute(select(posts.c.status, func.count()).group_by(posts.c.status)):
            by_status.labels(status).set(count)
        waiting = Gauge("signoff_outbox_depth", "Messages that wait, by medium.", ["medium"], registry=registry)
        depth = select(outbox.c.medium, func.count()).where(outbox.c.ended_at.is_(None)).group_by(outbox.c.medium)
        for medium, count in connection.execute(depth):
            waiting.labels(medium).set(count)
    return generate_latest(registry) + generate_latest(REGISTRY)


def _numbers(connection: Connection, now: datetime) -> list[tuple[str, str, float]]:
    def one(query: Any) -> Any:
        return connection.execute(query).scalar()

    health = beats.health(connection, now)
    waiting = outbox.c.ended_at.is_(None)
    oldest_timer = one(select(func.min(timers.c.due_at)).where(timers.c.due_at.is_not(None)))
    due = one(
        select(func.min(posts.c.publish_after)).where(posts.c.status == Status.SCHEDULED, posts.c.publish_after <= now)
    )
    return [
        ("signoff_timer_overdue_seconds", "Age of the oldest due escalation.", _age(oldest_timer, now)),
        ("signoff_outbox_overdue_seconds", "How long the oldest due message has waited.",
         _age(one(select(func.min(outbox.c.due_at)).where(waiting)), now)),
        ("signoff_outbox_oldest_seconds", "Age of the oldest undelivered message.",
         _age(one(select(func.min(outbox.c.created_at)).where(waiting)), now)),
        ("signoff_publication_overdue_seconds", "How long the most overdue publication has waited.", _age(due, now)),
        ("signoff_dead_letters", "Messages that were given up.",
         one(select(func.count()).select_from(outbox).where(outbox.c.dead_reason.is_not(None)))),
        ("signoff_handovers_open", "Publications on their way.",
         one(select(func.count()).select_from(publications).where(publications.c.ended_at.is_(None)))),
        ("signoff_lease_takeovers", "Leases taken over from workers that died or froze, as live beats tell.",
         one(select(func.coalesce(func.sum(worker_beats.c.takeovers), 0)))),
        ("signoff_alarms", "Things that the watch finds wrong now.",
         one(select(func.count()).select_from(alarms))),
        ("signoff_workers", "Workers that gave a sign of life in the last 15 seconds.", health.workers),
        ("signoff_prefect_up", "Whether the workers reach Prefect.", int(health.prefect == "up")),
    ]  # fmt: skip


def _age(moment: datetime | None, now: datetime) -> float:
    return max((now - moment).total_seconds(), 0.0) if moment else 0.0
