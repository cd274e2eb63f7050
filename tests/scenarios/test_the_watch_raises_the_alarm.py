"""Whatever is overdue is noticed from the database alone, and told once, by a way that does not depend on it."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from models.errors import DatabaseTrouble
from models.statuses import Surface
from tests.ears import Ears
from tests.world import World
from workflows import actions, alarm_ways, beats, publication, watching


@pytest.fixture
def ears() -> Iterator[Ears]:
    started = Ears()
    yield started
    started.close()


@pytest.fixture
def watched(new_world: Callable[..., World], ears: Ears) -> World:
    world = new_world(alarm_url=f"{ears.url}/alarm", heartbeat_url=f"{ears.url}/alive")
    alarm_ways._database_told.clear()
    alive(world)
    return world


def alive(world: World) -> None:
    beats.write(world.office, "worker-1", world.clock.now(), "up")


def look(world: World, **passed: float) -> list[str]:
    """The names of what is wrong after some time in which nobody worked."""
    world.clock.set(world.clock.now() + timedelta(**passed))
    alive(world)
    return [trouble.name for trouble in watching.watch(world.office, heartbeat=True)]


def test_while_nothing_is_wrong_the_outside_hears_the_heartbeat(watched: World, ears: Ears) -> None:
    watched.submit()
    assert look(watched, seconds=20) == []
    assert ears.heard == [("GET", "/alive", "")]


def test_a_submission_that_nobody_checks_is_told_once_and_taken_back_when_it_is_over(
    watched: World, ears: Ears
) -> None:
    post = watched.draft()
    actions.submit(watched.office, post, watched.ids["ana"], Surface.WEB)
    assert look(watched, seconds=61) == ["policy_check"]
    assert look(watched, seconds=30) == ["policy_check"]
    watched.work()
    assert look(watched, seconds=30) == []
    assert look(watched, minutes=2) == []
    told = [body for method, _, body in ears.heard if method == "POST"]
    assert len(told) == 2
    assert "Post 1 waits for its policy check, since 61 seconds." in told[0]
    assert "Over: " in told[1]
    assert [method for method, _, _ in ears.heard] == ["POST", "GET", "POST", "GET"]


def test_an_escalation_that_did_not_fire_is_told(watched: World) -> None:
    watched.submit()
    assert "escalation" in look(watched, hours=3)


def test_a_publication_that_did_not_go_out_is_told(watched: World) -> None:
    watched.approve(watched.submit(at=watched.clock.now() + timedelta(hours=1)))
    watched.work()
    assert "publication" in look(watched, hours=1, seconds=61)


def test_a_handover_that_never_ended_and_an_unknown_outcome_are_told(watched: World) -> None:
    post = watched.submit(at=watched.clock.now() + timedelta(hours=1))
    watched.approve(post)
    watched.clock.set(watched.clock.now() + timedelta(hours=1))
    assert publication.claim(watched.office, post)
    assert "handover" in look(watched, seconds=150)
    watched.work()
    assert watched.status(post) == "publish_unknown"
    assert "unknown" in look(watched, seconds=61)


def test_no_worker_at_all_is_told(watched: World, ears: Ears) -> None:
    watched.clock.set(watched.clock.now() + timedelta(minutes=2))
    assert [trouble.name for trouble in watching.watch(watched.office, heartbeat=True)] == ["workers"]
    assert "No worker is running" in ears.heard[0][2]


def test_with_the_mail_server_away_slack_tells_and_with_slack_away_a_mail_does(
    new_world: Callable[..., World],
) -> None:
    world = new_world()
    world.store.faults.plan("smtp", *["refuse"] * 500)
    world.submit()
    world.fast_forward(minutes=5, seconds=30)
    look(world)
    alarms = [world.slack.text(card) for card in world.slack.cards("U0ADA")]
    assert any("A message for the mail server has waited for 5 minutes" in alarm for alarm in alarms)
    world.store.faults.clear("smtp")
    world.fast_forward(minutes=6)
    look(world)
    world.store.faults.plan("slack.chat.postMessage", *["refuse"] * 500)
    world.submit("Another.")
    world.fast_forward(minutes=5, seconds=30)
    look(world)
    world.mailbox.expect("ada", "A message for Slack has waited for 5 minutes")


def test_an_alarm_that_no_way_took_is_told_two_minutes_later(new_world: Callable[..., World]) -> None:
    world = new_world()
    world.store.faults.plan("smtp", "refuse")
    world.store.faults.plan("slack.chat.postMessage", "429:1")
    watching.watch(world.office, heartbeat=False)
    assert [row.told_at for row in world.rows("alarm")] == [None]
    watching.watch(world.office, heartbeat=False)
    assert world.mailbox.all("ada") == []
    world.clock.set(world.clock.now() + timedelta(minutes=2))
    watching.watch(world.office, heartbeat=False)
    world.mailbox.expect("ada", "No worker is running")
    watching.watch(world.office, heartbeat=False)
    assert len(world.mailbox.all("ada")) == 1


def test_dead_letters_are_told_and_told_again_when_there_are_more(watched: World, ears: Ears) -> None:
    for number in (1, 2, 3):
        watched.store.faults.plan("smtp", "reject", "reject")
        watched.submit(f"Post {number}.")
        assert look(watched) == ["dead_letters"]
    assert len([body for _, _, body in ears.heard if "given up: 2" in body]) == 1
    assert look(watched, minutes=15) == ["dead_letters"]
    assert "Messages were given up: 6" in ears.heard[-2][2]
    assert ears.heard[-1][0] == "GET"


def test_what_flickers_is_one_alarm(watched: World, ears: Ears) -> None:
    for _ in range(20):
        watched.clock.set(watched.clock.now() + timedelta(seconds=30))
        beats.write(watched.office, "worker-1", watched.clock.now(), "away")
        watching.watch(watched.office, heartbeat=False)
        look(watched, seconds=30)
    assert len([body for method, _, body in ears.heard if method == "POST"]) == 1


def test_a_watch_that_died_while_telling_leaves_it_to_the_next(
    watched: World, ears: Ears, monkeypatch: pytest.MonkeyPatch
) -> None:
    watching.clock_jumped(watched.office, 60)
    with monkeypatch.context() as dying:
        dying.setattr("workflows.alarm_ways.tell", _dies)
        with pytest.raises(KeyboardInterrupt):
            look(watched)
    look(watched, minutes=2)
    assert "jumped forward" in ears.heard[0][2]


def _dies(*_: object) -> bool:
    raise KeyboardInterrupt


def test_a_database_that_cannot_be_written_is_told_by_the_webhook_once(
    watched: World, ears: Ears, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise DatabaseTrouble("The database's disk is full.", code="database_full")

    monkeypatch.setattr("workflows.watching._note", full)
    for _ in range(3):
        with pytest.raises(DatabaseTrouble):
            watching.watch(watched.office, heartbeat=True)
    assert len(ears.heard) == 1
    assert "disk is full" in ears.heard[0][2]


def test_a_clock_that_jumped_is_told_for_a_while(watched: World, ears: Ears) -> None:
    watching.clock_jumped(watched.office, 3_600)
    assert look(watched) == ["clock"]
    assert "jumped forward by 3600 seconds" in ears.heard[0][2]
    assert look(watched, minutes=11) == []


def test_a_clock_that_jumps_back_fires_nothing_twice(world: World) -> None:
    world.submit()
    world.fast_forward(hours=2)
    before = len(world.rows("outbox"))
    world.clock.set(world.clock.now() - timedelta(hours=3))
    world.work()
    world.fast_forward(hours=3)
    assert len(world.rows("outbox")) == before
    world.fast_forward(hours=2)
    assert [title for title in world.mailbox.titles("hugo") if "Escalated" in title]
