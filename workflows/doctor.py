"""Looks for what is wrong with an installation, in sentences that say what to do."""

from collections.abc import Iterator

from sqlalchemy import Connection, select

from models.statuses import Status
from models.tables import outbox, posts
from notifiers.outcome import Sent
from workflows import beats, sealing, timers
from workflows.office import Office

MOST = 20
OVERDUE_SECONDS = 60


def troubles(office: Office) -> list[str]:
    """Everything that is wrong; empty when nothing is."""
    with office.database.reading() as connection:
        health = beats.health(connection, office.clock.now()).sentence
        found = [*([health] if health else []), *_dead_letters(connection), *_stuck_posts(connection, office)]
    overdue = timers.next_due_in(office)
    if overdue is not None and overdue < -OVERDUE_SECONDS:
        found.append(f"The oldest escalation is {-overdue:.0f} seconds overdue; is a worker running?")
    faults = sealing.verify(office)
    found += [f"The audit log is broken at {fault.chain} record {fault.seq}: {fault.problem}" for fault in faults]
    return [*found, *_unreachable(office)]


def _dead_letters(connection: Connection) -> Iterator[str]:
    dead = select(outbox).where(outbox.c.dead_reason.is_not(None)).order_by(outbox.c.id.desc()).limit(MOST)
    for row in connection.execute(dead):
        about = f"post {row.post_id}, " if row.post_id else ""
        yield f"Message {row.id} ({about}{row.kind} by {row.medium}) was not delivered: {row.dead_reason}"


def _stuck_posts(connection: Connection, office: Office) -> Iterator[str]:
    known = [*(stage.status for stage in office.house.workflow.stages), *(status.value for status in Status)]
    lost = select(posts.c.id, posts.c.status).where(posts.c.status.not_in(known)).limit(MOST)
    for row in connection.execute(lost):
        yield f"Post {row.id} is in {row.status}, which workflow.yaml no longer has: edit or withdraw it."
    unknown = select(posts.c.id).where(posts.c.status == Status.PUBLISH_UNKNOWN).limit(MOST)
    for post in connection.execute(unknown).scalars():
        yield f"Post {post} may or may not have gone out: look at the channels, then settle it."


def _unreachable(office: Office) -> Iterator[str]:
    if office.settings.in_sandbox:
        return
    for name, sender in (("Slack", office.senders.slack), ("The mail server", office.senders.mail)):
        answer = sender.check() if sender else Sent()
        if not isinstance(answer, Sent):
            yield f"{name} does not work: {answer.reason}"
