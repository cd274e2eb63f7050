"""The whole path: draft, policy check, legal review, approved, scheduled, published; each step on the record."""

from datetime import timedelta

from tests.world import World


def test_a_post_goes_from_draft_to_publication(world: World) -> None:
    at = world.clock.now() + timedelta(hours=3)
    post = world.submit("Our spring range is here.", channels=("x", "linkedin"), at=at)
    assert world.status(post) == "legal_review"
    world.mailbox.expect("lee", "your decision is needed")
    world.mailbox.expect("lin", "your decision is needed")
    assert "Our spring range is here." in world.slack.text(world.slack.card())

    assert world.slack.press("approve", by="lee").status_code == 200
    world.work()
    assert world.status(post) == "scheduled"
    assert "Lee Lindqvist approved revision 1 in Slack" in world.slack.text(world.slack.card())
    world.mailbox.expect("ana", "approved and scheduled")
    assert world.published() == []

    world.fast_forward(hours=3)
    assert world.status(post) == "published"
    assert [item["variants"][0]["text"] for item in world.published()] == ["Our spring range is here."]
    assert world.actions_of(post) == [
        "create", "submit", "pass_policy", "approve", "schedule", "claim_publish", "confirm_publish",
    ]  # fmt: skip


def test_a_post_without_a_time_waits_for_one(world: World) -> None:
    post = world.submit()
    world.approve(post)
    world.fast_forward(days=3)
    assert world.status(post) == "approved"
    world.mailbox.expect("ana", "needs a publication time")


def test_a_post_approved_after_its_time_stays_approved_and_asks_for_a_new_one(world: World) -> None:
    post = world.submit(at=world.clock.now() + timedelta(hours=1))
    world.clock.set(world.clock.now() + timedelta(hours=2))  # no sweep has looked meanwhile
    world.approve(post, by="lee")
    world.fast_forward(days=1)
    assert world.status(post) == "approved"
    assert world.published() == []
    world.mailbox.expect("ana", "needs a publication time")
