"""The database: how it is opened, read, and written. `unit_of_work()` is the only commit in Signoff.

SQLite takes one writer at a time: writers queue at a lock of this process before they ask the file (`BEGIN
IMMEDIATE`), because waiting inside SQLite's busy time-out makes the slowest of 50 clients wait a second.
"""

import logging
import math
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, DisconnectionError

from models.errors import BadInput, DatabaseTrouble

BUSY_SECONDS = 10
IDLE_SECONDS = 1.0
CHANNEL = "signoff_work"
log = logging.getLogger("signoff.transitions")
_NOTIFY = text("SELECT pg_notify(:channel, :names)")

_TROUBLES = (
    ("locked", "database_busy", "The database is busy; nothing was changed. Try again."),
    ("deadlock", "database_busy", "The database is busy; nothing was changed. Try again."),
    ("lock timeout", "database_busy", "The database is busy; nothing was changed. Try again."),
    ("disk is full", "database_full", "The database's disk is full; nothing was changed. Make room, then try again."),
    ("no space left", "database_full", "The database's disk is full; nothing was changed. Make room, then try again."),
    ("readonly", "database_read_only", "The database is read-only; nothing was changed. Check the file's permissions."),
    ("not a database", "database_away", "The database file is not a database, or is damaged; restore a backup."),
    ("malformed", "database_away", "The database file is damaged; restore a backup."),
    ("disk i/o", "database_away", "The database's disk does not work; nothing is known to have changed."),
    ("read-only", "database_read_only", "The database is read-only; nothing was changed. Check its permissions."),
)
_AWAY = "The database cannot be reached; nothing is known to have changed. Look again before you repeat it."


@dataclass
class Work:
    """One transaction in the making: its connection, and what to do once it is committed: flows to wake, log lines."""

    connection: Connection
    wakes: set[str] = field(default_factory=set)
    notes: list[dict[str, Any]] = field(default_factory=list)


class Database:
    """An engine with Signoff's settings, and the two ways to use it."""

    def __init__(self, url: str) -> None:
        with named_troubles():
            self.is_sqlite = make_url(url).get_backend_name() == "sqlite"
            self.engine = _sqlite(url) if self.is_sqlite else _postgresql(url)
        self.url = url
        self._writing = self.engine.execution_options(signoff_writes=True)
        self._reading = self.engine if self.is_sqlite else self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._writer = threading.Lock() if self.is_sqlite else None
        self._open: ContextVar[Work | None] = ContextVar("signoff_open_work", default=None)
        self._listeners: list[Callable[[set[str]], None]] = []

    def on_commit(self, listener: Callable[[set[str]], None]) -> None:
        """Calls `listener` with the names of the flows to wake, after each commit that has any."""
        self._listeners.append(listener)

    @contextmanager
    def unit_of_work(self) -> Iterator[Work]:
        """One write transaction: committed when the block ends, rolled back when it raises.

        A unit of work inside another one is part of it, and so is reading: the outermost commits.
        """
        outer = self._open.get()
        if outer is not None:
            yield outer
            return
        with named_troubles(), self._turn(), self._writing.connect() as connection, connection.begin() as transaction:
            work = Work(connection)
            token = self._open.set(work)
            try:
                yield work
            finally:
                self._open.reset(token)
            if work.wakes and not self.is_sqlite:
                connection.execute(_NOTIFY, {"channel": CHANNEL, "names": ",".join(sorted(work.wakes))})
            transaction.commit()
        for facts in work.notes:
            log.info("transition", extra=facts)
        if work.wakes:
            for listener in self._listeners:
                listener(work.wakes)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection to read with: one view on SQLite; on PostgreSQL, each query sees the newest state."""
        outer = self._open.get()
        if outer is not None:
            yield outer.connection
            return
        with named_troubles(), self._reading.connect() as connection:
            view = connection.begin()
            try:
                yield connection
            finally:
                view.rollback()

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """One view of everything as it was at the first query, for as long as it takes; writers go on meanwhile."""
        engine = self.engine if self.is_sqlite else self.engine.execution_options(isolation_level="REPEATABLE READ")
        with named_troubles(), engine.connect() as connection:
            yield connection

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if self._writer is None:
            yield
            return
        if not self._writer.acquire(timeout=BUSY_SECONDS):
            raise DatabaseTrouble(_TROUBLES[0][2], code="database_busy")
        try:
            yield
        finally:
            self._writer.release()

    def close(self) -> None:
        self.engine.dispose()


@contextmanager
def named_troubles() -> Iterator[None]:
    """The driver's operational errors as DatabaseTrouble; a broken constraint stays what it is."""
    try:
        yield
    except (DataError, UnicodeEncodeError) as error:
        raise BadInput("This has a character that cannot be stored, such as NUL or half of an emoji.") from error
    except (ArgumentError, ModuleNotFoundError) as error:
        raise DatabaseTrouble(f"SIGNOFF_DATABASE_URL is not usable: {error}", code="database_away") from error
    except DBAPIError as error:
        raise _trouble(error) or error from error


def _trouble(error: DBAPIError) -> DatabaseTrouble | None:
    said = str(error.orig).lower()
    for sign, code, message in _TROUBLES:
        if sign in said:
            return DatabaseTrouble(message, code=code)
    if error.connection_invalidated or "unable to open" in said or "connection" in said:
        return DatabaseTrouble(_AWAY, code="database_away")
    return None


def _sqlite(url: str) -> Engine:
    path = make_url(url).database
    if path and path != ":memory:":
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url, pool_size=20, max_overflow=60, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False}
    )

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            f"busy_timeout={int(BUSY_SECONDS * 1000)}",
            "foreign_keys=ON",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("signoff_writes")
        dbapi: Any = connection.connection.dbapi_connection
        try:
            dbapi.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
        except sqlite3.Error as error:
            raise DBAPIError.instance("BEGIN", None, error, sqlite3.Error) from error

    return engine


def _postgresql(url: str) -> Engine:
    engine = create_engine(
        url,
        pool_size=10,
        max_overflow=40,
        connect_args={"connect_timeout": 5, "options": "-c timezone=UTC -c lock_timeout=10s"},
    )

    @event.listens_for(engine, "checkin")
    def _on_checkin(_connection: Any, record: Any) -> None:
        record.info["used_at"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _on_checkout(connection: Any, record: Any, _proxy: Any) -> None:
        """Asks a connection that was idle whether it still lives; one in constant use would tell soon enough."""
        if time.monotonic() - record.info.get("used_at", math.inf) < IDLE_SECONDS:
            return
        try:
            if connection.closed or not engine.dialect.do_ping(connection):
                raise DisconnectionError
        except engine.dialect.loaded_dbapi.Error as error:
            raise DisconnectionError from error

    return engine
