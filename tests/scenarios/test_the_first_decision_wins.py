"""P5: the first decision wins; whoever comes second is told who decided, and every surface shows the same."""

import threading
from collections.abc import Callable

import pytest

from models.errors import Refused
from tests.world import World


def test_the_second_approver_learns_who_decided_and_when(world: World) -> None:
    post = world.submit()
    world.approve(post, by="lee")
    with pytest.raises(Refused, match="Lee Lindqvist approved this post on 2026-11-23 at 09:00 UTC") as refused:
        world.reject(post, by="lin")
    assert refused.value.code == "already_decided"
    assert world.status(post) == "approved"


def test_approve_and_reject_at_the_same_instant_record_one_and_tell_the_other(world: World) -> None:
    for _ in range(5):
        post = world.submit()
        answers = _together(lambda p=post: world.approve(p, by="lee"), lambda p=post: world.reject(p, by="lin"))
        assert sorted(answers) == ["already_decided", "done"]
        assert len(world.post(post)["decisions"]) == 1
        assert world.status(post) in ("approved", "rejected")


def test_fifty_simultaneous_decisions_over_every_surface_leave_one(world: World) -> None:
    post = world.submit()
    mail = world.mailbox.expect("lin", "decision")
    path, code = world.mailbox.link(mail), world.mailbox.code(mail)
    card, api, browser = world.slack.card(), world.api("lin"), world.browser("lee")
    browser.get(f"/posts/{post}")
    presses: list[Callable[[], object]] = [
        lambda: world.slack.press("approve", by="lee", message=card),
        lambda: api.post(f"/posts/{post}/actions/approve", json={"revision": 1}),
        lambda: world.http.post(path, data={"action": "approve", "code": code}),
        lambda: browser.client.post(f"/posts/{post}/approve", data={"csrf": browser.csrf, "revision": "1"}),
        lambda: world.slack.press("approve", by="hugo", message=card),
    ]
    answers = _together(*(presses * 10))
    assert len(answers) == 50
    assert len(world.post(post)["decisions"]) == 1
    world.work()
    decider = world.post(post)["decisions"][0]["person"]
    assert decider in world.slack.text(world.slack.card())
    assert decider in browser.get(f"/posts/{post}").text
    assert "approve" not in world.slack.buttons(world.slack.card())


def _together(*calls: Callable[[], object]) -> list[str]:
    """Runs all calls at the same instant; `done`, the refusal's code, or the HTTP status of each."""
    barrier, answers = threading.Barrier(len(calls)), []

    def run(call: Callable[[], object]) -> None:
        barrier.wait()
        try:
            answer = call()
        except Refused as refused:
            answers.append(refused.code)
            return
        status = getattr(answer, "status_code", None)
        assert status is None or status < 500, answer
        answers.append("done" if status is None else str(status))

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers
