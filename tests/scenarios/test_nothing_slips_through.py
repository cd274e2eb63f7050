"""Ways around a review that were tried once and must stay closed."""

import threading
from datetime import timedelta

import pytest

from config.organisation_file import PersonEntry, RoleEntry
from models.errors import BadInput
from tests.world import World
from workflows import actions, organisation, publication, sealing

CEO = "Our CEO will speak at noon."


def test_a_second_submission_cannot_skip_the_review_that_a_finding_asked_for(world: World) -> None:
    post = world.submit(CEO)
    world.approve(post, by="lee")
    assert world.status(post) == "executive_review"
    world.request_changes(post, by="hugo", reason="When exactly?")
    world.edit(post, context="At noon, in Leeds.")
    world.act(actions.submit, post, "ana")
    world.work()
    assert world.status(post) == "executive_review"
    world.approve(post, by="hugo")
    assert world.status(post) == "approved"


def test_a_finding_that_nobody_could_review_sends_the_post_back_and_says_so(world: World) -> None:
    post = world.submit(CEO, by="ben", brand="globex")
    assert world.status(post) == "draft"
    assert "head_of_legal" in world.post(post)["history"][-1]["reason"]
    world.mailbox.expect("ben", "policy check sent your post back")


def test_an_approval_does_not_come_back_to_life_with_the_old_words(world: World) -> None:
    post = world.submit("Words A.")
    world.approve(post)
    world.edit(post, text="Words B.")
    world.edit(post, text="Words A.")
    world.act(actions.submit, post, "ana")
    world.work()
    assert world.status(post) == "legal_review"
    world.approve(post, by="lee")
    assert world.status(post) == "approved"


def test_a_changed_consent_is_checked_and_reviewed_again(world: World) -> None:
    post = world.submit("Congratulations to Jo!", consent="Jo agreed on 2 November")
    assert world.post(post)["findings"] == []
    world.approve(post)
    world.edit(post, consent="")
    assert world.status(post) == "draft"
    world.act(actions.submit, post, "ana")
    world.work()
    assert world.post(post)["findings"][0]["rule"] == "consent-for-people"
    assert world.status(post) == "legal_review"


def test_an_author_who_is_also_the_last_resort_stops_no_other_publication(world: World) -> None:
    ada = PersonEntry(email="ada@acme.example", name="Ada", roles=(RoleEntry(role="author", brand="acme"),))
    organisation.import_people(world.office, [ada])
    at = world.clock.now() + timedelta(hours=1)
    lost, fine = world.submit(by="ada", at=at), world.submit("Fine.", at=at)
    world.approve(lost)
    world.approve(fine)
    world.clock.set(at)
    assert publication.claim(world.office, lost)
    world.fast_forward(minutes=5)
    assert (world.status(lost), world.status(fine)) == ("publish_unknown", "published")
    assert len([title for title in world.mailbox.titles("ada") if "unknown" in title]) == 1


def test_two_changes_at_once_both_stay(world: World) -> None:
    for _ in range(8):
        post, barrier = world.draft(), threading.Barrier(2)

        def change(post: int = post, barrier: threading.Barrier = barrier, **writing: str) -> None:
            barrier.wait()
            world.edit(post, **writing)

        threads = [
            threading.Thread(target=change, kwargs={"text": "New text."}),
            threading.Thread(target=change, kwargs={"link": "https://acme.example/new"}),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (world.post(post)["text"], world.post(post)["link"]) == ("New text.", "https://acme.example/new")


def test_two_sealers_never_fork_the_checkpoints(world: World) -> None:
    for _ in range(6):
        world.draft()
        threads = [threading.Thread(target=sealing.seal_heads, args=(world.office,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sealing.verify(world.office) == []
    assert len(world.rows("checkpoint")) >= 6


def test_what_was_written_is_never_thrown_away_for_want_of_a_channel(sqlite_world: World) -> None:
    with pytest.raises(BadInput, match="at least one channel"):
        sqlite_world.draft(channels=())
    post = sqlite_world.draft()
    with pytest.raises(BadInput, match="at least one channel"):
        sqlite_world.edit(post, channels=())
    assert sqlite_world.post(post)["text"] == "Our spring range is here."


def test_where_only_somebody_standing_in_is_left_they_are_asked(world: World) -> None:
    world.deactivate("lee")
    world.deactivate("lin")
    post = world.submit()
    world.mailbox.expect("hugo", "your decision is needed")
    assert world.post(post)["waiting_for"] == ["Hugo Hale"]


def test_a_reminder_goes_only_to_those_whose_voice_is_missing(world: World) -> None:
    post = world.submit(lane="crisis")
    world.approve(post, by="lin")
    world.fast_forward(minutes=5)
    assert not [title for title in world.mailbox.titles("lee") if "Reminder" in title]
    world.mailbox.expect("cora", "Reminder")


def test_a_last_resort_who_left_is_replaced_by_an_administrator(world: World) -> None:
    zoe = PersonEntry(email="zoe@acme.example", name="Zoe", roles=(RoleEntry(role="admin"),))
    organisation.import_people(world.office, [zoe])
    world.deactivate("ada")
    world.submit()
    world.fast_forward(hours=8)
    world.mailbox.expect("zoe", "you are the person of last resort")


def test_a_person_who_comes_back_gets_neither_old_sessions_nor_old_tokens(sqlite_world: World) -> None:
    browser, api = sqlite_world.browser("lee"), sqlite_world.api("lee")
    sqlite_world.deactivate("lee")
    organisation.set_active(sqlite_world.office, "lee@acme.example", active=True, reason="back")
    assert "Send me a link" in browser.get("/").text
    assert api.get("/posts").status_code == 401


def test_thirty_codes_guessed_at_once_are_five_guesses(sqlite_world: World) -> None:
    post = sqlite_world.submit()
    mail = sqlite_world.mailbox.expect("lee", "decision")
    link, code = sqlite_world.mailbox.link(mail), int(sqlite_world.mailbox.code(mail))
    answers: list[int] = []

    def guess(number: int) -> None:
        typed = f"{(code + number) % 1_000_000:06d}"
        answers.append(sqlite_world.http.post(link, data={"action": "approve", "code": typed}).status_code)

    threads = [threading.Thread(target=guess, args=(number,)) for number in range(1, 31)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(row.tries for row in sqlite_world.rows("decision_link")) == 5
    assert sqlite_world.http.post(link, data={"action": "approve", "code": f"{code:06d}"}).status_code == 410
    assert sqlite_world.status(post) == "legal_review"
