"""Decision links: a GET shows and decides nothing; a POST needs the session or the printed code."""

import pytest

from tests.world import World
from workflows import actions


@pytest.fixture
def invited(sqlite_world: World) -> tuple[World, int, str, str]:
    """A submitted post, with Lee's link and code."""
    post = sqlite_world.submit()
    mail = sqlite_world.mailbox.expect("lee", "your decision is needed")
    return sqlite_world, post, sqlite_world.mailbox.link(mail), sqlite_world.mailbox.code(mail)


def test_opening_the_link_shows_the_post_and_decides_nothing(invited: tuple[World, int, str, str]) -> None:
    world, post, link, _ = invited
    for _ in range(3):
        assert "Our spring range is here." in world.http.get(link).text
        assert world.http.head(link).status_code == 200
    assert world.post(post)["decisions"] == []


@pytest.mark.parametrize("action", ["approve", "request_changes", "reject"])
def test_a_scanner_that_presses_every_button_decides_nothing(invited: tuple[World, int, str, str], action: str) -> None:
    world, post, link, _ = invited
    answer = world.http.post(link, data={"action": action, "code": "", "reason": "x"})
    assert answer.status_code == 422
    assert "Type the code" in answer.text
    assert world.post(post)["decisions"] == []


def test_the_printed_code_decides_by_mail(invited: tuple[World, int, str, str]) -> None:
    world, post, link, code = invited
    assert "You approved post" in world.http.post(link, data={"action": "approve", "code": code}).text
    assert world.post(post)["decisions"][0]["surface"] == "mail"
    assert world.post(post)["decisions"][0]["person"] == "Lee Lindqvist"


def test_the_signed_in_approver_needs_no_code(invited: tuple[World, int, str, str]) -> None:
    world, post, link, _ = invited
    lee = world.browser("lee")
    assert "The code from your mail" not in lee.get(link).text
    lee.post(link, {"action": "approve"})
    assert world.status(post) == "approved"


def test_somebody_elses_session_does_not_use_the_link(invited: tuple[World, int, str, str]) -> None:
    world, post, link, _ = invited
    ana = world.browser("ana")
    assert "The code from your mail" in ana.get(link).text
    ana.post(link, {"action": "approve"})
    assert world.status(post) == "legal_review"


def test_a_reason_is_needed_and_what_was_typed_stays(invited: tuple[World, int, str, str]) -> None:
    world, post, link, code = invited
    answer = world.http.post(link, data={"action": "reject", "code": code, "reason": "  "})
    assert answer.status_code == 422
    answer = world.http.post(link, data={"action": "reject", "code": "000000x", "reason": "Too loud."})
    assert "Too loud." in answer.text
    assert world.status(post) == "legal_review"


def test_five_wrong_codes_end_the_link(invited: tuple[World, int, str, str]) -> None:
    world, post, link, code = invited
    wrong = [f"{(int(code) + number) % 1_000_000:06d}" for number in range(1, 6)]
    answers = [world.http.post(link, data={"action": "approve", "code": typed}).status_code for typed in wrong]
    assert answers == [422, 422, 422, 422, 410]
    assert world.http.post(link, data={"action": "approve", "code": code}).status_code == 410
    assert world.status(post) == "legal_review"


def test_the_link_is_dead_after_a_decision(invited: tuple[World, int, str, str]) -> None:
    world, post, link, code = invited
    world.approve(post, by="lin")
    assert world.http.get(link).status_code == 410
    assert world.http.post(link, data={"action": "reject", "code": code, "reason": "x"}).status_code == 410


def test_the_link_is_dead_after_an_edit_even_when_it_is_in_review_again(
    invited: tuple[World, int, str, str],
) -> None:
    world, post, link, code = invited
    world.edit(post, text="Other words.")
    world.act(actions.submit, post, "ana")
    world.work()
    assert world.http.get(link).status_code == 410
    assert world.http.post(link, data={"action": "approve", "code": code}).status_code == 410


@pytest.mark.parametrize("token", ["x", "1.abc", "MQ.forged-signature", "a" * 5_000, "%00", "..%2f..", "😀"])
def test_a_made_up_token_is_refused(sqlite_world: World, token: str) -> None:
    assert sqlite_world.http.get(f"/d/{token}").status_code in (404, 410)


def test_the_code_of_another_person_does_not_open_the_link(invited: tuple[World, int, str, str]) -> None:
    world, post, link, _ = invited
    lins = world.mailbox.code(world.mailbox.expect("lin", "your decision is needed"))
    assert world.http.post(link, data={"action": "approve", "code": lins}).status_code == 422
    assert world.status(post) == "legal_review"
