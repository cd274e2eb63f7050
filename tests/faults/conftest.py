"""Fleets for the fault tests, and how hard to try: a short run with `make test`, a long one with `make chaos`."""

import random
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.fleet import Fleet
from tests.faults.nursery import Nursery


@pytest.fixture(scope="session")
def long_run(pytestconfig: pytest.Config) -> bool:
    return bool(pytestconfig.getoption("--chaos"))


@pytest.fixture(scope="session")
def seed(pytestconfig: pytest.Config, long_run: bool) -> int:
    """The same dice for every short run; new ones for each long one, unless given."""
    given = pytestconfig.getoption("--seed")
    chosen = int(given) if given else random.SystemRandom().randrange(10**6) if long_run else 20_261_121
    print(f"the dice's seed is {chosen}")
    return chosen


@pytest.fixture
def kills(long_run: bool) -> int:
    return 500 if long_run else 12


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    started = Nursery()
    yield started
    started.close()


@pytest.fixture
def database_url(database_kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    if database_kind == "sqlite":
        return f"sqlite:///{tmp_path}/signoff.db"
    return str(request.getfixturevalue("postgres")(request.getfixturevalue("postgres_template")))


@pytest.fixture
def new_fleet(nursery: Nursery, tmp_path: Path, database_url: str) -> Iterator[Callable[..., Fleet]]:
    """Makes fleets on the kind of database under test."""
    made: list[Fleet] = []

    def make(url: str = "", **more: Any) -> Fleet:
        folder = tmp_path / f"fleet-{uuid.uuid4().hex[:6]}"
        folder.mkdir()
        made.append(Fleet(folder, nursery, url or database_url, **more))
        return made[-1]

    yield make
    for fleet in made:
        fleet.close()
