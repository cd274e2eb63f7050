"""What is kept for proof, and how the workers are doing."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from models.columns import count, key, long, moment, octets, short


class AuditRecord(SQLModel, table=True):
    """One sealed record of one chain; triggers refuse UPDATE and DELETE. `body` is the canonical JSON, as sealed."""

    __tablename__ = "audit_record"
    __table_args__ = (UniqueConstraint("chain", "seq"),)
    id: int = Field(sa_column=key())
    chain: str = Field(sa_column=short(60))
    seq: int
    at: datetime = Field(sa_column=moment())
    body: bytes = Field(sa_column=octets())
    previous: str = Field(sa_column=short(64))
    hash: str = Field(sa_column=short(64))


class Checkpoint(SQLModel, table=True):
    """The heads of all chains that moved since the checkpoint before; `up_to` is the last audit record's id."""

    __tablename__ = "checkpoint"
    id: int = Field(sa_column=key())
    at: datetime = Field(sa_column=moment())
    up_to: int
    body: bytes = Field(sa_column=octets())
    previous: str = Field(sa_column=short(64, unique=True))
    hash: str = Field(sa_column=short(64, unique=True))


class PolicyVersion(SQLModel, table=True):
    """A policy file as it was when it was first loaded."""

    __tablename__ = "policy_version"
    digest: str = Field(sa_column=short(64, primary_key=True))
    source: str = Field(sa_column=long())
    loaded_at: datetime = Field(sa_column=moment())


class WorkerBeat(SQLModel, table=True):
    """When a worker was last seen, whether it reaches Prefect, and how many leases of others it has taken over."""

    __tablename__ = "worker_beat"
    name: str = Field(sa_column=short(80, primary_key=True))
    started_at: datetime = Field(sa_column=moment())
    seen_at: datetime = Field(sa_column=moment())
    prefect: str = Field(sa_column=short(20))
    takeovers: int = Field(sa_column=count())


class Alarm(SQLModel, table=True):
    """Something that the watch finds wrong. `size` grows with it; `seen_at` is when it was found last.

    `telling_until` is the claim of the watch that is telling it; `told_at` and `told_size` are what somebody knows.
    """

    __tablename__ = "alarm"
    name: str = Field(sa_column=short(120, primary_key=True))
    sentence: str = Field(sa_column=long())
    size: int
    since: datetime = Field(sa_column=moment())
    seen_at: datetime = Field(sa_column=moment())
    telling_until: datetime | None = Field(sa_column=moment(null=True))
    told_at: datetime | None = Field(sa_column=moment(null=True))
    told_size: int


class Mark(SQLModel, table=True):
    """A fact about this database itself: `epoch` changes with each restore, `restoring` stands while one is made."""

    __tablename__ = "mark"
    name: str = Field(sa_column=short(40, primary_key=True))
    value: str = Field(sa_column=short(120))
