"""Hears from other processes that work is due: PostgreSQL's LISTEN. On SQLite the worker looks twice a second."""

import logging
import threading
from collections.abc import Callable

import psycopg
from sqlalchemy import make_url

from workflows.database import CHANNEL, Database

log = logging.getLogger("signoff.wakeups")


class Listener:
    """A thread with a connection of its own; when that breaks, it connects again."""

    def __init__(self, database: Database, wake: Callable[[set[str]], None]) -> None:
        self._database = database
        self._wake = wake
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="signoff-listener", daemon=True)

    def start(self) -> None:
        if not self._database.is_sqlite:
            self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(3)

    def _listen(self) -> None:
        url = make_url(self._database.url).set(drivername="postgresql")
        while not self._ended.is_set():
            try:
                with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as connection:
                    connection.execute(f"LISTEN {CHANNEL}")
                    self._hear(connection)
            except psycopg.Error as error:
                log.warning("no notifications from the database (%s); looking twice a second", type(error).__name__)
                self._ended.wait(1.0)

    def _hear(self, connection: psycopg.Connection[tuple[object, ...]]) -> None:
        while not self._ended.is_set():
            for note in connection.notifies(timeout=1.0):
                self._wake(set(note.payload.split(",")))
                if self._ended.is_set():
                    return
