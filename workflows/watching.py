"""The watch: looks for anything whose next step is overdue, and tells somebody by a way that does not depend on it.

It reads what should have happened from the database, so it notices whatever failed, the worker included: `signoff web`
keeps watch too. Each trouble is told once when it begins, again when it grows, and once when it is over.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, select, text, update

from models.errors import DatabaseTrouble
from models.statuses import Status
from models.tables import alarms, outbox, posts, publications, timers
from notifiers.alarm import ping
from workflows import alarm_ways, beats
from workflows.database import Work
from workflows.office import Office

PATIENCE = timedelta(seconds=60)
QUIET = timedelta(minutes=2)  # gone for so long, it is over; what flickers is one alarm
AGAIN = timedelta(minutes=15)  # what grows is told again, but not more often
TELLING = timedelta(minutes=2)  # a watch that died while telling leaves it to the next one
UNDELIVERED = timedelta(minutes=5)
JUMP = "clock"
JUMP_STAYS = timedelta(minutes=10)
log = logging.getLogger("signoff.watch")


@dataclass(frozen=True)
class Trouble:
    """Something overdue. `concerns` names the ways (slack, mail) that it casts doubt on. `size` grows with it.

    `still` says that the works stand still; while they do, the heartbeat is silent.
    """

    name: str
    sentence: str
    concerns: frozenset[str] = frozenset()
    size: int = 1
    still: bool = True


def watch(office: Office, *, heartbeat: bool) -> list[Trouble]:
    """One round: looks, tells what is new, takes back what is over; returns what is wrong now.

    With `heartbeat`, an outside address is pinged while the works go on; when it stops hearing, it raises the alarm.
    Raises DatabaseTrouble after telling it to the webhook, which alone needs no database.
    """
    now = office.clock.now()
    try:
        with office.database.reading() as connection:
            found = troubles(connection, office, now)
        begun, ended = _note(office, found, now)
    except DatabaseTrouble as error:
        alarm_ways.tell_of_database(office, error.message)
        raise
    for trouble in begun:
        log.error(trouble.sentence)
        if alarm_ways.tell(office, trouble.name, trouble.sentence, trouble.concerns):
            _told(office, trouble)
    for name, sentence in ended:
        log.warning("over: %s", sentence)
        alarm_ways.tell(office, name, f"Over: {sentence}", frozenset())
    if heartbeat and office.settings.heartbeat_url and not any(trouble.still for trouble in found):
        ping(office.settings.heartbeat_url.get_secret_value())
    return found


def troubles(connection: Connection, office: Office, now: datetime) -> list[Trouble]:
    """Everything whose next step is overdue."""
    found = [_overdue(connection, now, *check) for check in _checks(now)]
    found += [_undelivered(connection, now, "slack"), _undelivered(connection, now, "mail"), _dead(connection)]
    health = beats.health(connection, now)
    if health.workers == 0 or health.prefect == "away":
        dead = health.workers == 0
        found.append(Trouble("workers" if dead else "prefect", health.sentence, still=dead))
    jumped = connection.execute(select(alarms).where(alarms.c.name == JUMP)).first()
    if jumped is not None and now - jumped.since < JUMP_STAYS:
        found.append(Trouble(JUMP, jumped.sentence, size=jumped.size, still=False))
    return [trouble for trouble in found if trouble]


def _checks(now: datetime) -> list[tuple[str, Any, str]]:
    late = now - PATIENCE
    return [
        ("policy_check",
         select(posts.c.id, posts.c.changed_at.label("due")).where(
             posts.c.status == Status.POLICY_CHECK, posts.c.changed_at < late).order_by(posts.c.changed_at),
         "waits for its policy check"),
        ("escalation",
         select(timers.c.post_id.label("id"), timers.c.due_at.label("due")).where(
             timers.c.due_at.is_not(None), timers.c.due_at < late).order_by(timers.c.due_at),
         "should have been escalated"),
        ("publication",
         select(posts.c.id, posts.c.publish_after.label("due")).where(
             posts.c.status == Status.SCHEDULED, posts.c.publish_after < late).order_by(posts.c.publish_after),
         "should have been published"),
        ("handover",
         select(publications.c.post_id.label("id"), publications.c.leased_until.label("due")).where(
             publications.c.ended_at.is_(None), publications.c.leased_until < late
         ).order_by(publications.c.leased_until),
         "is on its way to the publishing webhook"),
        ("unknown",
         select(posts.c.id, posts.c.changed_at.label("due")).where(
             posts.c.status == Status.PUBLISH_UNKNOWN, posts.c.changed_at < late).order_by(posts.c.changed_at),
         "may or may not have gone out: look at the channels, then settle it"),
    ]  # fmt: skip


def _overdue(connection: Connection, now: datetime, name: str, query: Any, what: str) -> Trouble | None:
    first = connection.execute(query.limit(1)).first()
    if first is None:
        return None
    count = connection.execute(select(func.count()).select_from(query.limit(1_000).subquery())).scalar_one()
    more = f" ({count if count < 1_000 else '1,000 or more'} posts in all)" if count > 1 else ""
    return Trouble(name, f"Post {first.id} {what}, since {_minutes(now - first.due)}{more}.", size=count,
                   still=name != "unknown")  # fmt: skip


def _undelivered(connection: Connection, now: datetime, medium: str) -> Trouble | None:
    waiting = select(outbox.c.created_at, outbox.c.last_error).where(
        outbox.c.ended_at.is_(None), outbox.c.medium == medium, outbox.c.created_at < now - UNDELIVERED
    )
    waiting = waiting.where(outbox.c.slot.is_(False))  # what waits for its turn in a long queue is not overdue
    first = connection.execute(waiting.order_by(outbox.c.created_at).limit(1)).first()
    if first is None:
        return None
    way = {"slack": "Slack", "mail": "the mail server"}[medium]
    said = f" The last answer: {first.last_error}" if first.last_error else ""
    sentence = f"A message for {way} has waited for {_minutes(now - first.created_at)}.{said}"
    return Trouble(f"undelivered_{medium}", sentence, frozenset({medium}))


def _dead(connection: Connection) -> Trouble | None:
    count, newest = connection.execute(
        select(func.count(), func.max(outbox.c.id)).where(outbox.c.dead_reason.is_not(None))
    ).one()
    if not count:
        return None
    reason = connection.execute(select(outbox.c.dead_reason, outbox.c.medium).where(outbox.c.id == newest)).one()
    sentence = f"Messages were given up: {count}. The newest, by {reason.medium}: {reason.dead_reason}"
    more = "See `signoff doctor --requeue`."
    return Trouble("dead_letters", f"{sentence} {more}", frozenset({reason.medium}), size=count, still=False)


def _minutes(duration: timedelta) -> str:
    seconds = int(duration.total_seconds())
    return f"{seconds} seconds" if seconds < 120 else f"{seconds // 60} minutes"


def _note(office: Office, found: list[Trouble], now: datetime) -> tuple[list[Trouble], list[tuple[str, str]]]:
    """Keeps what is wrong; returns what this watch alone is to tell: what has begun or grown, and what has ended."""
    begun, ended = [], []
    with office.database.unit_of_work() as work:
        known = {row.name: row for row in work.connection.execute(select(alarms).with_for_update())}
        for trouble in found:
            row = known.pop(trouble.name, None)
            values = {"sentence": trouble.sentence, "size": trouble.size, "seen_at": now}
            if _is_news(row, trouble, now):
                values["telling_until"] = now + TELLING
                begun.append(trouble)
            _keep(work, row, trouble.name, values, now)
        for row in known.values():
            if now - row.seen_at >= QUIET:
                work.connection.execute(delete(alarms).where(alarms.c.name == row.name))
                ended += [(row.name, row.sentence)] if row.told_at else []
    return begun, ended


def _is_news(row: Any, trouble: Trouble, now: datetime) -> bool:
    """Nobody was told, or it has grown since; and no other watch is telling it right now."""
    if row is None:
        return True
    if row.telling_until is not None and row.telling_until > now:
        return False
    return row.told_at is None or (trouble.size > row.told_size and now - row.told_at >= AGAIN)


def _keep(work: Work, row: Any, name: str, values: dict[str, Any], now: datetime) -> None:
    if row is not None:
        work.connection.execute(update(alarms).where(alarms.c.name == name).values(values))
        return
    first = {"name": name, "since": now, "told_at": None, "told_size": 0, "telling_until": None, **values}
    columns, places = ", ".join(first), ", ".join(f":{column}" for column in first)
    new = text(f"INSERT INTO alarm ({columns}) VALUES ({places}) ON CONFLICT (name) DO NOTHING")  # noqa: S608  (ours)
    moments = [bindparam(column, type_=alarms.c[column].type) for column in first]
    work.connection.execute(new.bindparams(*moments), first)


def _told(office: Office, trouble: Trouble) -> None:
    values = {"told_at": office.clock.now(), "told_size": trouble.size, "telling_until": None}
    with office.database.unit_of_work() as work:
        work.connection.execute(update(alarms).where(alarms.c.name == trouble.name).values(values))


def clock_jumped(office: Office, seconds: float) -> None:
    """Notes that the machine's clock moved by itself; the next round tells."""
    direction, now = "forward" if seconds > 0 else "back", office.clock.now()
    sentence = f"The clock of {office.name} jumped {direction} by {abs(seconds):.0f} seconds; check its time service."
    log.error(sentence)
    with office.database.unit_of_work() as work:
        row = work.connection.execute(select(alarms).where(alarms.c.name == JUMP).with_for_update()).first()
        again = {"sentence": sentence, "seen_at": now, "since": now, "size": (row.size if row else 0) + 1}
        _keep(work, row, JUMP, again, now)
