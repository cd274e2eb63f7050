"""How values are kept in columns, the same on SQLite and PostgreSQL."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Column, DateTime, Dialect, ForeignKey, Integer, LargeBinary, String, Text, false
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator
from sqlmodel import SQLModel

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, kept and returned in UTC; a naive one is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone reached the database")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


JSON_VALUE = JSON().with_variant(JSONB(), "postgresql")


def key() -> Column[int]:
    """An integer primary key that the database counts up."""
    return Column(Integer, primary_key=True, autoincrement=True)


def refers(target: str, *, null: bool = False, index: bool = False, primary: bool = False) -> Column[int]:
    return Column(ForeignKey(target), nullable=null, index=index, primary_key=primary)


def moment(*, null: bool = False) -> Column[datetime]:
    return Column(UtcDateTime(), nullable=null)


def flag() -> Column[bool]:
    """False unless set."""
    return Column(Boolean, nullable=False, server_default=false())


def count() -> Column[int]:
    """Zero unless set."""
    return Column(Integer, nullable=False, server_default="0")


def short(length: int, *, null: bool = False, **more: Any) -> Column[str]:
    return Column(String(length), nullable=null, **more)


def long() -> Column[str]:
    return Column(Text, nullable=False)


def document() -> Column[Any]:
    return Column(JSON_VALUE, nullable=False)


def octets() -> Column[bytes]:
    return Column(LargeBinary, nullable=False)
