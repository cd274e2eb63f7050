"""What each action does, once it may: the target status, the decision, the notices, the ladder.

A notice names a message kind and who hears it. Quiet by default: only people who can act, or who wait for the answer.
"""

from typing import Any

from models.asking import asked
from models.case import Case
from models.escalation import next_rung
from models.quorum import Voice, missing
from models.state import Ladder, NewDecision, Notice, Outcome
from models.statuses import ActionName, Status
from models.workflow import Stage


def _outcome(case: Case, target: str, *notices: Notice, **more: Any) -> Outcome:
    return Outcome(
        action=case.action.name,
        source=case.post.status,
        target=target,
        notices=notices,
        **{"reason": case.action.reason.strip(), "detail": case.action.detail, **more},
    )


# --- drafting and the policy check ----------------------------------------------------------------------------


def submit(case: Case) -> Outcome:
    return _outcome(case, Status.POLICY_CHECK, changes={"categories": frozenset()})


def edit(case: Case) -> Outcome:
    """New content or consent sends the post back to draft; new context or a new wished time leaves it where it is."""
    draft, post = case.action.draft, case.post
    if draft is None:
        return _outcome(case, post.status, unchanged=True)
    changes = {"scheduled_for": draft.scheduled_for} if draft.scheduled_for != post.scheduled_for else {}
    if draft.content.digest != post.digest or case.action.detail.get("changed"):
        told = () if post.status == Status.DRAFT else (Notice("approval_voided", "deciders"),)
        return _outcome(case, Status.DRAFT, *told, draft=draft, new_digest=True, changes=changes)
    if draft.context != post.context:
        return _outcome(case, post.status, draft=draft, changes=changes, ladder=_retimed(case, changes))
    if changes:
        return _outcome(case, post.status, changes=changes, ladder=_retimed(case, changes))
    return _outcome(case, post.status, unchanged=True)


def _retimed(case: Case, changes: dict[str, Any]) -> Ladder | None:
    """The running ladder with its `before_publish` rungs moved to the new time; those that fired may fire again."""
    timer = case.post.timer
    if not changes or not case.stage or timer is None:
        return None
    rungs = case.stage.rungs
    fired = tuple(index for index in timer.fired if rungs[index].after is not None)
    return Ladder(
        timer.stage, timer.entered_at, fired, next_rung(rungs, timer.entered_at, changes["scheduled_for"], fired)
    )


def pass_policy(case: Case) -> Outcome:
    """To the first review stage, among them those that the findings ask for."""
    facts = {"categories": case.action.categories, "policy_digest": case.action.policy_digest}
    return _advance(case.judged, None, changes=facts)


def block_policy(case: Case) -> Outcome:
    facts = {"categories": case.action.categories, "policy_digest": case.action.policy_digest}
    return _outcome(case, Status.DRAFT, Notice("policy_blocked", "author"), changes=facts)


# --- review ---------------------------------------------------------------------------------------------------


def approve(case: Case) -> Outcome:
    decision = _decision(case)
    return _advance(case, decision, decision=decision)


def request_changes(case: Case) -> Outcome:
    return _outcome(case, Status.DRAFT, Notice("changes_requested", "author"), decision=_decision(case))


def reject(case: Case) -> Outcome:
    return _outcome(case, Status.REJECTED, Notice("rejected", "author"), decision=_decision(case))


def _decision(case: Case) -> NewDecision:
    voice = case.voice(case.stage) if case.stage else None
    assert case.stage and voice, "guards.approver has let nobody else through"
    return NewDecision(case.stage.status, case.action.name, voice.holder, voice.roles)


def _advance(case: Case, given: NewDecision | None, **more: Any) -> Outcome:
    """To the first stage that the approvals of this content do not pass yet; to approved when there is none."""
    for stage in case.stages:
        if lacking := missing(stage.needs, _voices(case, stage, given)):
            if stage.status == case.post.status:
                return _outcome(case, stage.status, detail={"still_needed": list(lacking)}, **more)
            due = next_rung(stage.rungs, case.now, case.post.scheduled_for)
            ladder = Ladder(stage.status, case.now, (), due)
            return _outcome(case, stage.status, Notice("review_requested", "approvers"), ladder=ladder, **more)
    wished = case.post.scheduled_for
    if wished is not None and wished > case.now:
        return _outcome(case, Status.APPROVED, then=ActionName.SCHEDULE, **more)
    return _outcome(case, Status.APPROVED, Notice("needs_time", "author"), **more)


def _voices(case: Case, stage: Stage, decision: NewDecision | None) -> tuple[Voice, ...]:
    voices = case.post.voices(stage)
    if decision and decision.stage == stage.status and case.actor.id is not None:
        return (*voices, Voice(case.actor.id, decision.holder, decision.roles))
    return voices


# --- silence --------------------------------------------------------------------------------------------------


def remind(case: Case) -> Outcome:
    reached = case.stage is not None and bool(asked(case.post, case.stage))
    return _rung(case, Notice("reminder", "approvers"), reached=reached)


def escalate(case: Case) -> Outcome:
    role = str(case.action.detail["role"])
    barred = {case.post.author, case.post.last_editor}
    reached = any(role in voice.roles and not barred & {voice.person, voice.holder} for voice in case.post.members)
    return _rung(case, Notice("escalation", f"role:{role}"), reached=reached)


def page(case: Case) -> Outcome:
    return _rung(case, Notice("last_resort", "last_resort"), reached=case.post.last_resort is not None)


def expire(case: Case) -> Outcome:
    reason = "Nobody decided before the publication time."
    return _outcome(case, Status.DRAFT, Notice("expired", "author"), reason=reason)


def _rung(case: Case, notice: Notice, *, reached: bool) -> Outcome:
    """Marks the rung as fired and moves to the next; a rung that reaches nobody fires the next at once."""
    timer, stage = case.post.timer, case.stage
    assert timer and stage and case.action.rung is not None, "guards.rung_is_due has let nothing else through"
    fired = (*timer.fired, case.action.rung)
    due = next_rung(stage.rungs, timer.entered_at, case.post.scheduled_for, fired)
    if not reached and due and due.rung.do != "expire":
        due = type(due)(due.index, due.rung, case.now)
    detail = {**case.action.detail, "rung": case.action.rung, "reached": reached}
    ladder = Ladder(stage.status, timer.entered_at, fired, due)
    return _outcome(case, case.post.status, *((notice,) if reached else ()), ladder=ladder, detail=detail)


# --- timing and publication -----------------------------------------------------------------------------------


def schedule(case: Case) -> Outcome:
    moment = case.now if case.action.immediately else case.action.scheduled_for or case.post.scheduled_for
    changes = {"scheduled_for": moment, "publish_after": moment, "attempts": 0}
    return _outcome(case, Status.SCHEDULED, Notice("scheduled", "author"), changes=changes)


def unschedule(case: Case) -> Outcome:
    told = (Notice("needs_time", "author"),) if case.actor.is_system else ()
    return _outcome(case, Status.APPROVED, *told, changes={"scheduled_for": None, "publish_after": None})


def withdraw(case: Case) -> Outcome:
    return _outcome(case, Status.WITHDRAWN, changes={"publish_after": None})


def claim_publish(case: Case) -> Outcome:
    return _outcome(case, Status.PUBLISHING, changes={"attempts": case.post.attempts + 1})


def confirm_publish(case: Case) -> Outcome:
    return _outcome(case, Status.PUBLISHED, Notice("published", "author"))


def retry_publish(case: Case) -> Outcome:
    return _outcome(case, Status.SCHEDULED, changes={"publish_after": case.action.retry_at})


def fail_publish(case: Case) -> Outcome:
    return _outcome(
        case,
        Status.PUBLISH_FAILED,
        Notice("publish_failed", "author"),
        Notice("publish_failed", "last_resort"),
        changes={"publish_after": None},
    )


def lose_publish(case: Case) -> Outcome:
    return _outcome(
        case,
        Status.PUBLISH_UNKNOWN,
        Notice("publish_unknown", "author"),
        Notice("publish_unknown", "last_resort"),
        changes={"publish_after": None},
    )


def settle_publish(case: Case) -> Outcome:
    settled = str(case.action.settled)
    return _outcome(case, settled, Notice("settled", "author"), detail={"settled": settled})
