"""The state machine: every status × action × kind of actor has an outcome or a typed refusal."""

from datetime import timedelta
from itertools import product
from pathlib import Path

import pytest

from config.organisation_file import load_workflow
from models.actors import Actor, Grant, system
from models.content import Content, Variant
from models.errors import Refusal
from models.escalation import Rung
from models.guards import REFUSALS
from models.machine import REVIEW, TRANSITIONS, decide
from models.quorum import Voice
from models.state import Action, Decision, Draft, Outcome, PostState, Timer
from models.statuses import FINAL, ActionName, Status
from tests.world import MONDAY
from web.errors import STATUS

WORKFLOW = load_workflow(Path("config/workflow.yaml"))
STAGES = [stage.status for stage in WORKFLOW.stages]
CONTENT = Content("acme", (Variant("x", "Hello."),))
AUTHOR, EDITOR, LAWYER, HEAD, SPOKESPERSON = 1, 2, 3, 4, 5

ACTORS = {
    "author": Actor(AUTHOR, "Ana", grants=(Grant("author", "acme"), Grant("legal", "acme"))),
    "last editor": Actor(EDITOR, "Ben", grants=(Grant("author", "acme"), Grant("head_of_legal", "acme"))),
    "lawyer": Actor(LAWYER, "Lee", grants=(Grant("legal", "acme"),)),
    "head of legal": Actor(HEAD, "Hugo", grants=(Grant("head_of_legal", "acme"),)),
    "spokesperson": Actor(SPOKESPERSON, "Cora", grants=(Grant("spokesperson", "acme"), Grant("crisis_lead", "acme"))),
    "administrator": Actor(6, "Ada", grants=(Grant("admin"),)),
    "lawyer of another brand": Actor(7, "Gus", grants=(Grant("legal", "globex"),)),
    "stranger": Actor(8, "Eve"),
    "deactivated lawyer": Actor(9, "Lin", active=False, grants=(Grant("legal", "acme"),)),
    "delegate": Actor(10, "Dee", grants=(Grant("legal", "acme", on_behalf_of=LAWYER),)),
    "delegate of the author": Actor(11, "Del", grants=(Grant("legal", "acme", on_behalf_of=AUTHOR),)),
    "system": system("test"),
}
MAY_DECIDE = {"lawyer", "head of legal", "spokesperson", "delegate"}


def post(status: str, **more: object) -> PostState:
    lane = "crisis" if status == "crisis_review" else "standard"
    facts = {
        "id": 1, "brand": "acme", "region": "GB", "lane": lane, "channels": frozenset({"x"}), "status": status,
        "version": 5, "revision": 1, "content_revision": 1, "digest": CONTENT.digest, "author": AUTHOR,
        "last_editor": EDITOR, "scheduled_for": MONDAY + timedelta(hours=1),
        "members": (Voice(LAWYER, LAWYER, frozenset({"legal"})), Voice(HEAD, HEAD, frozenset({"head_of_legal"})),
                    Voice(SPOKESPERSON, SPOKESPERSON, frozenset({"spokesperson"}))),
        "timer": Timer(status, MONDAY, (), 0, MONDAY), "last_resort": 6, "recomputed": CONTENT.digest,
        "categories": frozenset({"executive"}) if status == "executive_review" else frozenset(),
    }  # fmt: skip
    return PostState(**{**facts, **more})  # type: ignore[arg-type]


def action(name: ActionName) -> Action:
    return Action(
        name, reason="Because.", revision=1, draft=Draft(Content("acme", (Variant("x", "Other."),))), rung=0,
        settled="published", detail={"role": "head_of_legal"}, retry_at=MONDAY, policy_digest="p",
        scheduled_for=MONDAY + timedelta(hours=2),
    )  # fmt: skip


@pytest.mark.parametrize("status", [*Status, *STAGES])
def test_every_status_action_and_actor_has_an_answer(status: str) -> None:
    for name, (kind, actor) in product(ActionName, ACTORS.items()):
        answer = decide(post(status), action(name), actor, WORKFLOW, MONDAY)
        if isinstance(answer, Refusal):
            assert answer.code in REFUSALS, (name, kind)
            assert answer.message.endswith((".", "?")), answer.message
        else:
            _fits_the_table(status, name, kind, answer)


def _fits_the_table(status: str, name: ActionName, kind: str, outcome: Outcome) -> None:
    row = TRANSITIONS[name]
    assert (REVIEW if status in STAGES else status) in row.sources
    if outcome.moves:
        assert (REVIEW if outcome.target in STAGES else outcome.target) in row.targets, (status, name, outcome.target)
    assert status not in FINAL
    if outcome.decision:
        assert kind in MAY_DECIDE, (status, name, kind)
    if kind in ("stranger", "deactivated lawyer", "lawyer of another brand"):
        raise AssertionError(f"{kind} could {name} at {status}")


@pytest.mark.parametrize("name", ["approve", "request_changes", "reject"])
@pytest.mark.parametrize("kind", ACTORS)
def test_who_may_decide_in_legal_review(name: str, kind: str) -> None:
    answer = decide(post("legal_review"), action(ActionName(name)), ACTORS[kind], WORKFLOW, MONDAY)
    assert isinstance(answer, Outcome) == (kind in {"lawyer", "head of legal", "delegate"})


def test_no_timer_and_no_program_approves() -> None:
    for status, name in product([*Status, *STAGES], ("approve", "request_changes", "reject", "submit", "edit")):
        answer = decide(post(status), action(ActionName(name)), ACTORS["system"], WORKFLOW, MONDAY)
        assert isinstance(answer, Refusal)


def test_nobody_but_the_system_does_what_is_the_systems() -> None:
    systems = [name for name, row in TRANSITIONS.items() if row.who.__name__ == "system_only"]
    assert len(systems) == 11
    for name, status, kind in product(systems, [*Status, *STAGES], set(ACTORS) - {"system"}):
        answer = decide(post(status), action(name), ACTORS[kind], WORKFLOW, MONDAY)
        assert isinstance(answer, Refusal)


def test_the_publisher_refuses_when_the_bytes_or_the_approvals_differ() -> None:
    approved = Decision(
        LAWYER, "Lee", LAWYER, "legal_review", "approve", frozenset({"legal"}), 1, CONTENT.digest, MONDAY
    )
    ready = {"scheduled_for": MONDAY, "decisions": (approved,)}
    claim = Action(ActionName.CLAIM_PUBLISH)
    assert isinstance(decide(post("scheduled", **ready), claim, ACTORS["system"], WORKFLOW, MONDAY), Outcome)
    for broken, code in (
        ({"recomputed": "0"}, "content_changed"),
        ({"recomputed": None}, "content_changed"),
        ({"decisions": ()}, "not_approved"),
        ({"author": LAWYER}, "not_approved"),
        ({"last_editor": LAWYER}, "not_approved"),
        ({"categories": frozenset({"executive"})}, "not_approved"),
        ({"scheduled_for": MONDAY + timedelta(seconds=1)}, "not_due"),
        ({"scheduled_for": None}, "not_due"),
    ):
        answer = decide(post("scheduled", **{**ready, **broken}), claim, ACTORS["system"], WORKFLOW, MONDAY)
        assert isinstance(answer, Refusal)
        assert answer.code == code


def test_a_finding_adds_a_stage_and_its_approval_is_needed_too() -> None:
    executive = frozenset({"executive"})
    in_legal = post("legal_review", categories=executive)
    answer = decide(in_legal, action(ActionName.APPROVE), ACTORS["lawyer"], WORKFLOW, MONDAY)
    assert isinstance(answer, Outcome)
    assert answer.target == "executive_review"


def test_a_rung_that_is_not_due_is_not_fired() -> None:
    early = post("legal_review", timer=Timer("legal_review", MONDAY, (), 0, MONDAY + timedelta(seconds=1)))
    other = post("legal_review", timer=Timer("legal_review", MONDAY, (0,), 1, MONDAY))
    for state in (early, other, post("legal_review", timer=None)):
        answer = decide(state, action(ActionName.REMIND), ACTORS["system"], WORKFLOW, MONDAY)
        assert isinstance(answer, Refusal)


def test_every_refusal_has_an_http_status() -> None:
    assert set(REFUSALS) <= set(STATUS)
    assert str(Rung(do="page", after=timedelta(hours=1))) == "page the person of last resort"
