"""P3: kill -9 before and after every statement, every commit and every call to the outside."""

import random
from collections.abc import Callable

from models.statuses import Surface
from models.writing import Writing
from tests.faults.checker import gather, judge
from tests.faults.crash_points import POINTS
from tests.faults.fleet import Fleet, alive, until
from tests.faults.load import Load
from tests.faults.quiet import drain
from workflows import actions, judging

WEB = ("before_statement", "after_statement", "before_commit", "after_commit")
PATIENCE = 40.0
LADDER = 3 * 3_600.0  # seconds until a silent post is reminded of, and more


def test_no_crash_separates_a_state_from_its_record(new_fleet: Callable[..., Fleet], seed: int, long_run: bool) -> None:
    fleet = new_fleet(webs=1, workers=1)
    orders = _orders(random.Random(seed), 200 if long_run else 13)
    fleet.start_all()
    load = Load(fleet, seed, threads=3, publish=0.7)
    load.start()
    for name, order in orders:
        fleet.kill(name)
        pid = fleet.start(name, crash=order)
        if order.startswith("rung"):
            _leave_unanswered(fleet)
        until(lambda pid=pid: not alive(pid), PATIENCE, f"the crash of {name} at {order}")
        fleet.kills += 1
        fleet.start(name)
    load.stop()
    drain(fleet)
    assert load.refused == []
    print(f"seed {seed}: {len(orders)} crashes")
    assert judge(gather(fleet.office, fleet.outside.store, fleet.kills, load.acknowledged)) == []


def _leave_unanswered(fleet: Fleet) -> None:
    """Three posts that nobody answers, and then it is hours later."""
    for number in range(3):
        writing = Writing(channels=("x",), text=f"Nobody answers this, {number}.")
        post = actions.create(fleet.office, 1, Surface.API, "acme", "standard", writing)
        actions.submit(fleet.office, post, 1, Surface.API)
        judging.judge(fleet.office, post)
    fleet.outside.clock.jump(LADDER)


def _orders(dice: random.Random, count: int) -> list[tuple[str, str]]:
    """Every point in turn; statements at whatever number, so that in the long run each is hit."""
    points = list(POINTS)
    orders = []
    for number in range(count):
        point = points[number % len(points)]
        process = "web-1" if point in WEB and number % 2 else "worker-1"
        most = 60 if "statement" in point else 1 if point == "rung_fired" else 3
        orders.append((process, f"{point}:{dice.randint(1, most)}"))
    return orders
