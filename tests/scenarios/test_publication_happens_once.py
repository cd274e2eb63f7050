"""P4: a publication of unknown outcome is never sent again blindly; a person settles it."""

from datetime import timedelta

import pytest

from tests.world import World
from workflows import actions, publication


def scheduled(world: World) -> int:
    post = world.submit(at=world.clock.now() + timedelta(hours=1))
    world.approve(post)
    return post


@pytest.mark.parametrize("fault", ["drop", "500"])
def test_a_lost_answer_makes_the_outcome_unknown_and_nothing_is_sent_again(world: World, fault: str) -> None:
    post = scheduled(world)
    world.store.faults.plan("receiver", fault)
    world.fast_forward(days=2)
    assert world.status(post) == "publish_unknown"
    assert len(world.store.all("handover")) == 1
    world.mailbox.expect("ana", "It is unknown whether this post went out")
    world.mailbox.expect("ada", "It is unknown whether this post went out")

    assert world.refusal(world.act, actions.settle, post, "ana", "published", "") == "reason_required"
    assert world.refusal(world.act, actions.settle, post, "ana", "perhaps", "I looked.") == "settlement_required"
    world.act(actions.settle, post, "ana", "published", "It is on the timeline.")
    assert world.status(post) == "published"
    assert len(world.store.all("handover")) == 1


def test_a_settled_failure_can_be_scheduled_again_under_the_same_key(world: World) -> None:
    post = scheduled(world)
    world.store.faults.plan("receiver", "500")
    world.fast_forward(hours=2)
    world.act(actions.settle, post, "ana", "publish_failed", "It is not there.")
    world.act(actions.schedule, post, "ana", None, immediately=True)
    world.work()
    assert world.status(post) == "published"
    assert len({item["key"] for item in world.store.all("handover")}) == 1
    assert len(world.published()) == 1


def test_a_receiver_that_asks_to_wait_gets_it_later(world: World) -> None:
    post = scheduled(world)
    world.store.faults.plan("receiver", "429:20", "429:20")
    world.fast_forward(hours=1)
    assert world.status(post) == "scheduled"
    world.fast_forward(minutes=2)
    assert world.status(post) == "published"
    assert len(world.published()) == 1


def test_a_receiver_that_refuses_ends_in_a_failure_that_people_hear_of(world: World) -> None:
    post = scheduled(world)
    world.store.faults.plan("receiver", "refuse")
    world.fast_forward(hours=2)
    assert world.status(post) == "publish_failed"
    world.mailbox.expect("ana", "Publishing failed: nothing went out")


def test_a_publisher_that_dies_in_between_leaves_the_outcome_unknown(world: World) -> None:
    post = scheduled(world)
    world.clock.set(world.clock.now() + timedelta(hours=1))
    claimed = publication.claim(world.office, post)
    assert claimed is not None
    assert publication.claim(world.office, post) is None
    world.fast_forward(minutes=2)
    assert world.status(post) == "publish_unknown"
    answer = publication.hand_over(world.office, world.office.publisher, claimed)
    assert publication.record(world.office, claimed, answer) is False
    assert world.status(post) == "publish_unknown"
    assert world.published() == []


def test_a_freshly_claimed_post_can_be_neither_edited_nor_withdrawn(world: World) -> None:
    post = scheduled(world)
    world.clock.set(world.clock.now() + timedelta(hours=1))
    publication.claim(world.office, post)
    assert world.refusal(world.edit, post, text="Too late.") == "wrong_status"
    assert world.refusal(world.act, actions.withdraw, post, "ana") == "wrong_status"


def test_the_webhook_is_signed_and_a_forged_one_is_refused(world: World) -> None:
    answer = world.http.post("/sandbox/receiver", json={"post": 1}, headers={"webhook-signature": "v1,forged"})
    assert answer.status_code == 401
    assert world.published() == []
