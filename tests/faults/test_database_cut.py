"""The connection to PostgreSQL breaks in the middle of COMMIT, before or after it arrived; and the server goes away."""

import random
import time
from collections.abc import Callable

import pytest

from tests.faults.checker import gather, judge
from tests.faults.fleet import Fleet, until
from tests.faults.load import Load
from tests.faults.proxy import Proxy
from tests.faults.quiet import drain


@pytest.fixture
def database_kind() -> str:
    return "postgresql"


def through(proxy_to: str) -> tuple[Proxy, str]:
    """A proxy before the database of a URL, and the URL that leads through it."""
    base, _, folder = proxy_to.partition("?host=")
    proxy = Proxy(f"{folder}/.s.PGSQL.5432")
    name = base.rsplit("/", 1)[1]
    return proxy, f"postgresql+psycopg://postgres@127.0.0.1:{proxy.port}/{name}?sslmode=disable"


def test_a_commit_whose_answer_is_lost_is_neither_lost_nor_done_twice(
    new_fleet: Callable[..., Fleet], database_url: str, seed: int, long_run: bool
) -> None:
    proxy, url = through(database_url)
    fleet = new_fleet(url, webs=1, workers=1)
    fleet.start_all()
    load = Load(fleet, seed, threads=3)
    load.start()
    dice = random.Random(seed)
    cuts = 200 if long_run else 12
    for number in range(cuts):
        seen = proxy.cuts
        proxy.cut_at(b"COMMIT", forwarded=number % 2 == 0)
        until(lambda seen=seen: proxy.cuts > seen, 20, "a commit")
        time.sleep(dice.uniform(0, 0.1))
    proxy.down()
    time.sleep(3 if long_run else 1)
    proxy.up()
    before = len(load.acknowledged)
    until(lambda: len(load.acknowledged) > before + 2, 30, "work after the database came back")
    load.stop()
    drain(fleet)
    evidence = gather(fleet.office, fleet.outside.store, proxy.cuts, load.acknowledged)
    proxy.close()
    assert load.refused == []
    assert judge(evidence) == []
