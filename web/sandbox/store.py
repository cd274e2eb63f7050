"""What the stand-ins received, in a SQLite file of their own, and the faults that they are told to have."""

import json
import random
import sqlite3
import threading
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any


class Faults:
    """What a stand-in does wrong next: a queue of modes by name, used up one a call. Tests fill it.

    Modes: ok, drop (act, then break the connection), hang (act, then answer too late), slow (act, then answer late),
    429 and 429:SECONDS, 500 (act, then fail), refuse (do nothing and fail), garbage (act, then answer nonsense).
    """

    def __init__(self) -> None:
        self._modes: dict[str, list[str]] = defaultdict(list)
        self._sometimes: dict[str, tuple[float, tuple[str, ...], random.Random]] = {}
        self._lock = threading.Lock()
        self.used: Counter[tuple[str, str]] = Counter()

    def plan(self, name: str, *modes: str) -> None:
        with self._lock:
            self._modes[name].extend(modes)

    def sometimes(self, name: str, share: float, modes: tuple[str, ...], seed: int) -> None:
        """From now on, `share` (0 to 1) of the calls meet one of `modes`."""
        with self._lock:
            self._sometimes[name] = (share, modes, random.Random(f"{seed}-{name}"))  # noqa: S311  (dice)

    def clear(self, name: str) -> None:
        with self._lock:
            self._modes[name].clear()
            self._sometimes.pop(name, None)

    def next(self, name: str) -> str:
        with self._lock:
            mode = self._modes[name].pop(0) if self._modes[name] else self._thrown(name)
            self.used[name, mode] += 1
            return mode

    def _thrown(self, name: str) -> str:
        share, modes, dice = self._sometimes.get(name, (0.0, ("ok",), random.Random()))  # noqa: S311
        return dice.choice(modes) if dice.random() < share else "ok"


class SandboxStore:
    """Documents by kind, numbered in the order in which they came."""

    def __init__(self, data_dir: Path) -> None:
        data_dir.mkdir(parents=True, exist_ok=True)
        self.faults = Faults()
        self._lock = threading.Lock()
        self._file = sqlite3.connect(data_dir / "sandbox.db", isolation_level=None, check_same_thread=False, timeout=10)
        self._file.execute("PRAGMA journal_mode=WAL")
        self._file.execute(
            "CREATE TABLE IF NOT EXISTS document "
            "(id INTEGER PRIMARY KEY, kind TEXT NOT NULL, name TEXT, body TEXT NOT NULL)"
        )
        self._file.execute("CREATE INDEX IF NOT EXISTS document_kind ON document (kind, name)")

    def add(self, kind: str, body: dict[str, Any], name: str = "") -> int:
        with self._lock:
            row = self._file.execute(
                "INSERT INTO document (kind, name, body) VALUES (?, ?, ?)", (kind, name, json.dumps(body))
            )
            return int(row.lastrowid or 0)

    def replace(self, document: int, body: dict[str, Any]) -> None:
        with self._lock:
            self._file.execute("UPDATE document SET body = ? WHERE id = ?", (json.dumps(body), document))

    def remove(self, document: int) -> None:
        with self._lock:
            self._file.execute("DELETE FROM document WHERE id = ?", (document,))

    def all(self, kind: str, name: str | None = None, last: int = 1_000) -> list[dict[str, Any]]:
        """The newest documents of a kind (and name), oldest first; each with its number as `id`."""
        with self._lock:
            rows = self._file.execute(
                "SELECT id, body FROM document WHERE kind = ? AND (? IS NULL OR name = ?) ORDER BY id DESC LIMIT ?",
                (kind, name, name, last),
            ).fetchall()
        return [{**json.loads(body), "id": document} for document, body in reversed(rows)]

    def one(self, kind: str, name: str) -> dict[str, Any] | None:
        found = self.all(kind, name, last=1)
        return found[0] if found else None

    def names(self, kind: str) -> list[str]:
        with self._lock:
            rows = self._file.execute("SELECT DISTINCT name FROM document WHERE kind = ? ORDER BY name", (kind,))
            return [name for (name,) in rows.fetchall()]

    def state(self) -> int:
        """Changes whenever something was written by this process."""
        return self._file.total_changes
