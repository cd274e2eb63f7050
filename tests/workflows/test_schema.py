"""The schema: up and down on both databases, nothing for Alembic to do, an append-only log."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError

from config.settings import Settings
from models.errors import DatabaseTrouble, SignoffError
from models.tables import metadata
from tests.world import World
from workflows import actions, installation, schema
from workflows.database import Database, named_troubles


@pytest.fixture
def database(database_kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Database:
    if database_kind == "sqlite":
        return Database(f"sqlite:///{tmp_path}/new.db")
    return Database(request.getfixturevalue("postgres")("template0"))


def test_the_migrations_go_up_and_down_and_up_again(database: Database) -> None:
    schema.upgrade(database)
    assert schema.current(database) == schema.versions()[-1]
    schema.downgrade(database, "base")
    assert schema.current(database) is None
    schema.upgrade(database)
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    database.close()


def test_a_database_of_a_newer_signoff_is_refused_and_left_alone(database: Database) -> None:
    schema.upgrade(database)
    with database.unit_of_work() as work:
        work.connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseTrouble, match="newer Signoff") as trouble:
        schema.upgrade(database)
    assert trouble.value.code == "database_version"
    database.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_record SET body = body",
        "DELETE FROM audit_record",
        "UPDATE checkpoint SET hash = '0'",
        "DELETE FROM checkpoint WHERE id = 1",
    ],
)
def test_the_log_refuses_to_be_changed(world: World, statement: str) -> None:
    world.submit()
    world.seal()
    with pytest.raises(DBAPIError, match="append-only"):
        world.tamper(statement)


def test_postgresql_refuses_to_truncate_the_log_too(new_world: Callable[..., World], database_kind: str) -> None:
    world = new_world()
    world.submit()
    if database_kind == "postgresql":
        with pytest.raises(DBAPIError, match="append-only"):
            world.tamper("TRUNCATE audit_record")
    assert world.rows("audit_record")


def _fill_up(world: World) -> None:
    for _ in range(200):
        world.draft("x" * 9_000)


class TestTroubles:
    def test_a_locked_database_is_told_and_nothing_is_changed(
        self, sqlite_world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        post, ana = sqlite_world.draft(), sqlite_world.api("ana")
        monkeypatch.setattr("workflows.database.BUSY_SECONDS", 0.05)
        sqlite_world.office.database.engine.dispose()
        other = sqlite3.connect(sqlite_world.office.settings.data_dir / "signoff.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        answer = ana.post(f"/posts/{post}/actions/submit")
        other.execute("ROLLBACK")
        other.close()
        assert (answer.status_code, answer.json()["code"]) == (503, "database_busy")
        assert sqlite_world.status(post) == "draft"

    def test_a_read_only_database_is_told(self, sqlite_world: World) -> None:
        post = sqlite_world.draft()
        with sqlite_world.office.database.engine.connect() as connection:
            connection.execute(text("PRAGMA query_only = ON"))
            with pytest.raises(DatabaseTrouble) as trouble, named_troubles():
                connection.execute(text("UPDATE post SET version = 2"))
            connection.rollback()
            connection.execute(text("PRAGMA query_only = OFF"))
        assert trouble.value.code == "database_read_only"
        assert sqlite_world.status(post) == "draft"

    def test_a_full_disk_is_told_and_the_post_stays_as_it_was(self, sqlite_world: World) -> None:
        post = sqlite_world.draft()
        engine = sqlite_world.office.database.engine
        with engine.connect() as connection:
            pages = connection.execute(text("PRAGMA page_count")).scalar_one()

        def fill(connection: sqlite3.Connection, _record: object) -> None:
            connection.execute(f"PRAGMA max_page_count = {pages}")

        event.listen(engine, "connect", fill)
        engine.dispose()
        with pytest.raises(DatabaseTrouble) as trouble:
            _fill_up(sqlite_world)
        assert trouble.value.code == "database_full"
        assert sqlite_world.status(post) == "draft"
        event.remove(engine, "connect", fill)
        engine.dispose()
        sqlite_world.act(actions.submit, post, "ana")

    def test_a_file_that_is_no_database_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "signoff.db").write_bytes(b"this is no database" * 100)
        with pytest.raises(SignoffError, match="not a database"):
            installation.open_office(Settings(data_dir=tmp_path, port=1))

    @pytest.mark.parametrize("url", ["nonsense", "oracle://x", "postgresql+psycopg://127.0.0.1:1/none"])
    def test_a_database_that_cannot_be_reached_is_told(self, tmp_path: Path, url: str) -> None:
        with pytest.raises(DatabaseTrouble):
            installation.open_office(Settings(data_dir=tmp_path, port=1, database_url=url))
