"""Whole reviews and single decisions in process against the floor: one client on each database, eight on PostgreSQL."""

import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from benchmarks.floor import Floor
from benchmarks.place import ANA, LEE, Place, draft
from benchmarks.table import Line, limit, rate
from models.statuses import Surface
from workflows import actions, judging
from workflows.office import Office

ROUNDS, POSTS, CLIENTS = 5, 200, 8
Steps = Sequence[Callable[[int], Any]]


def run(place: Place) -> Iterator[Line]:
    """The lines of the table."""
    for kind, goal in (("SQLite", 0.5), ("PostgreSQL", 0.6)):
        with place.office(kind) as office:
            ours, theirs, decisions, floors = alternate(office)
        yield rate(f"whole review, {kind}", ours, theirs, goal)
        yield limit(f"decision alone, {kind}, p50", decisions * 1e3, 0.6, "ms", floors * 1e3)
    with place.office("PostgreSQL") as office:
        yield rate("whole review, PostgreSQL, eight clients", *_eight(office), 0.6)


def alternate(office: Office) -> tuple[float, float, float, float]:
    """Reviews a second and seconds a decision, ours and the floor's, in turns so that both see the same machine."""
    floor = Floor(office)
    speeds: list[list[float]] = [[], []]
    decisions: list[list[float]] = [[], []]
    for number in range(ROUNDS):
        for side, steps in ((0, _ours(office)), (1, (floor.submit, floor.check, floor.approve))):
            posts = [draft(office, number) for _ in range(POSTS)]
            taken = [_review(steps, post) for post in posts]
            speeds[side].append(POSTS / sum(whole for whole, _ in taken))
            decisions[side] += [decision for _, decision in taken]
    floor.close()
    return (*map(statistics.median, speeds), *map(statistics.median, decisions))  # type: ignore[return-value]


def _ours(office: Office) -> Steps:
    return (
        lambda post: actions.submit(office, post, ANA, Surface.API),
        lambda post: judging.judge(office, post),
        lambda post: actions.approve(office, post, LEE, Surface.API, 1),
    )


def _review(steps: Steps, post: int) -> tuple[float, float]:
    began = time.perf_counter()
    steps[0](post)
    steps[1](post)
    decided = time.perf_counter()
    steps[2](post)
    ended = time.perf_counter()
    return ended - began, ended - decided


def _eight(office: Office) -> tuple[float, float]:
    """Eight threads at once: ours, then the floor's; reviews a second."""

    def side(make: Callable[[], Steps]) -> float:
        shares = [[draft(office, number) for _ in range(POSTS // 2)] for number in range(CLIENTS)]
        made = [make() for _ in shares]
        threads = [threading.Thread(target=lambda s=s, p=p: [_review(s, post) for post in p])
                   for s, p in zip(made, shares, strict=True)]  # fmt: skip
        began = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sum(map(len, shares)) / (time.perf_counter() - began)

    def floor_steps() -> Steps:
        floor = Floor(office)
        return (floor.submit, floor.check, floor.approve)

    return side(lambda: _ours(office)), side(floor_steps)
