"""A post, its immutable revisions, and what each channel would show."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from models.columns import document, key, long, moment, refers, short


class Post(SQLModel, table=True):
    """A post as it stands; the only row with a status. Written by workflows.transition alone.

    `version` grows with each transition and guards it. `content_revision` is the first revision with the current
    digest. `publish_after` is when the publisher looks next. `audit_seq` and `audit_head` end its audit chain.
    """

    __tablename__ = "post"
    __table_args__ = (
        Index("ix_post_status_id", "status", "id"),
        Index("ix_post_brand_id", "brand", "id"),
        Index("ix_post_author_id", "author_id", "id"),
        Index("ix_post_due", "status", "publish_after"),
    )
    id: int = Field(sa_column=key())
    brand: str = Field(sa_column=short(40))
    region: str | None = Field(sa_column=short(20, null=True))
    lane: str = Field(sa_column=short(20))
    status: str = Field(sa_column=short(40))
    version: int
    revision: int
    content_revision: int
    digest: str = Field(sa_column=short(64))
    headline: str = Field(sa_column=short(120))
    channels: list[str] = Field(sa_column=document())
    categories: list[str] = Field(sa_column=document())
    author_id: int = Field(sa_column=refers("person.id"))
    last_editor_id: int = Field(sa_column=refers("person.id"))
    scheduled_for: datetime | None = Field(sa_column=moment(null=True))
    publish_after: datetime | None = Field(sa_column=moment(null=True))
    attempts: int
    policy_digest: str | None = Field(sa_column=short(64, null=True))
    duplicate_of: int | None = Field(sa_column=refers("post.id", null=True))
    created_at: datetime = Field(sa_column=moment())
    changed_at: datetime = Field(sa_column=moment())
    audit_seq: int
    audit_head: str = Field(sa_column=short(64))


class Revision(SQLModel, table=True):
    """One saved state of a post's content; never changed afterwards. `context` is for reviewers alone."""

    __tablename__ = "revision"
    __table_args__ = (UniqueConstraint("post_id", "number"),)
    id: int = Field(sa_column=key())
    post_id: int = Field(sa_column=refers("post.id"))
    number: int
    digest: str = Field(sa_column=short(64))
    context: str = Field(sa_column=long())
    editor_id: int = Field(sa_column=refers("person.id"))
    created_at: datetime = Field(sa_column=moment())


class Variant(SQLModel, table=True):
    """What one channel account shows. `media` lists {sha256, content_type, alt}."""

    __tablename__ = "variant"
    __table_args__ = (UniqueConstraint("post_id", "revision", "channel"),)
    id: int = Field(sa_column=key())
    post_id: int = Field(sa_column=refers("post.id"))
    revision: int
    channel: str = Field(sa_column=short(40))
    text: str = Field(sa_column=long())
    link: str = Field(sa_column=long())
    media: list[dict[str, Any]] = Field(sa_column=document())
    disclosure: str = Field(sa_column=long())
    consent: str = Field(sa_column=long())


class MediaFile(SQLModel, table=True):
    """An uploaded image; its bytes lie in DATA_DIR/media under the SHA-256 of what they are."""

    __tablename__ = "media_file"
    sha256: str = Field(sa_column=short(64, primary_key=True))
    content_type: str = Field(sa_column=short(40))
    size: int
    width: int
    height: int
    uploaded_by: int = Field(sa_column=refers("person.id"))
    uploaded_at: datetime = Field(sa_column=moment())


class Finding(SQLModel, table=True):
    """What a policy rule found in a revision. `start` and `end` count characters of the variant's text."""

    __tablename__ = "finding"
    __table_args__ = (Index("ix_finding_post_revision", "post_id", "revision"),)
    id: int = Field(sa_column=key())
    post_id: int = Field(sa_column=refers("post.id"))
    revision: int
    policy_digest: str = Field(sa_column=short(64))
    rule: str = Field(sa_column=short(80))
    severity: str = Field(sa_column=short(10))
    category: str = Field(sa_column=short(40))
    channel: str = Field(sa_column=short(40))
    start: int | None
    end: int | None
    text: str = Field(sa_column=long())
    message: str = Field(sa_column=long())
    fix: str = Field(sa_column=long())
