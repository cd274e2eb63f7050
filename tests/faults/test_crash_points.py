"""P3: kill -9 before and after every statement, every commit and every call to the outside."""

import random
import time
from collections.abc import Callable

from tests.faults.checker import gather, judge
from tests.faults.crash_points import POINTS
from tests.faults.fleet import Fleet, alive
from tests.faults.load import Load
from tests.faults.quiet import drain

WEB = ("before_statement", "after_statement", "before_commit", "after_commit")
PATIENCE = 2.5


def test_no_crash_separates_a_state_from_its_record(new_fleet: Callable[..., Fleet], seed: int, long_run: bool) -> None:
    fleet = new_fleet(webs=1, workers=1)
    orders = _orders(random.Random(seed), 200 if long_run else 13)
    fleet.start_all()
    load = Load(fleet, seed, threads=3, publish=0.7)
    load.start()
    happened = 0
    for name, order in orders:
        fleet.kill(name)
        pid = fleet.start(name, crash=order)
        end = time.monotonic() + PATIENCE
        while alive(pid) and time.monotonic() < end:
            time.sleep(0.02)
        happened += not alive(pid)
        fleet.kill(name)
        fleet.start(name)
    load.stop()
    drain(fleet)
    assert load.refused == []
    print(f"seed {seed}: {happened} of {len(orders)} crash points were reached")
    assert judge(gather(fleet.office, fleet.outside.store, fleet.kills, load.acknowledged)) == []
    assert happened >= len(orders) * 0.7


def _orders(dice: random.Random, count: int) -> list[tuple[str, str]]:
    """Every point in turn; statements at whatever number, so that in the long run each is hit."""
    points = list(POINTS)
    orders = []
    for number in range(count):
        point = points[number % len(points)]
        process = "web-1" if point in WEB and number % 2 else "worker-1"
        orders.append((process, f"{point}:{dice.randint(1, 60 if 'statement' in point else 3)}"))
    return orders
