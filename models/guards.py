"""Who may act, and what must hold: each guard answers None, or a Refusal that says what to do.

Every code that a guard can give stands in REFUSALS; web/errors.py maps each to an HTTP status.
"""

from collections.abc import Callable

from models.case import Case
from models.errors import Refusal
from models.localtime import FARTHEST
from models.quorum import missing
from models.state import Decision
from models.statuses import DECISIONS, FINAL, ActionName, Status

Guard = Callable[[Case], Refusal | None]

REFUSALS = (
    "deactivated", "not_authorised", "own_post", "system_only", "wrong_status", "already_decided", "voted_already",
    "final", "stale_revision", "revision_required", "reason_required", "empty_post", "changes_unanswered",
    "nobody_can_approve", "no_stage", "time_required", "time_past", "time_far", "time_by_schedule", "not_approved",
    "content_changed", "not_due", "settlement_required", "unknown_person",
)  # fmt: skip

VERDICT_WORDS = {
    ActionName.APPROVE.value: "approved",
    ActionName.REQUEST_CHANGES.value: "requested changes to",
    ActionName.REJECT.value: "rejected",
}


# --- who ------------------------------------------------------------------------------------------------------


def system_only(case: Case) -> Refusal | None:
    """Timers, the policy check and the publisher."""
    if case.actor.is_system:
        return None
    return Refusal("system_only", f"Only Signoff itself can {_words(case)} a post.")


def drafter(case: Case) -> Refusal | None:
    """Somebody who may write for this brand."""
    return _holds(case, case.workflow.drafters, "write for")


def keeper(case: Case) -> Refusal | None:
    """Somebody who may time or take back a post: its writers, the administrators, and the system."""
    if case.actor.is_system:
        return None
    return _holds(case, (*case.workflow.drafters, *case.workflow.administrators), f"{_words(case)} posts of")


def approver(case: Case) -> Refusal | None:
    """Somebody who can fill a place at this stage, and neither wrote nor last edited the post."""
    if refusal := _person(case):
        return refusal
    stages = (case.stage,) if case.stage else case.stages or case.workflow.stages
    if case.actor.id in (case.post.author, case.post.last_editor):
        part = "wrote" if case.actor.id == case.post.author else "last edited"
        return Refusal("own_post", f"You {part} this post, so somebody else must decide on it.")
    if any(case.voice(stage) for stage in stages):
        return None
    if case.stage and any(case.voice(stage) for stage in case.stages):
        return Refusal("not_authorised", f"This post is in {case.stage.title}, which is for {case.stage.needs}.")
    needs = " or ".join(sorted({role for stage in stages for role in stage.deciding_roles}))
    return Refusal("not_authorised", f"Deciding here needs the role {needs} for {case.post.brand}; you do not hold it.")


def _holds(case: Case, roles: tuple[str, ...], what: str) -> Refusal | None:
    if refusal := _person(case):
        return refusal
    if case.roles.intersection(roles):
        return None
    return Refusal(
        "not_authorised",
        f"You cannot {what} {case.post.brand}: that needs the role {' or '.join(roles)}. Ask an administrator.",
    )


def _person(case: Case) -> Refusal | None:
    if case.actor.is_system:
        return Refusal("not_authorised", f"A person must {_words(case)} a post; no timer and no program does.")
    if not case.actor.active:
        return Refusal("deactivated", "Your account is deactivated; ask an administrator.")
    return None


# --- what must hold -------------------------------------------------------------------------------------------


def wrong_status(case: Case, sources: tuple[str, ...]) -> Refusal:
    """The post is somewhere else; whoever clicked late learns who decided, and when."""
    last = case.post.decisions[-1] if case.post.decisions else None
    if case.action.name in DECISIONS and last and _settled(case, last):
        who = "You" if last.person == case.actor.id else last.person_name
        return Refusal(
            "already_decided",
            f"{who} {VERDICT_WORDS[last.verdict]} this post on {last.at:%Y-%m-%d at %H:%M} UTC; it is now "
            f"{_plain(case.post.status)}.",
        )
    if case.post.status in FINAL:
        return Refusal("final", f"This post is {_plain(case.post.status)}; duplicate it to start again.")
    allowed = ", ".join(_plain(source) for source in sources)
    return Refusal(
        "wrong_status",
        f"This post is {_plain(case.post.status)}; “{_words(case)}” works when it is: {allowed}.",
    )


def not_stale(case: Case) -> Refusal | None:
    """The person saw the content that the post has now."""
    seen = case.action.revision
    if seen is None or case.post.content_revision <= seen <= case.post.revision:
        return None
    return Refusal(
        "stale_revision",
        f"You saw revision {seen}, but the post has changed: look at revision {case.post.revision} and decide again.",
        field="revision",
    )


def on_newest(case: Case) -> Refusal | None:
    """Whoever edits started from the newest revision, so nobody's edit is overwritten unseen."""
    seen = case.action.revision
    if seen is None or seen == case.post.revision:
        return None
    return Refusal(
        "stale_revision",
        f"Somebody saved revision {case.post.revision} while you were editing revision {seen}. Yours is not lost: "
        f"compare it with the newest one, then save again.",
        field="revision",
    )


def revision_named(case: Case) -> Refusal | None:
    if case.action.revision is not None:
        return None
    return Refusal(
        "revision_required",
        f"Say which revision you approve; the current one is {case.post.revision}.",
        field="revision",
    )


def reason_given(case: Case) -> Refusal | None:
    if case.action.reason.strip():
        return None
    return Refusal("reason_required", "Say why: the author needs a reason to act on.", field="reason")


def first_vote(case: Case) -> Refusal | None:
    """Nobody counts twice: one decision per person, revision and stage."""
    for decision in case.post.decisions:
        same = case.post.is_about_this(decision) and decision.stage == case.post.status
        again = decision.verdict == ActionName.APPROVE or decision.revision == case.post.revision
        if same and again and decision.person == case.actor.id:
            return Refusal(
                "voted_already",
                f"You {VERDICT_WORDS[decision.verdict]} this revision on {decision.at:%Y-%m-%d at %H:%M} UTC; "
                f"your decision stands.",
            )
    return None


def has_content(case: Case) -> Refusal | None:
    if case.post.channels:
        return None
    return Refusal("empty_post", "Choose at least one channel and write something first.", field="channels")


def changes_answered(case: Case) -> Refusal | None:
    """After a request for changes, the same revision is not sent again."""
    for decision in case.post.decisions:
        if decision.verdict == ActionName.REQUEST_CHANGES and decision.revision == case.post.revision:
            return Refusal(
                "changes_unanswered",
                f"{decision.person_name} requested changes to this revision. Edit the post, or answer in the "
                f"reviewer context, before you submit it again.",
            )
    return None


def time_still_ahead(case: Case) -> Refusal | None:
    wished = case.post.scheduled_for
    if wished is None or wished > case.now:
        return None
    return Refusal("time_past", "The publication time has passed; choose a later one or none.", field="scheduled_for")


def enough_people(case: Case) -> Refusal | None:
    """Every quorum can be met by people who exist, author and last editor left out. Says who is missing."""
    if not case.stages:
        return some_stage_applies(case)
    barred = {case.post.author, case.post.last_editor}
    for stage in case.stages:
        voices = [v for v in case.post.members if not barred & {v.person, v.holder} and stage.fills(v.roles)]
        filled = [type(v)(v.person, v.holder, stage.fills(v.roles)) for v in voices]
        if lacking := missing(stage.needs, filled):
            return Refusal(
                "nobody_can_approve",
                f"{stage.title} needs {stage.needs} for {case.post.brand}, and nobody besides the author can give: "
                f"{', '.join(lacking)}. Ask an administrator to grant the role.",
            )
    return None


def enough_people_for_findings(case: Case) -> Refusal | None:
    """The stages that the findings add can be passed by people who exist, too."""
    return enough_people(case.judged)


def some_stage_applies(case: Case) -> Refusal | None:
    if case.stages:
        return None
    return Refusal(
        "no_stage", "No review stage applies to this post, so nobody could approve it; ask an administrator."
    )


def not_only_the_time(case: Case) -> Refusal | None:
    """The time of an approved post is moved by `schedule`, which checks the approvals; `edit` does not."""
    draft, timed = case.action.draft, (Status.APPROVED, Status.SCHEDULED, Status.PUBLISH_FAILED)
    if draft is None or case.post.status not in timed or draft.content.digest != case.post.digest:
        return None
    if draft.scheduled_for == case.post.scheduled_for:
        return None
    return Refusal("time_by_schedule", "Use “Schedule” to change the time of an approved post.", field="scheduled_for")


def time_given(case: Case) -> Refusal | None:
    if case.action.immediately:
        return None
    wished = case.action.scheduled_for or case.post.scheduled_for
    if wished is None:
        return Refusal("time_required", "Choose a publication time.", field="scheduled_for")
    if wished <= case.now:
        return Refusal("time_past", "This time is in the past; choose a later one.", field="scheduled_for")
    if wished - case.now > FARTHEST:
        return Refusal("time_far", "This is more than two years away.", field="scheduled_for")
    return None


def approvals_cover(case: Case) -> Refusal | None:
    """Every stage's quorum is met by approvals of exactly this content."""
    if not case.stages:
        return some_stage_applies(case)
    for stage in case.stages:
        if lacking := missing(stage.needs, case.post.voices(stage)):
            return Refusal(
                "not_approved",
                f"The approvals do not cover this content: {stage.title} still lacks {', '.join(lacking)}.",
            )
    return None


def bytes_unchanged(case: Case) -> Refusal | None:
    if case.post.recomputed == case.post.digest:
        return None
    return Refusal(
        "content_changed",
        "What is stored differs from what was approved, so nothing was published. Edit and submit the post again.",
    )


def publication_due(case: Case) -> Refusal | None:
    if case.post.scheduled_for is not None and case.post.scheduled_for <= case.now:
        return None
    return Refusal("not_due", "The publication time has not come.")


def rung_is_due(case: Case) -> Refusal | None:
    """The rung is the timer's next one, and its time has come; a second sweep finds it fired."""
    timer = case.post.timer
    due = timer is not None and timer.stage == case.post.status and timer.next_rung == case.action.rung
    if due and timer is not None and timer.due_at is not None and timer.due_at <= case.now:
        return None
    return Refusal("not_due", "This rung is not due.")


def settlement_named(case: Case) -> Refusal | None:
    if case.action.settled in (Status.PUBLISHED, Status.PUBLISH_FAILED):
        return None
    return Refusal(
        "settlement_required", "Say whether the post went out: published or publish_failed.", field="settled"
    )


def _settled(case: Case, last: Decision) -> bool:
    """The last decision is about what the post shows, or ended the review."""
    return case.post.is_about_this(last) or last.verdict != ActionName.APPROVE


def _plain(status: str) -> str:
    return status.replace("_", " ")


def _words(case: Case) -> str:
    return case.action.name.replace("_", " ")
