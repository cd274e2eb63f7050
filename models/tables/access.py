"""Links, tokens and repeated requests. Secrets are kept as SHA-256 only."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from models.columns import document, key, moment, refers, short


class DecisionLink(SQLModel, table=True):
    """What a decision link stands for: one person, one stage, one content. `tries` counts wrong codes."""

    __tablename__ = "decision_link"
    __table_args__ = (UniqueConstraint("post_id", "revision", "stage", "person_id"),)
    id: int = Field(sa_column=key())
    post_id: int = Field(sa_column=refers("post.id"))
    revision: int
    digest: str = Field(sa_column=short(64))
    stage: str = Field(sa_column=short(40))
    person_id: int = Field(sa_column=refers("person.id"))
    tries: int
    created_at: datetime = Field(sa_column=moment())


class SignInLink(SQLModel, table=True):
    """A sign-in link by mail; works once, for a quarter of an hour."""

    __tablename__ = "sign_in_link"
    __table_args__ = (Index("ix_sign_in_link_person", "person_id", "created_at"),)
    id: int = Field(sa_column=key())
    person_id: int = Field(sa_column=refers("person.id"))
    created_at: datetime = Field(sa_column=moment())
    used_at: datetime | None = Field(sa_column=moment(null=True))


class ApiToken(SQLModel, table=True):
    """A bearer token of a person. `scopes` is a list of read, draft, decide, admin."""

    __tablename__ = "api_token"
    id: int = Field(sa_column=key())
    person_id: int = Field(sa_column=refers("person.id"))
    sha256: str = Field(sa_column=short(64, unique=True))
    label: str = Field(sa_column=short(80))
    scopes: list[str] = Field(sa_column=document())
    created_at: datetime = Field(sa_column=moment())
    revoked_at: datetime | None = Field(sa_column=moment(null=True))


class IdempotencyRecord(SQLModel, table=True):
    """The answer to a request that carried an Idempotency-Key, so that its repetition gets the same one."""

    __tablename__ = "idempotency_record"
    __table_args__ = (UniqueConstraint("person_id", "key"),)
    id: int = Field(sa_column=key())
    person_id: int = Field(sa_column=refers("person.id"))
    key: str = Field(sa_column=short(120))
    request_sha256: str = Field(sa_column=short(64))
    status: int
    body: dict[str, Any] = Field(sa_column=document())
    created_at: datetime = Field(sa_column=moment())
