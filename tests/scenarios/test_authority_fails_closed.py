"""P6: a decision counts only from an active person with the role, who is neither author nor last editor; once each."""

from datetime import timedelta

import pytest

from config.organisation_file import RoleEntry
from models.errors import BadInput, NotFound, Refused
from tests.world import World
from workflows import actions, organisation


@pytest.mark.parametrize(
    ("who", "code"),
    [("ana", "own_post"), ("ben", "not_authorised"), ("cora", "not_authorised"), ("ada", "not_authorised")],
)
def test_whoever_may_not_decide_is_told_why(world: World, who: str, code: str) -> None:
    post = world.submit()
    for act in (world.approve, world.reject, world.request_changes):
        assert world.refusal(act, post, by=who) == code
    assert world.status(post) == "legal_review"


def test_a_lawyer_of_another_brand_does_not_even_see_the_post(world: World) -> None:
    post = world.submit()
    with pytest.raises(NotFound):
        world.approve(post, by="gus")


def test_a_deactivated_approver_is_refused_everywhere_at_once(world: World) -> None:
    post = world.submit()
    mail, api, browser = world.mailbox.expect("lee", "decision"), world.api("lee"), world.browser("lee")
    browser.get(f"/posts/{post}")
    world.deactivate("lee")
    assert world.refusal(world.approve, post) == "deactivated"
    assert api.post(f"/posts/{post}/actions/approve", json={"revision": 1}).status_code == 401
    assert world.http.get(world.mailbox.link(mail)).status_code == 410
    assert "Sign in" in browser.post(f"/posts/{post}/approve", {"revision": "1"}).text
    world.slack.press("approve", by="lee")
    world.work()
    assert world.status(post) == "legal_review"
    assert any("deactivated" in line for line in world.slack.whispers("lee"))


def test_the_last_editor_cannot_approve_what_they_edited(world: World) -> None:
    organisation.import_people(world.office, [_person(world, "lee", "legal", "author")])
    post = world.submit()
    world.edit(post, by="lee", text="Edited by a lawyer.")
    world.act(actions.submit, post, "lee")
    world.work()
    assert world.refusal(world.approve, post, by="lee") == "own_post"
    world.approve(post, by="lin")
    assert world.status(post) == "approved"


def test_an_editor_of_the_context_alone_keeps_their_vote_and_the_approvals(world: World) -> None:
    organisation.import_people(world.office, [_person(world, "lee", "legal", "author")])
    post = world.submit(at=world.clock.now() + timedelta(hours=1))
    world.edit(post, by="lee", context="Checked with the press office.")
    assert world.status(post) == "legal_review"
    world.approve(post, by="lee")
    assert world.status(post) == "scheduled"


def test_nobody_counts_twice_where_two_are_needed(world: World) -> None:
    post = world.submit(lane="crisis")
    organisation.import_people(world.office, [_person(world, "lee", "legal", "spokesperson")])
    world.approve(post, by="lee")
    assert world.status(post) == "crisis_review"
    assert world.refusal(world.approve, post, by="lee") == "voted_already"


def test_a_delegate_decides_on_behalf_and_it_says_so(world: World) -> None:
    now = world.clock.now()
    lent = RoleEntry(role="legal", brand="acme")
    organisation.delegate(world.office, "lee@acme.example", "ben@acme.example", lent, (now, now + timedelta(days=2)))
    post = world.submit()
    world.approve(post, by="ben")
    assert world.post(post)["decisions"][0]["on_behalf_of"] == "Lee Lindqvist"


def test_a_delegation_that_is_over_gives_no_right(world: World) -> None:
    now = world.clock.now()
    lent = RoleEntry(role="legal", brand="acme")
    organisation.delegate(world.office, "lee@acme.example", "ben@acme.example", lent, (now, now + timedelta(hours=1)))
    post = world.submit()
    world.clock.set(now + timedelta(hours=1))
    assert world.refusal(world.approve, post, by="ben") == "not_authorised"


def test_the_author_cannot_approve_as_somebodys_delegate(world: World) -> None:
    now = world.clock.now()
    lent = RoleEntry(role="legal", brand="acme")
    organisation.delegate(world.office, "lee@acme.example", "ana@acme.example", lent, (now, now + timedelta(days=2)))
    post = world.submit()
    assert world.refusal(world.approve, post, by="ana") == "own_post"


def test_an_empty_approver_set_means_nobody_and_submission_says_who_is_missing(world: World) -> None:
    for name in ("lee", "lin", "hugo"):
        world.deactivate(name)
    post = world.draft()
    with pytest.raises(Refused, match="legal") as refused:
        world.act(actions.submit, post, "ana")
    assert refused.value.code == "nobody_can_approve"
    assert world.status(post) == "draft"


def test_who_may_not_write_for_a_brand_is_refused(world: World) -> None:
    assert world.refusal(world.draft, by="lee") == "not_authorised"
    with pytest.raises(BadInput, match="There is no brand “globex”"):
        world.draft(brand="globex", by="ana")


def _person(world: World, name: str, *roles: str) -> organisation.PersonEntry:
    return organisation.PersonEntry(
        email=f"{name}@acme.example",
        name="Lee Lindqvist",
        slack_id=f"U0{name.upper()}",
        roles=tuple(RoleEntry(role=role, brand="acme") for role in roles),
    )
