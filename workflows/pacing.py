"""Keeps to Slack's limit of about one new message a second and conversation, whatever the number of workers.

Each message that is due takes the conversation's next free second. One whose second is now is sent; another waits for
its own. A second that was not used because no worker ran is lost, so a long outage is not followed by a burst.
https://docs.slack.dev/apis/web-api/rate-limits
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, select, text, update

from models.tables import outbox, pace
from workflows.statements import Statement

EVERY = timedelta(seconds=1)
BURST = 2 * EVERY  # Slack forgives a short burst: three messages at once, then one a second
LATE = timedelta(seconds=10)  # how long a turn stays good
FARTHEST = timedelta(hours=1)  # a clock that was wrong and put right silences nobody for longer

_MEET = text("INSERT INTO pace (conversation, free_at) VALUES (:which, :now) ON CONFLICT DO NOTHING").bindparams(
    bindparam("now", type_=pace.c.free_at.type)
)
_PACE = Statement(select(pace).where(pace.c.conversation == bindparam("which")).with_for_update())
_TAKE = Statement(update(pace).where(pace.c.conversation == bindparam("which")))
_WAIT = Statement(update(outbox).where(outbox.c.id == bindparam("message")))


def in_turn(connection: Connection, due: Iterable[Any], now: datetime) -> list[Any]:
    """The messages of `due` whose turn it is; the others get the time of theirs. Their rows are locked already."""
    mine, queues = [], dict[str, list[Any]]()
    for row in due:
        if row.conversation is None:
            mine.append(row)
        else:
            queues.setdefault(row.conversation, []).append(row)
    for conversation in sorted(queues):  # in one order, so that two workers never wait for each other
        mine += _queue_up(connection, conversation, queues[conversation], now)
    return mine


def _queue_up(connection: Connection, conversation: str, rows: list[Any], now: datetime) -> list[Any]:
    found = _pace(connection, conversation, now)
    free_at = min(max(found.free_at, now), now + FARTHEST)
    held_until = min(found.held_until or now, now + FARTHEST)
    first: list[Any] = []
    for row in sorted(rows, key=lambda row: not row.unsure):  # stable: what may be out already is looked up first
        if held_until <= now and row.slot and row.due_at >= now - LATE:
            first.append(row)
            continue
        turn = max(free_at - BURST, held_until)
        if turn <= now or (row.unsure and held_until <= now):  # if it waited, too many would come after it to find it
            first.append(row)
        else:
            _WAIT.run(connection, {"message": row.id, "due_at": turn, "slot": True})
        free_at = max(free_at, held_until) + EVERY
    _TAKE.run(connection, {"which": conversation, "free_at": free_at})
    return first


def hold(connection: Connection, conversation: str, until: datetime, now: datetime) -> None:
    """Slack asked to wait: nobody writes to this conversation before `until`, whoever's turn it is."""
    _pace(connection, conversation, now)
    _TAKE.run(connection, {"which": conversation, "held_until": until})


def _pace(connection: Connection, conversation: str, now: datetime) -> Any:
    """The conversation's row, locked from here on."""
    found = _PACE.first(connection, {"which": conversation})
    if found is None:
        connection.execute(_MEET, {"which": conversation, "now": now})
        found = _PACE.first(connection, {"which": conversation})
    return found
