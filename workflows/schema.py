"""The database's schema: brought up to date by Alembic, and refused when it belongs to a newer Signoff."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from models.errors import DatabaseTrouble
from workflows.database import Database, named_troubles

MIGRATIONS = Path(__file__).parent / "migrations"


def alembic_config(database: Database) -> Config:
    """Alembic's configuration, without a file."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["engine"] = database.engine
    return config


def upgrade(database: Database, revision: str = "head") -> None:
    """Brings the schema to `revision`; a database of a newer Signoff is refused and left alone."""
    check_not_newer(database)
    with named_troubles():
        command.upgrade(alembic_config(database), revision)


def downgrade(database: Database, revision: str) -> None:
    command.downgrade(alembic_config(database), revision)


def current(database: Database) -> str | None:
    with database.reading() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def check_not_newer(database: Database) -> None:
    """Raises DatabaseTrouble when the database was written by a version of Signoff that this one does not know."""
    found = current(database)
    known = {script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()}
    if found is not None and found not in known:
        raise DatabaseTrouble(
            f"The database is of a newer Signoff (schema {found}). Install that version, or restore a backup.",
            code="database_version",
        )


def check_current(database: Database) -> None:
    """Raises DatabaseTrouble unless the schema is exactly this Signoff's."""
    check_not_newer(database)
    head = ScriptDirectory(str(MIGRATIONS)).get_current_head()
    if current(database) != head:
        raise DatabaseTrouble("The database's schema is out of date; run: signoff db upgrade", code="database_version")
