"""The checker itself: it passes a sound installation, and finds each bug that is planted."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from models import guards
from tests.faults.checker import Acknowledged, gather, judge
from tests.world import World


def verdict(world: World, *acknowledged: Acknowledged, kills: int = 0) -> list[str]:
    return judge(gather(world.office, world.store, kills, list(acknowledged)))


@pytest.fixture
def busy(sqlite_world: World) -> World:
    """Posts in every state that a day brings."""
    world = sqlite_world
    at = world.clock.now() + timedelta(hours=1)
    published = world.submit("This goes out.", at=at)
    world.approve(published)
    world.approve(world.submit("This waits for a time."))
    world.reject(world.submit("This is rejected."))
    world.request_changes(world.submit("This needs changes."))
    world.submit("Only an idiot would buy elsewhere.")
    world.submit("This is silent.")
    world.submit("Help is on the way.", lane="crisis")
    world.fast_forward(hours=5)
    world.seal()
    return world


def test_a_sound_installation_passes(busy: World) -> None:
    assert verdict(busy) == []
    assert {"published", "approved", "rejected", "draft", "legal_review"} <= {row.status for row in busy.rows("post")}


def test_a_guard_that_was_removed_is_found(sqlite_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world = sqlite_world
    post = world.submit(at=world.clock.now() + timedelta(hours=1))
    world.approve(post)
    _remove_guards(monkeypatch)
    world.tamper("UPDATE variant SET text = 'Nobody approved this.'")
    with pytest.raises(AssertionError, match="never done"):  # the second line of defence refuses the claim for ever
        world.fast_forward(hours=2)
    monkeypatch.setattr("workflows.publication.facts.content", _content_with_the_approved_digest)
    world.work()
    assert any(sentence.startswith("P1 post 1: the bytes") for sentence in verdict(world))


def _remove_guards(monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from models.machine import TRANSITIONS
    from models.statuses import ActionName as A

    row = TRANSITIONS[A.CLAIM_PUBLISH]
    kept = tuple(check for check in row.checks if check is guards.publication_due)
    monkeypatch.setitem(TRANSITIONS, A.CLAIM_PUBLISH, replace(row, checks=kept))


def _content_with_the_approved_digest(connection: object, post: int, brand: str, revision: int) -> object:
    from models.content import Content
    from workflows import facts

    class Liar(Content):
        @property
        def digest(self) -> str:
            return facts.post_row(connection, post).digest  # type: ignore[arg-type, no-any-return]

    rows = facts._VARIANTS.rows(connection, {"post": post, "revision": revision})  # type: ignore[arg-type]
    from models.content import Variant

    return Liar(brand, tuple(Variant(row.channel, row.text) for row in rows))


PLANTED: dict[str, tuple[Callable[[World], object], str]] = {
    "an outbox row is dropped": (
        lambda w: w.tamper("DELETE FROM outbox WHERE kind = 'review_requested' AND post_id = 1"),
        "P3 post 1: pass_policy at version 3 wrote no review_requested",
    ),
    "a message is never sent": (
        lambda w: w.tamper("UPDATE outbox SET sent_at = NULL, ended_at = NULL WHERE id = 1"),
        "P4 message 1",
    ),
    "a message is marked as sent and was not": (
        lambda w: [w.store.remove(card["id"]) for card in w.slack.cards()],
        "Slack never got it",
    ),
    "a message is sent twice": (
        lambda w: w.store.add("slack", w.slack.cards()[0], "acme-approvals"),
        "P4 1 messages came again",
    ),
    "a post is published twice": (
        lambda w: w.store.add("handover", {"key": w.store.all("handover")[0]["key"]}),
        "handed over 2 times",
    ),
    "a status without its record": (
        lambda w: w.tamper("UPDATE post SET status = 'approved', version = version + 1 WHERE id = 3"),
        "P3 post 3 is approved at version",
    ),
    "a record without its state": (
        lambda w: w.tamper("UPDATE post SET status = 'legal_review', version = version - 1 WHERE id = 3"),
        "P3 post 3 is legal_review",
    ),
    "a decision is lost": (
        lambda w: w.tamper("DELETE FROM decision WHERE post_id = 3"),
        "P3 post 3: decisions on record",
    ),
    "a decision counts twice": (
        lambda w: w.tamper(
            "INSERT INTO decision (post_id, revision, digest, stage, person_id, holder_id, roles, verdict, reason, "
            "surface, policy_digest, decided_at) SELECT post_id, revision + 7, digest, stage, person_id, holder_id, "
            "roles, verdict, reason, surface, policy_digest, decided_at FROM decision WHERE post_id = 3"
        ),
        "P3 post 3: decisions on record",
    ),
    "a timer is lost": (lambda w: w.tamper("DELETE FROM timer WHERE post_id = 6"), "its timer is there: False"),
    "a handover is never ended": (
        lambda w: w.tamper("UPDATE publication SET ended_at = NULL WHERE post_id = 1"),
        "P3 post 1 is published with 1 open handovers",
    ),
    "a post is published and nobody got it": (
        lambda w: [w.store.remove(item["id"]) for item in w.store.all("published")],
        "the receiver never got it",
    ),
    "an approval is taken away afterwards": (
        lambda w: w.tamper("UPDATE decision SET digest = 'other' WHERE post_id = 1"),
        "P1 post 1 went out, and legal_review lacked legal",
    ),
    "the log is cut": (
        lambda w: (w.tamper("DROP TRIGGER audit_record_no_delete"),
                   w.tamper("DELETE FROM audit_record WHERE chain = 'post/3' AND seq = 4")),
        "P10 post/3 record 4",
    ),
    "a post hangs in the policy check": (
        lambda w: w.tamper("UPDATE post SET status = 'policy_check' WHERE id = 4"),
        "P4 post 4 is stuck in policy_check",
    ),
}  # fmt: skip


@pytest.mark.parametrize("bug", PLANTED, ids=lambda name: name.replace(" ", "-"))
def test_a_planted_bug_is_found(busy: World, bug: str) -> None:
    plant, sentence = PLANTED[bug]
    plant(busy)
    found = verdict(busy)
    assert any(sentence in line for line in found), found


def test_a_decision_that_was_acknowledged_and_is_not_there_is_found(busy: World) -> None:
    lost = Acknowledged("approve", 6, busy.ids["lee"])
    assert verdict(busy, lost) == [f"P3 person {lost.person} was told that approve of post 6 is done, and it is not"]


def test_as_many_repetitions_as_kills_are_forgiven(busy: World) -> None:
    busy.store.add("slack", busy.slack.cards()[0], "acme-approvals")
    assert verdict(busy, kills=1) == []
