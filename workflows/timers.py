"""Finds due ladder rungs and fires them through the one transition. Re-entrant: a rung that fired is not due again."""

import logging

from sqlalchemy import bindparam, func, select

from models.actors import system
from models.errors import ChangedMeanwhile, NotFound, Refused
from models.escalation import Rung
from models.state import Action, Outcome
from models.statuses import ActionName
from models.tables import timers
from workflows import transition
from workflows.office import Office

ESCALATION = system("escalation")
ACTION_OF = {
    "remind": ActionName.REMIND,
    "escalate_to": ActionName.ESCALATE,
    "page": ActionName.PAGE,
    "expire": ActionName.EXPIRE,
}
log = logging.getLogger("signoff.escalation")
_DUE = (
    select(timers.c.post_id, timers.c.stage, timers.c.next_rung)
    .where(timers.c.due_at.is_not(None), timers.c.due_at <= bindparam("now"))
    .order_by(timers.c.due_at)
    .limit(bindparam("most"))
)


def due(office: Office, most: int = 100) -> list[tuple[int, str, int]]:
    """The due rungs as (post, stage, rung), the most overdue first."""
    with office.database.reading() as connection:
        found = connection.execute(_DUE, {"now": office.clock.now(), "most": most})
        return [(row.post_id, row.stage, row.next_rung) for row in found]


def fire(office: Office, post_id: int, stage_status: str, index: int) -> Outcome | None:
    """Fires one rung; None when it was fired or became pointless meanwhile."""
    stage = office.house.workflow.stage(stage_status)
    if stage is None or index >= len(stage.rungs):
        _strand(office, post_id)
        return None
    action = _action(stage.rungs[index], index)
    now = office.clock.now()
    try:
        with office.database.unit_of_work() as work:
            return transition.apply(work, office.house, post_id, action, ESCALATION, now)
    except (Refused, ChangedMeanwhile, NotFound) as error:
        log.info("rung %s of post %s was not fired: %s", index, post_id, error)
        return None


def _action(rung: Rung, index: int) -> Action:
    detail = {"does": str(rung), **({"role": rung.role} if rung.role else {})}
    return Action(ACTION_OF[rung.do], rung=index, detail=detail)


def _strand(office: Office, post_id: int) -> None:
    """The stage is no longer configured: the timer ends, and `signoff doctor` shows the post."""
    log.error("post %s is in a review stage that config/workflow.yaml no longer has; edit or withdraw it", post_id)
    with office.database.unit_of_work() as work:
        work.connection.execute(timers.update().where(timers.c.post_id == post_id).values(due_at=None))


def next_due_in(office: Office) -> float | None:
    """Seconds until the next rung is due; None when none is armed."""
    with office.database.reading() as connection:
        earliest = connection.execute(select(func.min(timers.c.due_at)).where(timers.c.due_at.is_not(None))).scalar()
    return (earliest - office.clock.now()).total_seconds() if earliest else None
