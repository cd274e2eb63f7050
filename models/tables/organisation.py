"""Brands, their channel accounts, people, and what people may do."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from models.columns import key, moment, refers, short


class Brand(SQLModel, table=True):
    """A brand that posts go out for. `slug` is its name in files and addresses."""

    __tablename__ = "brand"
    slug: str = Field(sa_column=short(40, primary_key=True))
    name: str = Field(sa_column=short(120))
    timezone: str = Field(sa_column=short(60))
    region: str | None = Field(sa_column=short(20, null=True))
    slack_channel: str | None = Field(sa_column=short(80, null=True))
    last_resort_id: int | None = Field(sa_column=refers("person.id", null=True))


class ChannelAccount(SQLModel, table=True):
    """An account of a brand on a network; `name` is unique within the brand."""

    __tablename__ = "channel_account"
    brand: str = Field(sa_column=short(40, primary_key=True))
    name: str = Field(sa_column=short(40, primary_key=True))
    network: str = Field(sa_column=short(40))
    handle: str = Field(sa_column=short(120))


class Person(SQLModel, table=True):
    """Somebody who may sign in. Deactivation takes effect at once everywhere, because every request reads it.

    Sessions that began before `signed_out_at` are over for good.
    """

    __tablename__ = "person"
    id: int = Field(sa_column=key())
    email: str = Field(sa_column=short(254, unique=True))
    name: str = Field(sa_column=short(120))
    slack_id: str | None = Field(sa_column=short(40, null=True, unique=True))
    timezone: str = Field(sa_column=short(60))
    created_at: datetime = Field(sa_column=moment())
    deactivated_at: datetime | None = Field(sa_column=moment(null=True))
    signed_out_at: datetime | None = Field(sa_column=moment(null=True))


class RoleGrant(SQLModel, table=True):
    """A role of a person for a brand and region; null means all of them."""

    __tablename__ = "role_grant"
    id: int = Field(sa_column=key())
    person_id: int = Field(sa_column=refers("person.id", index=True))
    role: str = Field(sa_column=short(40, index=True))
    brand: str | None = Field(sa_column=short(40, null=True))
    region: str | None = Field(sa_column=short(20, null=True))
    granted_at: datetime = Field(sa_column=moment())
    revoked_at: datetime | None = Field(sa_column=moment(null=True))


class Delegation(SQLModel, table=True):
    """`from_id` lends a role to `to_id` between two instants."""

    __tablename__ = "delegation"
    __table_args__ = (UniqueConstraint("from_id", "to_id", "role", "brand", "starts_at"),)
    id: int = Field(sa_column=key())
    from_id: int = Field(sa_column=refers("person.id", index=True))
    to_id: int = Field(sa_column=refers("person.id", index=True))
    role: str = Field(sa_column=short(40))
    brand: str | None = Field(sa_column=short(40, null=True))
    starts_at: datetime = Field(sa_column=moment())
    ends_at: datetime = Field(sa_column=moment())
    revoked_at: datetime | None = Field(sa_column=moment(null=True))
