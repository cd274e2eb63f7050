"""P4: every message and every publication through bad days: faults, outages of all that is outside, dying workers."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from tests.faults.checker import Evidence, gather, judge
from tests.faults.fleet import Fleet
from tests.faults.load import Load
from tests.faults.quiet import drain

FAULTY = 0.3
SLACK = ("drop", "429:1", "500", "garbage", "refuse", "slow")
MAIL = (
    "refuse",
    "slow",
)  # a mail of unknown outcome cannot be looked up: it repeats, so it would hide other repetitions
RECEIVER = ("drop", "429:1", "500", "slow", "refuse")
VISIBLE = 60.0


@dataclass(frozen=True)
class Day:
    """How bad it gets."""

    posts: int
    outage: float
    kill_every: float
    lease: float
    patience: float


def test_nothing_is_dropped_and_nothing_is_published_twice(
    new_fleet: Callable[..., Fleet], seed: int, long_run: bool
) -> None:
    day = Day(440, 60, 20, 0, 900) if long_run else Day(16, 2, 3, 12, 120)
    fleet = new_fleet(webs=1, workers=2, lease=day.lease)
    fleet.pace = 0.25 if long_run else 1.0  # Slack's own is a second; two authors get the mail of many here
    if long_run:
        fleet.start_prefect()
    faults = fleet.outside.store.faults
    faults.sometimes("slack.chat.postMessage", FAULTY, SLACK, seed)
    faults.sometimes("slack.chat.update", FAULTY, SLACK, seed)
    faults.sometimes("smtp", FAULTY, MAIL, seed)
    faults.sometimes("receiver", FAULTY, RECEIVER, seed)
    fleet.start_all()
    load = Load(fleet, seed, threads=4, publish=1.0, most=day.posts)
    load.start()
    ended = threading.Event()
    killer = threading.Thread(target=_kill_workers, args=(fleet, day.kill_every, ended))
    killer.start()
    for away in (fleet.outside.slack, fleet.outside.smtp, fleet.outside.receiver, fleet.prefect):
        if away is not None:
            away.down()
            time.sleep(day.outage)
            away.up()
    load.join()
    ended.set()
    killer.join()
    drain(fleet, day.patience)
    evidence = gather(fleet.office, fleet.outside.store, fleet.kills, load.acknowledged)
    print(f"seed {seed}: {len(evidence.outbox)} messages, {len(evidence.publications)} handovers, {fleet.kills} kills, "
          f"{dict(faults.used)}")  # fmt: skip
    assert load.refused == []
    assert judge(evidence) == []
    assert _slowest_unknown(evidence) <= VISIBLE
    assert _most_in_ten_seconds(evidence) <= (10 + 5) / fleet.pace + 3, "Slack was written to faster than its pace"
    assert len(evidence.outbox) > day.posts * 2
    lost = sum(faults.used["receiver", mode] for mode in ("drop", "500"))
    assert sum(row.status == "publish_unknown" for row in evidence.posts.values()) >= lost


def _kill_workers(fleet: Fleet, every: float, ended: threading.Event) -> None:
    number = 0
    while not ended.wait(every):
        name = f"worker-{number % 2 + 1}"
        number += 1
        fleet.kill(name)
        fleet.start(name)


def _slowest_unknown(evidence: Evidence) -> float:
    """The longest time, in seconds, from a claim to the moment at which its lost outcome was there to be seen."""
    slowest = 0.0
    for records in evidence.history.values():
        claimed = ""
        for record in records:
            if record["action"] == "claim_publish":
                claimed = record["at"]
            if record["action"] == "lose_publish":
                waited = datetime.fromisoformat(record["at"]) - datetime.fromisoformat(claimed)
                slowest = max(slowest, waited.total_seconds())
    return slowest


def _most_in_ten_seconds(evidence: Evidence) -> int:
    """The most new messages that one Slack conversation got within ten seconds."""
    times: dict[str, list[int]] = {}
    for message in evidence.slack:
        times.setdefault(message["channel"], []).append(int(message["ts"].split(".")[0]))
    return max(sum(start <= moment < start + 10 for moment in came) for came in times.values() for start in came)
