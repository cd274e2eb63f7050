"""The floor: a whole review as somebody would write it by hand, with the same durable rows and nothing else.

Submit, check and approve are three transactions. Each reads the post, writes its sealed audit record and moves the post
under a version guard; the check arms a timer and writes the requests, the approval writes the decision, ends timer and
requests, and tells the author. No rights, no rules, no rendering.
"""

import hashlib
import json
import sqlite3
from datetime import UTC, datetime
from typing import Any

import psycopg

from workflows.office import Office

BODY = json.dumps({"facts": "x" * 420}).encode()  # as long as our own records
READ = "SELECT * FROM post WHERE id = ?"
RECORD = "INSERT INTO audit_record (chain, seq, at, body, previous, hash) VALUES (?, ?, ?, ?, ?, ?)"
MOVE = (
    "UPDATE post SET status = ?, version = ?, changed_at = ?, audit_seq = ?, audit_head = ? "
    "WHERE id = ? AND version = ?"
)
ARM = (
    "INSERT INTO timer (post_id, stage, entered_at, fired, next_rung, due_at) VALUES (?, 'legal_review', ?, '[]', 0, ?)"
)
DISARM = "DELETE FROM timer WHERE post_id = ?"
DECIDE = (
    "INSERT INTO decision (post_id, revision, digest, stage, person_id, holder_id, roles, verdict, reason, surface, "
    "decided_at) VALUES (?, 1, ?, 'legal_review', 3, 3, '[\"legal\"]', 'approve', '', 'api', ?)"
)
DROP = (
    "UPDATE outbox SET ended_at = ?, last_error = 'over' "
    "WHERE post_id = ? AND ended_at IS NULL AND kind IN ('a', 'b', 'c')"
)
TELL = (
    "INSERT INTO outbox (post_id, post_version, medium, kind, recipient, payload, dedupe_key, created_at, due_at, "
    "attempt, unsure, last_error) VALUES (?, ?, 'mail', 'told', ?, '{\"reason\": \"\"}', ?, ?, ?, 0, ?, '')"
)


class Floor:
    """One connection to an installation's database, as bare as the driver gives it."""

    def __init__(self, office: Office) -> None:
        self._sqlite = office.database.is_sqlite
        if self._sqlite:
            self._connection: Any = sqlite3.connect(office.settings.data_dir / "signoff.db", isolation_level=None)
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
                self._connection.execute(f"PRAGMA {pragma}")
        else:
            url = office.database.url.replace("postgresql+psycopg://", "postgresql://")
            self._connection = psycopg.connect(url, autocommit=True, options="-c timezone=UTC")
        names = (RECORD, MOVE, ARM, DISARM, DECIDE, DROP, TELL, READ)
        self._sql = {sql: sql if self._sqlite else sql.replace("?", "%s") for sql in names}

    def submit(self, post: int) -> None:
        self._step(post, "policy_check", messages=0)

    def check(self, post: int) -> None:
        self._step(post, "legal_review", messages=4, armed=True)

    def approve(self, post: int) -> None:
        self._step(post, "approved", messages=3, decided=True)

    def close(self) -> None:
        self._connection.close()

    def _step(self, post: int, status: str, *, messages: int, armed: bool = False, decided: bool = False) -> None:
        now: Any = datetime.now(UTC).isoformat() if self._sqlite else datetime.now(UTC)
        run, sql = self._connection.execute, self._sql
        run("BEGIN IMMEDIATE" if self._sqlite else "BEGIN")
        row = run(sql[READ] + ("" if self._sqlite else " FOR UPDATE"), (post,))
        found = dict(zip([column[0] for column in row.description], row.fetchone(), strict=True))
        version, seq, head = found["version"], found["audit_seq"], found["audit_head"]
        sealed = hashlib.sha256(bytes.fromhex(head) + BODY).hexdigest()
        run(sql[RECORD], (f"post/{post}", seq + 1, now, BODY, head, sealed))
        run(sql[MOVE], (status, version + 1, now, seq + 1, sealed, post, version))
        if armed:
            run(sql[ARM], (post, now, now))
        if decided:
            run(sql[DECIDE], (post, found["digest"], now))
            run(sql[DISARM], (post,))
            run(sql[DROP], (now, post))
        if messages:
            rows = [(post, version + 1, str(n), f"{post}:{version}:{n}", now, now, False) for n in range(messages)]
            self._connection.cursor().executemany(sql[TELL], rows)
        run("COMMIT")
