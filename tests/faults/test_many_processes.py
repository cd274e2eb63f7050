"""Several web processes and workers on one PostgreSQL: woken by NOTIFY, taking over from the dead and the frozen."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from models.tables import outbox, worker_beats
from tests.faults.checker import gather, judge
from tests.faults.fleet import LEASE, Fleet, until
from tests.faults.load import Load
from tests.faults.quiet import drain


@pytest.fixture
def database_kind() -> str:
    return "postgresql"


def rows(fleet: Fleet, table: Any) -> list[Any]:
    with fleet.office.database.reading() as connection:
        return list(connection.execute(select(table)).all())


def message(fleet: Fleet, kind: str) -> Any:
    return next((row for row in rows(fleet, outbox) if row.kind == kind), None)


def test_a_submission_to_one_process_wakes_the_worker_in_another(new_fleet: Callable[..., Fleet]) -> None:
    """The worker looks by itself only every half minute here, so it is NOTIFY that wakes it."""
    fleet = new_fleet(webs=1, workers=1)
    fleet.poll = 30.0
    fleet.start_all()
    until(lambda: rows(fleet, worker_beats), what="the worker's first beat")
    time.sleep(1)
    load = Load(fleet, seed=1, threads=1, publish=1.0, most=3)
    began = time.monotonic()
    load.start()
    load.join()
    drain(fleet, 20)
    assert time.monotonic() - began < 20
    assert judge(gather(fleet.office, fleet.outside.store, 0, load.acknowledged)) == []


def test_three_workers_share_the_work_and_nothing_is_done_twice(new_fleet: Callable[..., Fleet]) -> None:
    fleet = new_fleet(webs=2, workers=3)
    fleet.start_all()
    load = Load(fleet, seed=2, threads=4, publish=1.0, most=24)
    load.start()
    load.join()
    drain(fleet)
    assert load.refused == []
    assert judge(gather(fleet.office, fleet.outside.store, 0, load.acknowledged)) == []


@pytest.mark.parametrize("fate", ["killed", "frozen"])
def test_the_lease_of_a_dead_or_frozen_worker_is_taken_over_and_a_zombie_changes_nothing(
    new_fleet: Callable[..., Fleet], fate: str
) -> None:
    fleet = new_fleet(webs=1, workers=2)
    faults = fleet.outside.store.faults
    for name in ("web-1", "worker-1"):
        fleet.start(name)
    until(fleet.all_answer)
    faults.plan("slack.chat.postMessage", "slow")
    load = Load(fleet, seed=3, threads=1, publish=0.0, most=1)
    load.start()
    until(lambda: faults.used["slack.chat.postMessage", "slow"], what="a message in the worker's hands")
    (fleet.kill if fate == "killed" else fleet.freeze)("worker-1")
    fleet.start("worker-2")
    taken = until(lambda: (m := message(fleet, "open_card")) and m.sent_at and m, LEASE + 15, "the takeover")
    if fate == "frozen":
        fleet.thaw("worker-1")
    load.join()
    drain(fleet)
    time.sleep(1)
    assert message(fleet, "open_card") == taken
    assert taken.attempt == 2
    assert sum(row.takeovers for row in rows(fleet, worker_beats)) >= 1
    assert len(fleet.outside.store.all("slack", "acme-approvals")) == 1
    assert judge(gather(fleet.office, fleet.outside.store, fleet.kills, load.acknowledged)) == []
