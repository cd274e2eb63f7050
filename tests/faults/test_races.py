"""P5 and P1 under races: eight impatient approvers at a barrier, and edits that race publications."""

import json
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from config.organisation_file import PersonEntry, RoleEntry
from models.errors import SignoffError
from models.statuses import Surface
from models.writing import Writing
from tests.faults.checker import gather, judge
from tests.faults.fleet import Fleet
from tests.faults.quiet import drain
from tests.world import World
from workflows import actions, judging, organisation, publication

CLICKERS, TIMES = 8, 4
ACTIONS = ("approve", "request_changes", "reject")


def test_eight_approvers_at_a_barrier_make_one_decision_a_post(new_fleet: Callable[..., Fleet], long_run: bool) -> None:
    fleet = new_fleet(webs=2, workers=1)
    names = [f"legal{number}" for number in range(CLICKERS)]
    legal = (RoleEntry(role="legal", brand="acme"),)
    organisation.import_people(
        fleet.office, [PersonEntry(email=f"{name}@acme.example", name=name.title(), roles=legal) for name in names]
    )
    posts = [_in_review(fleet.office, number) for number in range(100 if long_run else 30)]
    fleet.start_all()
    answers = _click(fleet, names, posts)
    statuses: Counter[str] = Counter()
    for answer in answers:
        statuses.update(answer["statuses"])
    assert sum(statuses.values()) == CLICKERS * TIMES * len(posts)
    assert statuses.pop("200") == len(posts)
    assert {status.split()[0] for status in statuses} == {"409"}, statuses
    with fleet.office.database.reading() as connection:
        decided = connection.execute(text("SELECT post_id, count(*) FROM decision GROUP BY post_id")).all()
    assert sorted(tuple(row) for row in decided) == [(post, 1) for post in posts]
    drain(fleet)
    assert judge(gather(fleet.office, fleet.outside.store)) == []


def _in_review(office: Any, number: int) -> int:
    post = actions.create(office, 1, Surface.API, "acme", "standard", Writing(channels=("x",), text=f"Post {number}."))
    actions.submit(office, post, 1, Surface.API)
    judging.judge(office, post)
    return post


def _click(fleet: Fleet, names: list[str], posts: list[int]) -> list[dict[str, Any]]:
    orders = [{"token": fleet.token(name), "posts": posts, "urls": fleet.urls, "times": TIMES,
               "action": ACTIONS[number % len(ACTIONS)]} for number, name in enumerate(names)]  # fmt: skip
    processes = [subprocess.Popen([sys.executable, "-m", "tests.faults.clicker"], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, text=True) for _ in orders]  # fmt: skip
    at = time.time() + 4
    for process, order in zip(processes, orders, strict=True):
        assert process.stdin is not None
        process.stdin.write(json.dumps({**order, "at": at}) + "\n")
        process.stdin.flush()
    return [json.loads(process.communicate(timeout=300)[0]) for process in processes]


def test_no_edit_between_approval_claim_and_publication_lets_other_bytes_out(
    new_world: Callable[..., World], long_run: bool
) -> None:
    world = new_world()
    rounds, size = (200, 50) if long_run else (5, 40)
    outcomes: Counter[str] = Counter()
    for number in range(rounds):
        posts = [_scheduled(world, f"Post {number}-{index}.") for index in range(size)]
        world.clock.set(world.clock.now() + timedelta(seconds=1))
        jobs = [(_edit, posts), (_tamper, posts), (_publish, posts[::2]), (_publish, posts[1::2])]
        threads = [threading.Thread(target=job, args=(world, some)) for job, some in jobs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        outcomes.update(row.status for row in world.rows("post", f"id >= {posts[0]}"))
    print(dict(outcomes))
    found = judge(gather(world.office, world.store), drained=False)
    assert found == []
    assert outcomes["published"] > size
    assert outcomes["draft"] > 0
    assert outcomes["publish_failed"] > 0


def _scheduled(world: World, words: str) -> int:
    post = _in_review_of(world, words)
    actions.approve(world.office, post, world.ids["lee"], Surface.API, 1)
    actions.schedule(world.office, post, world.ids["ana"], Surface.API, None, immediately=True)
    return post


def _in_review_of(world: World, words: str) -> int:
    post = world.draft(words)
    actions.submit(world.office, post, world.ids["ana"], Surface.API)
    judging.judge(world.office, post)
    return post


def _edit(world: World, posts: list[int]) -> None:
    """An author who changes every third post while it goes out."""
    for post in posts[::3]:
        try:
            world.edit(post, text="Nobody has seen these words.")
        except SignoffError:
            continue


def _tamper(world: World, posts: list[int]) -> None:
    """Somebody with the database's password, who changes every fifth text behind Signoff's back."""
    for post in posts[4::5]:
        world.tamper("UPDATE variant SET text = 'Nobody approved this.' WHERE post_id = :post", post=post)


def _publish(world: World, posts: list[int]) -> None:
    for post in posts:
        claimed = publication.claim(world.office, post)
        if claimed is not None:
            publication.record(
                world.office, claimed, publication.hand_over(world.office, world.office.publisher, claimed)
            )
