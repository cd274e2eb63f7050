"""P8: nobody's silence stalls a post. It is reminded, escalated, brought to the last resort; never approved."""

from datetime import timedelta

from tests.world import World


def test_a_silent_lawyer_is_reminded_then_passed_over_then_the_last_resort_hears_of_it(world: World) -> None:
    post = world.submit()
    assert world.view(post).timer.does == "remind the approvers"

    world.fast_forward(hours=2)
    world.mailbox.expect("lee", "Reminder")
    assert not [title for title in world.mailbox.titles("hugo") if "Escalated" in title]
    assert world.view(post).timer.does == "escalate to head_of_legal"

    world.fast_forward(hours=2)
    world.mailbox.expect("hugo", "Escalated to you")
    assert any("approve" in world.slack.buttons(card) for card in world.slack.cards("U0HUGO"))

    world.fast_forward(hours=4)
    world.mailbox.expect("ada", "you are the person of last resort")
    assert world.status(post) == "legal_review"
    assert world.view(post).timer is None

    world.approve(post, by="hugo")
    assert world.status(post) == "approved"


def test_reminders_end_with_the_decision(world: World) -> None:
    post = world.submit()
    world.fast_forward(hours=1)
    world.approve(post)
    world.fast_forward(days=2)
    assert not [title for title in world.mailbox.titles("lin") if "Reminder" in title]
    assert world.mailbox.all("hugo") == []


def test_a_rung_that_reaches_nobody_fires_the_next_at_once(world: World) -> None:
    post = world.submit()
    world.deactivate("hugo")
    world.fast_forward(hours=4)
    world.mailbox.expect("ada", "you are the person of last resort")
    escalation = next(entry for entry in world.post(post)["history"] if entry["action"] == "escalate")
    assert escalation["detail"]["reached"] is False


def test_a_review_that_outlives_the_publication_time_expires_and_nothing_goes_out(world: World) -> None:
    post = world.submit(at=world.clock.now() + timedelta(hours=1))
    world.fast_forward(hours=2)
    assert world.status(post) == "draft"
    assert world.published() == []
    world.mailbox.expect("ana", "expired")
    world.mailbox.expect("ada", "last resort")
    assert world.actions_of(post)[-1] == "expire"


def test_a_rung_fires_once_however_often_the_sweep_looks(world: World) -> None:
    world.submit()
    world.fast_forward(hours=2)
    for _ in range(5):
        world.work()
    assert len([title for title in world.mailbox.titles("lee") if "Reminder" in title]) == 1


def test_a_clock_that_jumps_back_fires_nothing_twice(world: World) -> None:
    world.submit()
    world.fast_forward(hours=2)
    world.clock.set(world.clock.now() - timedelta(hours=2))
    world.work()
    world.fast_forward(hours=2)
    assert len([title for title in world.mailbox.titles("lee") if "Reminder" in title]) == 1


def test_the_crisis_lane_counts_minutes_and_needs_two_voices(world: World) -> None:
    post = world.submit("We are looking into the outage.", lane="crisis")
    assert world.status(post) == "crisis_review"
    world.mailbox.expect("cora", "your decision is needed")
    world.fast_forward(minutes=5)
    world.mailbox.expect("lee", "Reminder")
    world.approve(post, by="lee")
    assert world.status(post) == "crisis_review"
    assert len(world.post(post)["still_needed"]) == 1
    world.fast_forward(minutes=5)
    world.mailbox.expect("hugo", "Escalated to you")
    world.approve(post, by="cora")
    assert world.status(post) == "approved"


def test_requests_that_still_wait_to_be_delivered_end_with_the_decision_itself(world: World) -> None:
    world.store.faults.plan("smtp", "refuse", "refuse")
    post = world.submit()
    assert len(world.rows("outbox", "kind = 'review_requested' AND ended_at IS NULL")) == 2
    world.approve(post, by="hugo")
    assert world.rows("outbox", "kind = 'review_requested' AND ended_at IS NULL") == []
