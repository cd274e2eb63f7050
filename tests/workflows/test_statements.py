"""Prepared statements keep Core's types and errors."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from models.tables import brands, timers
from tests.world import World
from workflows.statements import Statement

BRAND = Statement(select(brands).where(brands.c.slug == bindparam("slug")))
NEW_BRAND = Statement(insert(brands))
RENAME = Statement(update(brands).where(brands.c.slug == bindparam("which")))
TIMER = Statement(select(timers).where(timers.c.post_id == bindparam("post")))


def test_values_come_back_with_the_types_of_their_columns(world: World) -> None:
    post = world.submit()
    with world.office.database.reading() as connection:
        row = TIMER.first(connection, {"post": post})
    assert row is not None
    assert row.entered_at == world.clock.now()
    assert row.entered_at.tzinfo is UTC
    assert row.fired == []


def test_a_broken_constraint_is_told_as_core_tells_it(world: World) -> None:
    acme = {"slug": "acme", "name": "Twice", "timezone": "UTC"}
    with pytest.raises(IntegrityError), world.office.database.unit_of_work() as work:
        NEW_BRAND.run(work.connection, acme)
    assert brand_name(world) == "Acme"


def test_the_columns_that_are_named_are_the_ones_that_are_written(world: World) -> None:
    with world.office.database.unit_of_work() as work:
        assert RENAME.run(work.connection, {"which": "acme", "name": "Acme & Co"}) == 1
        assert RENAME.run(work.connection, {"which": "nobody", "timezone": "UTC"}) == 0
    assert brand_name(world) == "Acme & Co"


def test_a_naive_time_is_refused(world: World) -> None:
    new = {"post_id": 1, "stage": "x", "entered_at": datetime(2026, 1, 1), "fired": [], "next_rung": None}  # noqa: DTZ001
    with pytest.raises(ValueError, match="without a zone"), world.office.database.unit_of_work() as work:
        Statement(insert(timers)).run(work.connection, new)


def test_a_missing_table_is_no_silent_success(world: World) -> None:
    with world.office.database.unit_of_work() as work:
        work.connection.exec_driver_sql("ALTER TABLE timer RENAME TO mislaid")
    with pytest.raises(DBAPIError, match="timer"), world.office.database.reading() as connection:
        TIMER.rows(connection, {"post": 1})


def brand_name(world: World) -> str:
    with world.office.database.reading() as connection:
        row = BRAND.first(connection, {"slug": "acme"})
    assert row is not None
    return str(row.name)
