"""What happened in review and publication: decisions, the running ladder, the handover."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from models.columns import document, key, long, moment, refers, short


class DecisionRow(SQLModel, table=True):
    """Who decided what, on whose authority, by which way in, about exactly which content, under which policy."""

    __tablename__ = "decision"
    __table_args__ = (UniqueConstraint("post_id", "revision", "stage", "person_id"),)
    id: int = Field(sa_column=key())
    post_id: int = Field(sa_column=refers("post.id"))
    revision: int
    digest: str = Field(sa_column=short(64))
    stage: str = Field(sa_column=short(40))
    person_id: int = Field(sa_column=refers("person.id"))
    holder_id: int = Field(sa_column=refers("person.id"))
    roles: list[str] = Field(sa_column=document())
    verdict: str = Field(sa_column=short(20))
    reason: str = Field(sa_column=long())
    surface: str = Field(sa_column=short(10))
    policy_digest: str | None = Field(sa_column=short(64, null=True))
    decided_at: datetime = Field(sa_column=moment())


class TimerRow(SQLModel, table=True):
    """The ladder of the stage that a post is in; one row a post. `due_at` is null when nothing more will fire."""

    __tablename__ = "timer"
    __table_args__ = (
        Index(
            "ix_timer_due",
            "due_at",
            sqlite_where=text("due_at IS NOT NULL"),
            postgresql_where=text("due_at IS NOT NULL"),
        ),
    )
    post_id: int = Field(sa_column=refers("post.id", primary=True))
    stage: str = Field(sa_column=short(40))
    entered_at: datetime = Field(sa_column=moment())
    fired: list[int] = Field(sa_column=document())
    next_rung: int | None
    due_at: datetime | None = Field(sa_column=moment(null=True))


class Publication(SQLModel, table=True):
    """One handover of a post to the publishing webhook. `attempt` fences a publisher that wakes up late."""

    __tablename__ = "publication"
    __table_args__ = (
        UniqueConstraint("post_id", "attempt", "revision"),
        Index(
            "ix_publication_open",
            "leased_until",
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )
    id: int = Field(sa_column=key())
    post_id: int = Field(sa_column=refers("post.id"))
    revision: int
    attempt: int
    digest: str = Field(sa_column=short(64))
    idempotency_key: str = Field(sa_column=short(80))
    claimed_at: datetime = Field(sa_column=moment())
    leased_until: datetime = Field(sa_column=moment())
    ended_at: datetime | None = Field(sa_column=moment(null=True))
    outcome: str | None = Field(sa_column=short(20, null=True))
    detail: dict[str, Any] = Field(sa_column=document())
