"""/healthz, /readyz and /metrics."""

import re
from datetime import timedelta

from models.statuses import Surface
from tests.world import World
from workflows import actions, beats


def numbers(world: World) -> dict[str, float]:
    answer = world.http.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    found = re.findall(r"^(signoff_\w+(?:\{[^}]*\})?) ([\d.e+-]+)$", answer.text, re.M)
    return {name: float(value) for name, value in found}


def test_an_idle_installation_has_nothing_overdue(world: World) -> None:
    found = numbers(world)
    assert found["signoff_timer_overdue_seconds"] == 0
    assert found["signoff_outbox_oldest_seconds"] == 0
    assert found["signoff_dead_letters"] == 0
    assert found["signoff_workers"] == 0
    assert world.http.get("/healthz").text == "ok"


def test_what_is_overdue_is_measured(world: World) -> None:
    post = world.draft()
    actions.submit(world.office, post, world.ids["ana"], Surface.WEB)
    world.judge(post)
    beats.write(world.office, "worker-1", world.clock.now(), "up")
    world.clock.set(world.clock.now() + timedelta(hours=2, seconds=10))
    found = numbers(world)
    assert found["signoff_timer_overdue_seconds"] == 10
    assert found["signoff_outbox_oldest_seconds"] == 7_210
    assert found['signoff_outbox_depth{medium="mail"}'] == 2
    assert found['signoff_posts{status="legal_review"}'] == 1
    assert found["signoff_prefect_up"] == 0


def test_decisions_and_acknowledgements_are_timed(world: World) -> None:
    before = numbers(world)
    world.submit()
    world.slack.press("approve", by="lee")
    after = numbers(world)
    for name in ('signoff_decision_seconds_count{surface="slack"}', "signoff_acknowledgement_seconds_count"):
        assert after[name] == before.get(name, 0) + 1


def test_takeovers_and_dead_letters_are_counted(world: World) -> None:
    world.store.faults.plan("smtp", "reject", "reject")
    world.submit()
    world.tamper("UPDATE outbox SET leased_by = 'dead', ended_at = NULL, due_at = created_at WHERE id = 1")
    world.work()
    found = numbers(world)
    assert found["signoff_lease_takeovers"] == 1
    assert found["signoff_dead_letters"] == 2


def test_a_database_that_is_away_is_not_ready(sqlite_world: World) -> None:
    sqlite_world.tamper("ALTER TABLE worker_beat RENAME TO mislaid")
    assert sqlite_world.http.get("/healthz").status_code == 200
    assert sqlite_world.http.get("/readyz").status_code in (500, 503)
    sqlite_world.tamper("ALTER TABLE mislaid RENAME TO worker_beat")
    assert sqlite_world.http.get("/readyz").json()["database"] == "up"
