"""P3 and P4 under SIGKILL: web and worker processes die at random moments, and nothing that was told is lost."""

import random
import time
from collections.abc import Callable

from tests.faults.checker import gather, judge
from tests.faults.fleet import LEASE, Fleet
from tests.faults.load import Load
from tests.faults.quiet import drain


def test_no_kill_loses_a_decision_a_record_or_a_message(
    new_fleet: Callable[..., Fleet], kills: int, seed: int, long_run: bool
) -> None:
    fleet = new_fleet()
    if long_run:
        fleet.start_prefect()
    fleet.start_all()
    load = Load(fleet, seed)
    load.start()
    dice = random.Random(seed)
    frozen_until = dict.fromkeys(fleet.names, 0.0)
    for _ in range(kills):
        time.sleep(dice.uniform(0.02, 0.5))
        awake = [name for name in fleet.names if time.monotonic() > frozen_until[name]]
        way = dice.random()
        workers = [name for name in awake if name.startswith("worker")]
        if way < 0.06 and len(workers) > 1:
            name = dice.choice(workers)
            fleet.freeze_for(name, LEASE + 1)
            frozen_until[name] = time.monotonic() + LEASE + 1.5
            continue
        if way > 0.97 and long_run:
            fleet.kill_prefect()
        for name in awake if way < 0.16 else [dice.choice(awake)]:
            fleet.kill(name)
            fleet.start(name)
    load.stop()
    drain(fleet)
    assert load.refused == []
    evidence = gather(fleet.office, fleet.outside.store, fleet.kills, load.acknowledged)
    print(f"seed {seed}: {fleet.kills} kills, {len(load.posts)} posts, {len(load.acknowledged)} acknowledged, "
          f"{len(evidence.outbox)} messages, {len(evidence.published)} published")  # fmt: skip
    assert judge(evidence) == []
    assert len(load.posts) >= kills / 5
