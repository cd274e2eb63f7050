"""The outbox, and the Slack cards that mirror posts."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from models.columns import document, flag, key, long, moment, refers, short


class OutboxMessage(SQLModel, table=True):
    """A message to be sent, written with the transition that asks for it.

    `medium` is slack or mail; `recipient` a person's id or a Slack conversation. `dedupe_key` lets the same message
    be asked for once. `attempt` grows with each lease, and a result counts only for the attempt that it belongs to.
    `leased_by` is the worker that holds it. `unsure` says that an earlier attempt may have been delivered.
    `conversation` names what Slack limits to a message a second; `slot` says that `due_at` is its turn there.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index(
            "ix_outbox_due",
            "due_at",
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index(
            "ix_outbox_waiting",
            "medium",
            "created_at",
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_outbox_post", "post_id"),
        Index(
            "ix_outbox_dead",
            "id",
            sqlite_where=text("dead_reason IS NOT NULL"),
            postgresql_where=text("dead_reason IS NOT NULL"),
        ),
    )
    id: int = Field(sa_column=key())
    post_id: int | None = Field(sa_column=refers("post.id", null=True))
    post_version: int | None
    medium: str = Field(sa_column=short(10))
    kind: str = Field(sa_column=short(40))
    recipient: str = Field(sa_column=short(120))
    payload: dict[str, Any] = Field(sa_column=document())
    dedupe_key: str = Field(sa_column=short(200, unique=True))
    created_at: datetime = Field(sa_column=moment())
    due_at: datetime = Field(sa_column=moment())
    attempt: int
    unsure: bool
    leased_by: str | None = Field(sa_column=short(80, null=True))
    conversation: str | None = Field(sa_column=short(80, null=True))
    slot: bool = Field(sa_column=flag())
    sent_at: datetime | None = Field(sa_column=moment(null=True))
    ended_at: datetime | None = Field(sa_column=moment(null=True))
    dead_reason: str | None = Field(sa_column=short(500, null=True))
    last_error: str = Field(sa_column=long())


class Card(SQLModel, table=True):
    """A Slack message that shows a post, opened when the post reached `opened_version`.

    Delivery brings `shown_version` up to the post's version.
    """

    __tablename__ = "card"
    __table_args__ = (UniqueConstraint("post_id", "conversation", "opened_version"),)
    id: int = Field(sa_column=key())
    post_id: int = Field(sa_column=refers("post.id"))
    conversation: str = Field(sa_column=short(80))
    channel_id: str | None = Field(sa_column=short(80, null=True))
    ts: str | None = Field(sa_column=short(40, null=True))
    opened_version: int
    shown_version: int


class Pace(SQLModel, table=True):
    """When a Slack conversation may get its next new message; `held_until` is when Slack wants to hear of it again."""

    __tablename__ = "pace"
    conversation: str = Field(sa_column=short(80, primary_key=True))
    free_at: datetime = Field(sa_column=moment())
    held_until: datetime | None = Field(sa_column=moment(null=True))
