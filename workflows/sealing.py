"""Seals the audit heads in checkpoints, and verifies the chains: in the database, or offline from an export."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, desc, func, insert, select, text

from models.audit import GENESIS, Fault, Record, seal, verify_chain
from models.canonical import canonical_json
from models.tables import audit_records, checkpoints, posts
from workflows.office import Office

EVERY = timedelta(minutes=10)
# One sealer at a time, and none while a record with a smaller id may still be committed.
_WAIT_FOR_WRITERS = text("LOCK TABLE audit_record, checkpoint IN SHARE ROW EXCLUSIVE MODE")


def seal_heads(office: Office) -> int | None:
    """A checkpoint over the heads of all chains that moved since the last one; its id, or None when none moved."""
    now = office.clock.now()
    with office.database.unit_of_work() as work:
        if not office.database.is_sqlite:
            work.connection.execute(_WAIT_FOR_WRITERS)
        last = _last(work.connection)
        since = last.up_to if last else 0
        heads = _moved_heads(work.connection, since)
        if not heads:
            return None
        up_to = work.connection.execute(select(func.max(audit_records.c.id))).scalar_one()
        return _write(work.connection, last, heads, up_to, now)


def _moved_heads(connection: Connection, since: int) -> dict[str, list[Any]]:
    newest = (
        select(func.max(audit_records.c.id))
        .where(audit_records.c.id > since)
        .group_by(audit_records.c.chain)
        .scalar_subquery()
    )
    rows = connection.execute(
        select(audit_records.c.chain, audit_records.c.seq, audit_records.c.hash).where(audit_records.c.id.in_(newest))
    )
    return {row.chain: [row.seq, row.hash] for row in rows}


def _write(connection: Connection, last: Any, heads: dict[str, list[Any]], up_to: int, now: datetime) -> int:
    previous = last.hash if last else GENESIS
    body = canonical_json({"at": now.isoformat(), "up_to": up_to, "heads": heads})
    row = {"at": now, "up_to": up_to, "body": body, "previous": previous, "hash": seal(previous, body)}
    return int(connection.execute(insert(checkpoints).returning(checkpoints.c.id), row).scalar_one())


def _last(connection: Connection) -> Any:
    return connection.execute(select(checkpoints).order_by(desc(checkpoints.c.id)).limit(1)).first()


def due_in(office: Office) -> float | None:
    """Seconds until a checkpoint is due; None while nothing has moved since the last one."""
    with office.database.reading() as connection:
        last = _last(connection)
        newest = connection.execute(select(func.max(audit_records.c.id))).scalar() or 0
    if newest <= (last.up_to if last else 0):
        return None
    return (last.at + EVERY - office.clock.now()).total_seconds() if last else 0.0


def verify(office: Office) -> list[Fault]:
    """The faults of every chain, of the checkpoints, and of posts whose head is not their chain's end."""
    with office.database.snapshot() as connection:
        return list(check_log(_records(connection), _sealed(connection), _post_heads(connection)))


def check_log(
    records: Iterable[Record], sealed: Iterable[Record], post_heads: dict[str, tuple[int, str]]
) -> Iterator[Fault]:
    """`records` sorted by chain and seq. Finds changed, deleted, swapped, cut and re-linked records."""
    seals = list(sealed)
    yield from verify_chain(seals)
    promised: dict[str, list[tuple[int, str]]] = {chain: [head] for chain, head in post_heads.items()}
    for checkpoint in seals:
        for chain, (seq, digest) in json.loads(checkpoint.body)["heads"].items():
            promised.setdefault(chain, []).append((seq, digest))
    for chain, group in groupby(records, key=lambda record: record.chain):
        yield from verify_chain(group, promised.pop(chain, ()))
    for chain, heads in promised.items():
        yield Fault(chain, max(heads)[0], "the whole chain is missing")


def _records(connection: Connection) -> Iterator[Record]:
    columns = (audit_records.c[name] for name in ("chain", "seq", "previous", "body", "hash"))
    query = select(*columns).order_by(audit_records.c.chain, audit_records.c.seq)
    for rows in connection.execution_options(yield_per=1_000).execute(query).partitions():
        yield from map(Record._make, rows)


def _sealed(connection: Connection) -> Iterator[Record]:
    rows = connection.execute(select(checkpoints).order_by(checkpoints.c.id)).all()
    for number, row in enumerate(rows, start=1):
        yield Record("checkpoints", number, row.previous, bytes(row.body), row.hash)


def _post_heads(connection: Connection) -> dict[str, tuple[int, str]]:
    rows = connection.execute(select(posts.c.id, posts.c.audit_seq, posts.c.audit_head))
    return {f"post/{row.id}": (row.audit_seq, row.audit_head) for row in rows}


def export(office: Office) -> Iterator[str]:
    """The whole log as JSON lines, which `signoff audit verify --file` checks without a database."""
    with office.database.snapshot() as connection:
        for kind, records in (("record", _records(connection)), ("checkpoint", _sealed(connection))):
            for record in records:
                line = {"kind": kind, **record._asdict(), "body": record.body.decode()}
                yield json.dumps(line, ensure_ascii=False)


def verify_export(lines: Iterable[str]) -> list[Fault]:
    """The faults of an exported log; raises ValueError for a line that is none."""
    found: dict[str, list[Record]] = {"record": [], "checkpoint": []}
    for line in filter(str.strip, lines):
        fields = json.loads(line)
        kind = fields.pop("kind")
        found[kind].append(Record(**{**fields, "body": fields["body"].encode()}))
    records = sorted(found["record"], key=lambda record: (record.chain, record.seq))
    return list(check_log(records, found["checkpoint"], {}))
