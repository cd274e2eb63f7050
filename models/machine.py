"""The state machine: one table of what may follow, and `decide()`, which reads it.

To see it drawn: `signoff workflow show`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from models import effects, guards
from models.actors import Actor
from models.case import Case
from models.errors import Refusal
from models.state import Action, Outcome, PostState
from models.statuses import ActionName as A
from models.statuses import Status as S
from models.workflow import Workflow

REVIEW = "review"  # stands in the table for every review stage of the workflow
OPEN = (S.DRAFT, S.POLICY_CHECK, REVIEW, S.APPROVED, S.SCHEDULED, S.PUBLISH_FAILED)


@dataclass(frozen=True)
class Transition:
    """One row: from any of `sources`, whoever passes `who` and every guard gets what `effect` says."""

    action: A
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    who: guards.Guard
    effect: Callable[[Case], Outcome]
    checks: tuple[guards.Guard, ...] = ()


TRANSITIONS: dict[A, Transition] = {
    row.action: row
    for row in (
        Transition(A.SUBMIT, (S.DRAFT,), (S.POLICY_CHECK,), guards.drafter, effects.submit,
                   (guards.not_stale, guards.has_content, guards.changes_answered, guards.time_still_ahead,
                    guards.enough_people)),
        Transition(A.EDIT, OPEN, (S.DRAFT,), guards.drafter, effects.edit,
                   (guards.on_newest, guards.not_only_the_time)),
        Transition(A.PASS_POLICY, (S.POLICY_CHECK,), (REVIEW,), guards.system_only, effects.pass_policy,
                   (guards.not_stale, guards.enough_people_for_findings)),
        Transition(A.BLOCK_POLICY, (S.POLICY_CHECK,), (S.DRAFT,), guards.system_only, effects.block_policy,
                   (guards.not_stale,)),
        Transition(A.APPROVE, (REVIEW,), (REVIEW, S.APPROVED), guards.approver, effects.approve,
                   (guards.revision_named, guards.not_stale, guards.first_vote)),
        Transition(A.REQUEST_CHANGES, (REVIEW,), (S.DRAFT,), guards.approver, effects.request_changes,
                   (guards.reason_given, guards.not_stale, guards.first_vote)),
        Transition(A.REJECT, (REVIEW,), (S.REJECTED,), guards.approver, effects.reject,
                   (guards.reason_given, guards.not_stale, guards.first_vote)),
        Transition(A.REMIND, (REVIEW,), (REVIEW,), guards.system_only, effects.remind, (guards.rung_is_due,)),
        Transition(A.ESCALATE, (REVIEW,), (REVIEW,), guards.system_only, effects.escalate, (guards.rung_is_due,)),
        Transition(A.PAGE, (REVIEW,), (REVIEW,), guards.system_only, effects.page, (guards.rung_is_due,)),
        Transition(A.EXPIRE, (REVIEW,), (S.DRAFT,), guards.system_only, effects.expire, (guards.rung_is_due,)),
        Transition(A.SCHEDULE, (S.APPROVED, S.SCHEDULED, S.PUBLISH_FAILED), (S.SCHEDULED,), guards.keeper,
                   effects.schedule, (guards.not_stale, guards.time_given, guards.approvals_cover)),
        Transition(A.UNSCHEDULE, (S.SCHEDULED,), (S.APPROVED,), guards.keeper, effects.unschedule,
                   (guards.not_stale,)),
        Transition(A.WITHDRAW, OPEN, (S.WITHDRAWN,), guards.keeper, effects.withdraw, (guards.not_stale,)),
        Transition(A.CLAIM_PUBLISH, (S.SCHEDULED,), (S.PUBLISHING,), guards.system_only, effects.claim_publish,
                   (guards.publication_due, guards.bytes_unchanged, guards.approvals_cover)),
        Transition(A.CONFIRM_PUBLISH, (S.PUBLISHING,), (S.PUBLISHED,), guards.system_only,
                   effects.confirm_publish),
        Transition(A.RETRY_PUBLISH, (S.PUBLISHING,), (S.SCHEDULED,), guards.system_only, effects.retry_publish),
        Transition(A.FAIL_PUBLISH, (S.SCHEDULED, S.PUBLISHING), (S.PUBLISH_FAILED,), guards.system_only,
                   effects.fail_publish),
        Transition(A.LOSE_PUBLISH, (S.PUBLISHING,), (S.PUBLISH_UNKNOWN,), guards.system_only,
                   effects.lose_publish),
        Transition(A.SETTLE_PUBLISH, (S.PUBLISH_UNKNOWN,), (S.PUBLISHED, S.PUBLISH_FAILED), guards.keeper,
                   effects.settle_publish, (guards.reason_given, guards.settlement_named)),
    )
}  # fmt: skip


def decide(post: PostState, action: Action, actor: Actor, workflow: Workflow, now: datetime) -> Outcome | Refusal:
    """What follows when `actor` asks for `action` on `post` at `now` (aware, UTC), or why nothing does."""
    row = TRANSITIONS[action.name]
    case = Case(post, action, actor, workflow, now)
    standing = REVIEW if workflow.stage(post.status) else post.status
    refusal = row.who(case)
    if refusal is None and standing not in row.sources:
        refusal = guards.wrong_status(case, row.sources)
    return refusal or _first(guard(case) for guard in row.checks) or row.effect(case)


def _first(answers: Iterable[Refusal | None]) -> Refusal | None:
    return next((answer for answer in answers if answer), None)


def allowed(post: PostState, actor: Actor, workflow: Workflow, now: datetime) -> frozenset[A]:
    """The actions whose buttons to show: those whose status and actor fit, whatever else must be filled in."""
    standing = REVIEW if workflow.stage(post.status) else post.status
    return frozenset(
        name
        for name, row in TRANSITIONS.items()
        if standing in row.sources and row.who(Case(post, Action(name), actor, workflow, now)) is None
    )
