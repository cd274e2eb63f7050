"""P4: however many posts and workers, a Slack conversation gets about one new message a second."""

from datetime import timedelta

from tests.world import World
from workflows import actions, outbox

CHANNEL = "acme-approvals"


def times(world: World, channel: str = CHANNEL) -> list[float]:
    """The seconds after the first card at which the others came."""
    came = [float(card["ts"].split(".")[0]) for card in world.slack.cards(channel)]
    return [moment - came[0] for moment in came]


def test_ten_posts_at_once_become_three_cards_and_then_one_a_second(world: World) -> None:
    for number in range(10):
        world.submit(f"Post {number}.")
    world.fast_forward(seconds=10)
    assert times(world) == [0, 0, 0, 1, 2, 3, 4, 5, 6, 7]


def test_turns_that_passed_while_no_worker_ran_do_not_become_a_burst(world: World) -> None:
    for number in range(10):
        world.submit(f"Post {number}.")
    world.clock.set(world.clock.now() + timedelta(minutes=10))
    world.work()
    assert len(world.slack.cards()) == 3 + 3
    world.fast_forward(seconds=10)
    assert len(world.slack.cards()) == 10


def test_a_conversation_that_asks_to_wait_is_left_alone_and_the_others_are_not(world: World) -> None:
    world.store.faults.plan("slack.chat.postMessage", "429:30")
    world.submit("First.")
    world.submit("Second.")
    world.submit("Elsewhere.", by="ben", brand="globex")
    world.fast_forward(seconds=20)
    assert world.slack.cards() == []
    assert len(world.slack.cards("globex-approvals")) == 1
    world.fast_forward(seconds=15)
    assert len(world.slack.cards()) == 2


def test_two_workers_keep_the_pace_together(world: World) -> None:
    for number in range(6):
        post = world.draft(f"Post {number}.")
        world.act(actions.submit, post, "ana")
        world.judge(post)
    cards = [m for _ in range(3) for m in outbox.lease(world.office) if m.kind == "open_card"]
    assert len(cards) == 3


def test_a_long_queue_waits_too_when_slack_asks_to_wait(world: World) -> None:
    for number in range(10):
        world.submit(f"Post {number}.")
    before = len(world.slack.cards())
    world.store.faults.plan("slack.chat.postMessage", "429:60")
    world.fast_forward(seconds=55)
    assert len(world.slack.cards()) == before
    assert world.store.faults.used["slack.chat.postMessage", "429:60"] == 1
    world.fast_forward(seconds=30)
    assert len(world.slack.cards()) == 10


def test_a_clock_that_was_wrong_for_a_while_silences_nobody_for_long(world: World) -> None:
    right = world.clock.now()
    world.clock.set(right + timedelta(days=30))
    world.submit("While the clock was wrong.")
    world.clock.set(right)
    for number in range(4):
        world.submit(f"Post {number}.")
    world.fast_forward(hours=1, seconds=10)
    assert len(world.slack.cards()) == 5
