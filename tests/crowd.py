"""Turns a few posts into a great many, by copying their rows: whole posts with history, messages, timers and chains."""

import json
from typing import Any

from sqlalchemy import MetaData, func, insert, select

from models.audit import GENESIS, seal
from models.canonical import canonical_json
from workflows.database import Database

BATCH = 20_000
BY_POST = ("revision", "variant", "decision", "timer", "publication", "outbox", "finding")


def multiply(database: Database, times: int) -> int:
    """Each post `times` more; returns how many posts there are then. Works on whatever schema the database has."""
    found = MetaData()
    found.reflect(database.engine)
    with database.reading() as connection:
        rows = {name: [dict(row._mapping) for row in connection.execute(select(found.tables[name]))]
                for name in ("post", *BY_POST)}  # fmt: skip
        records = [dict(row._mapping) for row in connection.execute(
            select(found.tables["audit_record"]).where(found.tables["audit_record"].c.chain.like("post/%"))
            .order_by("chain", "seq"))]  # fmt: skip
        highest = connection.execute(select(func.max(found.tables["post"].c.id))).scalar_one()
    writer = _Writer(database, found)
    for copy in range(1, times + 1):
        _copy(writer, rows, records, highest * copy, f":{copy}")
    writer.flush()
    if not database.is_sqlite:
        with database.unit_of_work() as work:
            work.connection.exec_driver_sql("SELECT setval(pg_get_serial_sequence('post', 'id'), max(id)) FROM post")
    return len(rows["post"]) * (times + 1)


def _copy(writer: "_Writer", rows: dict[str, Any], records: list[dict[str, Any]], offset: int, mark: str) -> None:
    heads: dict[str, str] = {}
    for record in records:
        chain = f"post/{int(record['chain'].removeprefix('post/')) + offset}"
        previous = heads.get(chain, GENESIS)
        body = canonical_json({**json.loads(bytes(record["body"])), "chain": chain})
        heads[chain] = seal(previous, body)
        writer.add("audit_record", {**record, "chain": chain, "body": body, "previous": previous, "hash": heads[chain]})
    for post in rows["post"]:
        number = post["id"] + offset
        writer.add("post", {**post, "id": number, "audit_head": heads[f"post/{number}"]})
    for name in BY_POST:
        for row in rows[name]:
            if row["post_id"] is not None:
                more = {"dedupe_key": row["dedupe_key"] + mark} if "dedupe_key" in row else {}
                writer.add(name, {**row, "post_id": row["post_id"] + offset, **more})


class _Writer:
    """Collects rows and writes them in large batches, posts before what refers to them."""

    def __init__(self, database: Database, found: MetaData) -> None:
        self._database, self._found, self._count = database, found, 0
        self._rows: dict[str, list[dict[str, Any]]] = {name: [] for name in ("post", "audit_record", *BY_POST)}

    def add(self, name: str, row: dict[str, Any]) -> None:
        if name not in ("post", "timer"):
            row = {key: value for key, value in row.items() if key != "id"}
        self._rows[name].append(row)
        self._count += 1

    def flush(self) -> None:
        with self._database.unit_of_work() as work:
            for name, rows in self._rows.items():
                for start in range(0, len(rows), BATCH):
                    work.connection.execute(insert(self._found.tables[name]), rows[start : start + BATCH])
                rows.clear()
