"""P4: a message is delivered at least once or ends as a dead letter; twice only where the outcome was unknown."""

from datetime import timedelta

from tests.world import World
from workflows import delivery, outbox
from workflows.doctor import troubles


def test_slack_that_asks_to_wait_is_given_the_time_it_asks_for(world: World) -> None:
    world.store.faults.plan("slack.chat.postMessage", "429:30")
    world.submit()
    assert world.slack.cards() == []
    world.fast_forward(seconds=29)
    assert world.slack.cards() == []
    world.fast_forward(seconds=2)
    assert len(world.slack.cards()) == 1


def test_a_card_whose_answer_was_lost_is_looked_up_and_not_posted_again(world: World) -> None:
    world.store.faults.plan("slack.chat.postMessage", "drop")
    post = world.submit()
    world.fast_forward(minutes=2)
    assert len(world.slack.cards()) == 1
    world.approve(post)
    world.work()
    assert "Lee Lindqvist approved" in world.slack.text(world.slack.card())


def test_a_card_that_was_refused_is_posted_again(world: World) -> None:
    world.store.faults.plan("slack.chat.postMessage", "refuse", "refuse")
    world.submit()
    world.fast_forward(minutes=2)
    assert len(world.slack.cards()) == 1


def test_a_mail_server_that_says_later_gets_it_later(world: World) -> None:
    world.store.faults.plan("smtp", "refuse", "refuse", "refuse")
    world.submit()
    world.fast_forward(minutes=2)
    world.mailbox.expect("lee", "your decision is needed")
    world.mailbox.expect("lin", "your decision is needed")
    assert len(world.mailbox.all("lee")) == 1


def test_an_address_that_does_not_exist_is_a_dead_letter_that_post_and_doctor_show(world: World) -> None:
    world.store.faults.plan("smtp", "reject", "reject")
    post = world.submit()
    assert len(world.post(post)["dead_letters"]) == 2
    assert "no such mailbox" in world.post(post)["dead_letters"][0]
    assert any("no such mailbox" in trouble for trouble in troubles(world.office))


def test_a_message_survives_an_outage_of_hours(world: World) -> None:
    world.store.faults.plan("smtp", *["refuse"] * 60)
    world.submit(lane="crisis")
    world.fast_forward(hours=3)
    world.mailbox.expect("lee", "your decision is needed")
    assert world.rows("outbox", "dead_reason IS NOT NULL") == []


def test_a_message_that_never_goes_through_for_a_day_dies_with_its_reason_and_can_be_revived(world: World) -> None:
    world.store.faults.plan("smtp", *["refuse"] * 5_000)
    post = world.submit()
    world.tamper("UPDATE outbox SET created_at = '2026-11-22 08:00:00' WHERE medium = 'mail'")
    world.fast_forward(minutes=6)
    assert "try again later" in world.post(post)["dead_letters"][0]
    world.store.faults.clear("smtp")
    assert outbox.requeue_dead(world.office) == 2
    world.work()
    world.mailbox.expect("lee", "your decision is needed")


def test_a_card_that_was_found_again_still_shows_what_was_decided_meanwhile(world: World) -> None:
    world.store.faults.plan("slack.chat.postMessage", "drop")
    post = world.submit()
    world.approve(post)
    world.fast_forward(minutes=3)
    assert len(world.slack.cards()) == 1
    assert world.slack.buttons(world.slack.card()) == ["open"]


def test_one_card_that_is_gone_does_not_hold_up_the_others(world: World) -> None:
    post = world.submit()
    world.fast_forward(hours=4)
    for message in world.slack.cards("U0HUGO"):
        world.store.remove(message["id"])
    world.approve(post)
    world.work()
    assert world.slack.buttons(world.slack.card()) == ["open"]


def test_a_worker_that_slept_through_its_lease_sends_nothing(world: World) -> None:
    world.store.faults.plan("slack.chat.postMessage", "refuse")
    world.submit()
    world.clock.set(world.clock.now() + timedelta(seconds=1))
    late = next(m for m in outbox.lease(world.office) if m.kind == "open_card")
    world.clock.set(world.clock.now() + timedelta(seconds=61))
    assert delivery.deliver_one(world.office, late) == "lost"
    assert world.slack.cards() == []


def test_a_lease_that_runs_out_is_taken_over_and_a_late_result_changes_nothing(world: World) -> None:
    world.store.faults.plan("slack.chat.postMessage", "refuse")
    world.submit()
    world.fast_forward(seconds=0)
    world.clock.set(world.clock.now() + timedelta(seconds=1))
    zombie = next(m for m in outbox.lease(world.office) if m.kind == "open_card")
    assert outbox.lease(world.office) == []
    world.clock.set(world.clock.now() + timedelta(seconds=61))
    heir = next(m for m in outbox.lease(world.office) if m.id == zombie.id)
    assert heir.attempt == zombie.attempt + 1
    assert heir.unsure
    assert outbox.drop(world.office, zombie, "I was asleep") is False
    assert outbox.drop(world.office, heir, "mine") is True


def test_the_same_message_is_asked_for_once_however_many_workers_lease(world: World) -> None:
    world.submit()
    world.work()
    keys = [row.dedupe_key for row in world.rows("outbox")]
    assert len(keys) == len(set(keys))
    assert len([title for title in world.mailbox.titles("lee") if "decision is needed" in title]) == 1


def test_with_slack_away_for_hours_decisions_go_on_and_the_card_comes_later(world: World) -> None:
    world.store.faults.plan("slack.chat.postMessage", *["refuse"] * 6)
    post = world.submit()
    world.approve(post)
    assert world.status(post) == "approved"
    world.fast_forward(hours=1)
    assert "Lee Lindqvist approved" in world.slack.text(world.slack.card())


def test_a_card_whose_answer_was_lost_is_found_however_many_came_after_it(sqlite_world: World) -> None:
    world = sqlite_world
    world.store.faults.plan("slack.chat.postMessage", "drop")
    world.submit("The first.")
    [card] = world.slack.cards()
    for number in range(350):
        world.store.add("slack", {**card, "metadata": {}, "ts": f"{card['ts'][:10]}.9{number:05d}"}, "acme-approvals")
    world.fast_forward(minutes=5)
    assert len([c for c in world.slack.cards() if c["metadata"]]) == 1
    assert world.rows("outbox", "kind = 'open_card' AND sent_at IS NULL") == []
