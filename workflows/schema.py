"""The database's schema: brought up to date by Alembic, and refused when it belongs to a newer Signoff.

Alembic takes a third of a second to import, so it is left alone when the schema is up to date already.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import inspect, text

from models.errors import DatabaseTrouble
from workflows.database import Database, named_troubles

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"


def versions() -> list[str]:
    """Every schema version that this Signoff knows, oldest first: the numbers that the migrations' files begin with."""
    return sorted(path.name.split("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*_*.py"))


def alembic_config(database: Database) -> "Config":
    """Alembic's configuration, without a file."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["engine"] = database.engine
    return config


def upgrade(database: Database, version: str = "") -> None:
    """Brings the schema up to `version`, or up to date; a database of a newer Signoff is refused and left alone."""
    check_not_newer(database)
    wanted = version or versions()[-1]
    if current(database) == wanted:
        return
    from alembic import command

    with named_troubles():
        command.upgrade(alembic_config(database), wanted)


def downgrade(database: Database, version: str) -> None:
    """Takes the schema back to a version; `base` removes everything."""
    from alembic import command

    command.downgrade(alembic_config(database), version)


def current(database: Database) -> str | None:
    """The database's schema version; None for an empty one."""
    with database.reading() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def check_not_newer(database: Database) -> None:
    """Raises DatabaseTrouble when the database was written by a version of Signoff that this one does not know."""
    found = current(database)
    if found is not None and found not in versions():
        raise DatabaseTrouble(
            f"The database is of a newer Signoff (schema {found}). Install that version, or restore a backup.",
            code="database_version",
        )
