"""What happens with a great deal: a million timers, a hundred thousand posts, a million audit records."""

import contextlib
import hashlib
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from sqlalchemy import insert, select, text, update

from benchmarks.place import ANA, Place, draft
from benchmarks.table import Line, clock, rate, times
from models.audit import GENESIS, seal
from models.statuses import Surface
from models.tables import audit_records, posts, timers
from workflows import actions, judging, people, queues, sealing
from workflows import timers as ladder
from workflows.office import Office

TIMERS, DUE, POSTS, RECORDS, CHAIN = 1_000_000, 100, 100_000, 1_000_000, 4


def run(place: Place) -> Iterator[Line]:
    """The lines of the table."""
    for kind in ("SQLite", "PostgreSQL"):
        with place.office(kind) as office:
            yield from _sweep(office, kind)
        with place.office(kind) as office:
            yield from _queue(office, kind)
    with place.office("SQLite") as office:
        yield _verification(office)


# --- a million timers -----------------------------------------------------------------------------------------


def _sweep(office: Office, kind: str) -> Iterator[Line]:
    waiting = [_in_review(office, number) for number in range(DUE * 2)]
    _fill_timers(office)
    few = clock(lambda: ladder.due(office), 200)
    now = office.clock.now()
    bare = clock(lambda: _bare_look(office, now), 200)
    yield times(f"sweep, {TIMERS:,} timers, nothing due, {kind}", few * 1e6, bare * 1e6, 3, "µs")
    with office.database.unit_of_work() as work:
        for share in (waiting[:DUE], waiting[DUE:]):
            work.connection.execute(update(timers).where(timers.c.post_id.in_(share)).values(due_at=now))
    due = ladder.due(office, DUE * 2)
    fired = clock(lambda: [ladder.fire(office, *rung) for rung in due[:DUE]])
    floor = clock(lambda: _bare_claim(office, [rung[0] for rung in due[DUE:]]))
    yield times(f"sweep, {DUE} due, each with record and messages, {kind}", fired * 1e3, floor * 1e3, 3, "ms")


def _in_review(office: Office, number: int) -> int:
    post = draft(office, number)
    actions.submit(office, post, ANA, Surface.API)
    judging.judge(office, post)
    return post


def _fill_timers(office: Office) -> None:
    """Timers of posts that are not there: the sweep looks at timers alone."""
    columns = "timer (post_id, stage, entered_at, fired, next_rung, due_at)"
    rows = (
        (1_000_000 + n, "legal_review", "2026-01-01 00:00:00", "[]", 0, "2030-01-01 00:00:00") for n in range(TIMERS)
    )
    if office.database.is_sqlite:
        with contextlib.closing(sqlite3.connect(office.settings.data_dir / "signoff.db")) as connection:
            connection.executemany(f"INSERT INTO {columns} VALUES (?, ?, ?, ?, ?, ?)", rows)
            connection.commit()
            connection.execute("ANALYZE")
        return
    address = office.database.url.replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(address, autocommit=True) as bare:
        bare.execute("SET session_replication_role = replica")  # leaves the foreign key alone
        with bare.cursor().copy(f"COPY {columns} FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        bare.execute("ANALYZE timer")


_LOOK = text("SELECT post_id, stage, next_rung FROM timer WHERE due_at <= :now ORDER BY due_at LIMIT 100")


def _bare_look(office: Office, now: datetime) -> Any:
    moment: Any = now.replace(tzinfo=None).isoformat(" ") if office.database.is_sqlite else now
    with office.database.engine.connect() as connection:
        return connection.execute(_LOOK, {"now": moment}).all()


def _bare_claim(office: Office, claimed: list[int]) -> None:
    """One transaction that moves the timers on and writes a record and three messages for each, by hand."""
    later, now = office.clock.now() + timedelta(hours=2), office.clock.now()
    records = [{"chain": f"floor/{post}", "seq": 1, "at": now, "body": b"x" * 420, "previous": GENESIS,
                "hash": hashlib.sha256(b"x" * 420).hexdigest()} for post in claimed]  # fmt: skip
    told = [{"post": post, "key": f"floor:{post}:{n}", "now": now} for post in claimed for n in range(3)]
    with office.database.unit_of_work() as work:
        run = work.connection.execute
        run(update(timers).where(timers.c.post_id.in_(claimed)).values(due_at=later, next_rung=1))
        run(text("UPDATE post SET version = version + 1 WHERE id = :post"), [{"post": post} for post in claimed])
        run(insert(audit_records), records)
        run(_TOLD, told)


_TOLD = text(
    "INSERT INTO outbox (post_id, medium, kind, recipient, payload, dedupe_key, created_at, due_at, attempt, unsure, "
    "last_error) VALUES (:post, 'mail', 'reminder', '3', '{}', :key, :now, :now, 0, :no, '')"
).bindparams(no=False)


# --- a hundred thousand posts ---------------------------------------------------------------------------------


def _queue(office: Office, kind: str) -> Iterator[Line]:
    first = _in_review(office, 0)
    with office.database.unit_of_work() as work:
        template = dict(work.connection.execute(select(posts).where(posts.c.id == first)).one()._mapping)
        rows = [{**template, "id": first + n, "headline": f"Post {n} of many"} for n in range(1, POSTS)]
        for start in range(0, POSTS, 10_000):
            work.connection.execute(insert(posts), rows[start : start + 10_000])
    with office.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
    workflow = office.house.workflow
    with office.database.reading() as connection:
        lee = people.actor(connection, 3, office.clock.now())
        page = clock(lambda: queues.waiting_for_me(connection, lee, workflow), 50)
        bare = clock(lambda: connection.execute(_QUEUE).all(), 50)
        deep = clock(lambda: queues.waiting_for_me(connection, lee, workflow, 500), 50)
    yield times(f"queue of {POSTS:,} posts, first page, {kind}", page * 1e3, bare * 1e3, 5, "ms")
    yield times(f"queue of {POSTS:,} posts, last page, {kind}", deep * 1e3, bare * 1e3, 5, "ms")


_QUEUE = text(
    "SELECT post.*, person.name FROM post JOIN person ON person.id = author_id WHERE status = 'legal_review' "
    "AND brand = 'acme' ORDER BY post.id DESC LIMIT 51"
)


# --- a million records ----------------------------------------------------------------------------------------


def _verification(office: Office) -> Line:
    moment, body = datetime.now(UTC), b"x" * 420
    with office.database.unit_of_work() as work:
        for start in range(0, RECORDS // CHAIN, 10_000):
            rows = []
            for chain in range(start, start + 10_000):
                previous = GENESIS
                for seq in range(1, CHAIN + 1):
                    sealed = seal(previous, body)
                    rows.append({"chain": f"bench/{chain}", "seq": seq, "at": moment, "body": body,
                                 "previous": previous, "hash": sealed})  # fmt: skip
                    previous = sealed
            work.connection.execute(insert(audit_records), rows)
    path = office.settings.data_dir / "signoff.db"

    def bare() -> None:
        connection = sqlite3.connect(path)
        for previous, stored, sealed in connection.execute("SELECT previous, body, hash FROM audit_record"):
            assert hashlib.sha256(bytes.fromhex(previous) + stored).hexdigest() == sealed
        connection.close()

    floor = clock(bare)
    ours = clock(lambda: sealing.verify(office))
    return rate(f"verification of {RECORDS:,} audit records, SQLite", RECORDS / ours, RECORDS / floor, 0.5)
