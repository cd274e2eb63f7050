"""Writes the audit chain: one record a transition, sealed to the one before it, in the transition's transaction."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, desc, insert, select

from models.audit import GENESIS, seal
from models.canonical import canonical_json
from models.tables import audit_records
from workflows.statements import Statement

_INSERT = Statement(insert(audit_records))
ORGANISATION = "organisation"


def append(connection: Connection, chain: str, seq: int, previous: str, at: datetime, facts: Mapping[str, Any]) -> str:
    """Writes record `seq` of a chain and returns its hash. The unique (chain, seq) refuses a fork."""
    body = canonical_json({"chain": chain, "seq": seq, "at": at.isoformat(), **facts})
    sealed = seal(previous, body)
    _INSERT.run(connection, {"chain": chain, "seq": seq, "at": at, "body": body, "previous": previous, "hash": sealed})
    return sealed


def append_to_organisation(connection: Connection, at: datetime, facts: Mapping[str, Any]) -> None:
    """A record about people, roles, tokens or policies; these are rare, so the chain's end is looked up."""
    last = connection.execute(
        select(audit_records.c.seq, audit_records.c.hash)
        .where(audit_records.c.chain == ORGANISATION)
        .order_by(desc(audit_records.c.seq))
        .limit(1)
    ).first()
    seq, previous = (last.seq + 1, last.hash) if last else (1, GENESIS)
    append(connection, ORGANISATION, seq, previous, at, facts)
