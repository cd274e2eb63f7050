"""Whether this instance lives, and whether everything behind it works."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from sqlalchemy import func, select

from models.errors import SignoffError
from models.tables import outbox, posts, timers
from web.templating import office_of
from workflows import beats

router = APIRouter(include_in_schema=False)


@router.get("/healthz")
def healthz() -> Response:
    """The process answers."""
    return PlainTextResponse("ok")


@router.get("/readyz")
def readyz(request: Request) -> Response:
    """The database answers; says how workers and Prefect are. Prefect being away does not make it unready."""
    office = office_of(request)
    try:
        with office.database.reading() as connection:
            health = beats.health(connection, office.clock.now())
    except SignoffError as error:
        return JSONResponse({"ready": False, "database": error.message}, status_code=503)
    body = {"ready": True, "database": "up", "workers": health.workers, "prefect": health.prefect}
    return JSONResponse({**body, "note": health.sentence})


@router.get("/metrics")
def metrics(request: Request) -> Response:
    """The state of the works in Prometheus' text format."""
    office = office_of(request)
    now = office.clock.now()
    with office.database.reading() as connection:
        waiting, oldest = connection.execute(
            select(func.count(), func.min(outbox.c.due_at)).where(outbox.c.ended_at.is_(None))
        ).one()
        dead = connection.execute(
            select(func.count()).select_from(outbox).where(outbox.c.dead_reason.is_not(None))
        ).scalar_one()
        timer = connection.execute(select(func.min(timers.c.due_at)).where(timers.c.due_at.is_not(None))).scalar()
        by_status = connection.execute(select(posts.c.status, func.count()).group_by(posts.c.status)).all()
        health = beats.health(connection, now)
    lines = [
        f"signoff_outbox_waiting {waiting}",
        f"signoff_outbox_oldest_seconds {max((now - oldest).total_seconds(), 0) if oldest else 0:.3f}",
        f"signoff_dead_letters {dead}",
        f"signoff_timer_overdue_seconds {max((now - timer).total_seconds(), 0) if timer else 0:.3f}",
        f"signoff_workers {health.workers}",
        f"signoff_prefect_up {int(health.prefect == 'up')}",
        *(f'signoff_posts{{status="{status}"}} {count}' for status, count in by_status),
    ]
    return PlainTextResponse("\n".join(lines) + "\n", media_type="text/plain; version=0.0.4")
