"""Answers a repeated request with the first answer (the API's Idempotency-Key header)."""

import hashlib
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update
from sqlalchemy.exc import IntegrityError

from models.errors import BadInput
from models.tables import idempotency_records
from workflows.office import Office

Answer = tuple[int, dict[str, Any]]
_OPEN: dict[str, Any] = {"status": 0, "body": {}}


def once(office: Office, person: int, key: str | None, asked: str, make: Callable[[], Answer]) -> Answer:
    """Makes the answer the first time, in one transaction with its record; repeats it for the same key and request.

    Raises BadInput when the key was used for another request.
    """
    if not key:
        return make()
    digest = hashlib.sha256(asked.encode(errors="surrogatepass")).hexdigest()
    try:
        with office.database.unit_of_work() as work:
            if known := _find(work.connection, person, key):
                return _repeat(known, digest)
            record = work.connection.execute(
                insert(idempotency_records).returning(idempotency_records.c.id),
                {"person_id": person, "key": key, "request_sha256": digest, "created_at": office.clock.now(), **_OPEN},
            ).scalar_one()
            status, body = make()
            work.connection.execute(
                update(idempotency_records).where(idempotency_records.c.id == record).values(status=status, body=body)
            )
            return status, body
    except IntegrityError:
        with office.database.reading() as connection:
            if known := _find(connection, person, key):
                return _repeat(known, digest)
        raise


def _find(connection: Connection, person: int, key: str) -> Row[Any] | None:
    return connection.execute(
        select(idempotency_records).where(idempotency_records.c.person_id == person, idempotency_records.c.key == key)
    ).first()


def _repeat(known: Row[Any], digest: str) -> Answer:
    if known.request_sha256 != digest:
        raise BadInput("This Idempotency-Key was used for another request; choose a new one.", field="Idempotency-Key")
    return known.status, known.body
