"""P2, P7: every way to change or time a post goes through the same two actions, at every status."""

from datetime import timedelta

import pytest

from models.errors import BadInput
from models.statuses import Surface
from models.writing import Writing
from tests.scenarios.test_what_was_approved_goes_out import picture
from tests.world import World
from workflows import actions, judging


def at_status(world: World, status: str) -> int:
    """A post that stands at a status."""
    later = world.clock.now() + timedelta(days=1)
    post = world.draft()
    if status == "draft":
        return post
    world.act(actions.submit, post, "ana")
    if status == "policy_check":
        return post
    judging.judge(world.office, post)
    if status == "rejected":
        world.reject(post)
    elif status == "withdrawn":
        world.act(actions.withdraw, post, "ana")
    elif status != "legal_review":
        world.approve(post)
    if status == "scheduled":
        world.act(actions.schedule, post, "ana", later)
    if status == "published":
        world.act(actions.schedule, post, "ana", None, immediately=True)
        world.work()
    assert world.status(post) == status
    return post


@pytest.mark.parametrize("status", ["draft", "policy_check", "legal_review", "rejected", "withdrawn", "published"])
def test_what_is_not_approved_can_be_timed_by_nobody(world: World, status: str) -> None:
    post = at_status(world, status)
    for who in ("ana", "ben", "cora", "ada"):
        code = world.refusal(world.act, actions.schedule, post, who, world.clock.now() + timedelta(hours=1))
        assert code in ("wrong_status", "final")
    assert world.status(post) == status


@pytest.mark.parametrize("status", ["policy_check", "legal_review", "approved", "scheduled"])
@pytest.mark.parametrize("way", ["form", "variant", "api", "link", "media"])
def test_a_change_of_content_takes_every_open_post_back_to_draft(world: World, status: str, way: str) -> None:
    post = at_status(world, status)
    if way == "form":
        browser = world.browser("ana")
        browser.get(f"/posts/{post}/edit")
        browser.post(f"/posts/{post}/edit", {"channels": "x", "text": "Something else.", "revision": "1"})
    elif way == "variant":
        world.edit(post, variants={"x": "Something else."})
    elif way == "api":
        assert world.api("ana").patch(f"/posts/{post}", json={"text": "Something else."}).status_code == 200
    elif way == "media":
        sha256 = actions.keep_image(world.office, world.ids["ana"], picture(), "lorry.png")
        world.edit(post, media=((sha256, "A red lorry"),))
    else:
        world.edit(post, link="https://acme.example/new")
    assert world.status(post) == "draft"
    assert world.revision(post) == 2


@pytest.mark.parametrize("status", ["rejected", "withdrawn", "published"])
def test_a_post_that_ended_cannot_be_edited_but_duplicated(world: World, status: str) -> None:
    post = at_status(world, status)
    assert world.refusal(world.edit, post, text="Something else.") == "final"
    twin = world.act(actions.duplicate, post, "ana")
    assert world.status(twin) == "draft"
    assert world.post(twin)["digest"] == world.post(post)["digest"]
    assert world.post(twin)["decisions"] == []


@pytest.mark.parametrize("status", ["draft", "legal_review", "approved", "scheduled"])
def test_a_save_that_changes_nothing_changes_nothing(world: World, status: str) -> None:
    post = at_status(world, status)
    before = world.post(post)
    world.edit(post, text="Our spring range is here.", channels=("x",), context="")
    assert world.post(post) == before


def test_a_new_time_keeps_the_approvals_and_moves_the_publication(world: World) -> None:
    post = at_status(world, "scheduled")
    world.edit(post, scheduled_for=world.clock.now() + timedelta(hours=2), timed=True)
    assert world.status(post) == "scheduled"
    assert world.actions_of(post)[-1] == "schedule"
    world.fast_forward(hours=3)
    assert world.status(post) == "published"


def test_a_time_taken_away_leaves_the_post_approved(world: World) -> None:
    post = at_status(world, "scheduled")
    world.edit(post, scheduled_for=None, timed=True)
    assert world.status(post) == "approved"
    world.fast_forward(days=3)
    assert world.published() == []


def test_a_wished_time_under_review_moves_the_expiry_with_it(world: World) -> None:
    post = world.submit(at=world.clock.now() + timedelta(hours=1))
    world.edit(post, scheduled_for=world.clock.now() + timedelta(hours=30), timed=True)
    world.fast_forward(hours=3)
    assert world.status(post) == "legal_review"


def test_past_and_far_future_times_are_refused(world: World) -> None:
    post = at_status(world, "approved")
    assert world.refusal(world.act, actions.schedule, post, "ana", world.clock.now()) == "time_past"
    far = world.clock.now() + timedelta(days=800)
    assert world.refusal(world.act, actions.schedule, post, "ana", far) == "time_far"
    with pytest.raises(BadInput, match="past"):
        world.draft(at=world.clock.now() - timedelta(minutes=1))


def test_the_same_revision_is_not_submitted_again_after_a_request_for_changes(world: World) -> None:
    post = at_status(world, "legal_review")
    world.request_changes(post)
    assert world.refusal(world.act, actions.submit, post, "ana") == "changes_unanswered"
    world.edit(post, context="The figure is public, see the report.")
    world.act(actions.submit, post, "ana")
    world.work()
    world.approve(post)
    assert world.status(post) == "approved"


def test_two_edits_at_once_keep_the_first_and_tell_the_second(world: World) -> None:
    post = at_status(world, "draft")
    for text, who in (("First.", "ana"), ("Second.", "ben")):
        change = (world.office, post, world.ids[who], Surface.WEB, Writing(text=text), 1)
        if who == "ana":
            actions.change(*change)
        else:
            assert world.refusal(actions.change, *change) == "stale_revision"
    assert world.post(post)["text"] == "First."
