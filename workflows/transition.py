"""The one place where a post's status changes.

People, Slack, mail links, the API, timers and the publisher all come through `apply()`. It reads what the action
needs, asks `models.machine.decide`, and writes the status (guarded by the version), the decision, the audit record,
the notices and the timer in the caller's transaction: all of them, or none.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, insert, update

from models.actors import Actor, system
from models.audit import GENESIS
from models.errors import ChangedMeanwhile, Refusal, Refused
from models.machine import decide
from models.state import Action, Draft, NewDecision, Outcome
from models.statuses import Status
from models.tables import decisions, posts, timers
from workflows import audit_log, notices, revisions
from workflows.database import Work
from workflows.facts import NEEDS, post_row, state
from workflows.statements import Statement, pipelined
from workflows.step import House, Step

_MOVE = Statement(
    update(posts)
    .where(posts.c.id == bindparam("post"), posts.c.version == bindparam("seen_version"))
    .returning(posts.c.id)
)
_DECIDE = Statement(insert(decisions))
_START = Statement(insert(timers))
_ARM = Statement(update(timers).where(timers.c.post_id == bindparam("post")))
_END = Statement(delete(timers).where(timers.c.post_id == bindparam("post")))

FIXED = frozenset(Status)
WAKES: dict[str, str] = {Status.POLICY_CHECK: "check_policy", Status.SCHEDULED: "publish"}


def apply(
    work: Work, house: House, post_id: int, action: Action, actor: Actor, now: datetime, *, row: Any = None
) -> Outcome:
    """Carries out one action, and what follows from it at once; raises Refused with the reason otherwise.

    `row` is the post's row where this transaction has locked and read it already.
    """
    row = row or post_row(work.connection, post_id, lock=True)
    post = state(work.connection, row, NEEDS.get(action.name, frozenset()), now, house.media)
    outcome = decide(post, action, actor, house.workflow, now)
    if isinstance(outcome, Refusal):
        raise Refused(outcome)
    if outcome.unchanged:
        return outcome
    _write(work, house, Step(row, post, action, actor, outcome, now))
    if outcome.then:
        apply(work, house, post_id, Action(outcome.then), system("schedule"), now)
    return outcome


def _write(work: Work, house: House, step: Step) -> None:
    with pipelined(work.connection):
        _write_all(work, house, step)
    if flow := WAKES.get(step.outcome.target):
        work.wakes.add(flow)


def _write_all(work: Work, house: House, step: Step) -> None:
    sealed = _record(work, step)
    _move(work, step, sealed)
    if step.outcome.decision:
        _decide(work, step, step.outcome.decision)
    if step.outcome.draft:
        revisions.add(work.connection, step.post.id, step.revision, step.outcome.draft, step.person, step.now)
    _set_timer(work, step)
    notices.write(work, house, step)
    work.notes.append(
        {"post": step.post.id, "version": step.version, "action": step.outcome.action, "status": step.outcome.target,
         "actor": step.actor.id, "surface": step.action.surface}
    )  # fmt: skip


def _record(work: Work, step: Step) -> str:
    outcome, post = step.outcome, step.post
    digest = outcome.draft.content.digest if outcome.draft else post.digest
    facts = {
        "actor": {"id": step.actor.id, "name": step.actor.name},
        "surface": step.action.surface,
        "action": outcome.action,
        "from": outcome.source,
        "to": outcome.target,
        "reason": outcome.reason,
        "revision": step.revision,
        "digest": digest,
        "version": step.version,
        "policy": step.action.policy_digest or step.row.policy_digest,
        "detail": {**outcome.detail, **_decision_facts(step)},
    }
    chain = f"post/{post.id}"
    return audit_log.append(work.connection, chain, step.row.audit_seq + 1, step.row.audit_head, step.now, facts)


def _decision_facts(step: Step) -> dict[str, Any]:
    decision = step.outcome.decision
    if decision is None:
        return {}
    facts: dict[str, Any] = {"stage": decision.stage, "roles": sorted(decision.roles)}
    if decision.holder != step.actor.id:
        facts["on_behalf_of"] = decision.holder
    return facts


def _move(work: Work, step: Step, sealed: str) -> None:
    outcome = step.outcome
    values: dict[str, Any] = {
        "status": outcome.target,
        "version": step.version,
        "changed_at": step.now,
        "audit_seq": step.row.audit_seq + 1,
        "audit_head": sealed,
        **{key: sorted(value) if isinstance(value, frozenset) else value for key, value in outcome.changes.items()},
    }
    if outcome.draft:
        values |= _draft_columns(outcome.draft, step.revision, step.actor, new_digest=outcome.new_digest)
    moved = _MOVE.first(work.connection, {**values, "post": step.post.id, "seen_version": step.post.version})
    if moved is None:
        raise ChangedMeanwhile("Somebody else changed this post in this very moment. Look at it, then try again.")


def _draft_columns(draft: Draft, revision: int, actor: Actor, *, new_digest: bool) -> dict[str, Any]:
    if not new_digest:
        return {"revision": revision}
    return {
        "revision": revision,
        "content_revision": revision,
        "digest": draft.content.digest,
        "headline": draft.content.headline,
        "channels": list(draft.content.channels),
        "categories": [],
        "last_editor_id": actor.id,
    }


def _decide(work: Work, step: Step, decision: NewDecision) -> None:
    _DECIDE.run(
        work.connection,
        {
            "post_id": step.post.id,
            "revision": step.post.revision,
            "digest": step.post.digest,
            "stage": decision.stage,
            "person_id": step.person,
            "holder_id": decision.holder,
            "roles": sorted(decision.roles),
            "verdict": decision.verdict,
            "reason": step.outcome.reason,
            "surface": step.action.surface,
            "policy_digest": step.row.policy_digest,
            "decided_at": step.now,
        },
    )


def _set_timer(work: Work, step: Step) -> None:
    """Ends the ladder of a stage that is left, starts that of a stage that is entered, or moves the running one."""
    ladder, moves = step.outcome.ladder, step.outcome.moves
    if moves and step.post.status not in FIXED:
        _END.run(work.connection, {"post": step.post.id})
    if ladder is None:
        return
    values = {
        "stage": ladder.stage,
        "entered_at": ladder.entered_at,
        "fired": list(ladder.fired),
        "next_rung": ladder.due.index if ladder.due else None,
        "due_at": ladder.due.at if ladder.due else None,
    }
    if moves:
        _START.run(work.connection, {"post_id": step.post.id, **values})
    else:
        _ARM.run(work.connection, {**values, "post": step.post.id})
    work.wakes.add("escalate")


def create(work: Work, draft: Draft, actor: Actor, now: datetime, facts: dict[str, Any]) -> int:
    """A new post in draft, with its first revision and audit record; returns its id. `facts` are further columns."""
    author, surface = int(actor.id or 0), facts.pop("surface")
    post_id = work.connection.execute(
        insert(posts).returning(posts.c.id),
        {
            "status": Status.DRAFT,
            "version": 1,
            "attempts": 0,
            "author_id": author,
            "created_at": now,
            "changed_at": now,
            "audit_seq": 1,
            "audit_head": GENESIS,
            "scheduled_for": draft.scheduled_for,
            **_draft_columns(draft, 1, actor, new_digest=True),
            **facts,
        },
    ).scalar_one()
    revisions.add(work.connection, post_id, 1, draft, author, now)
    record = {
        "actor": {"id": actor.id, "name": actor.name},
        "surface": surface,
        "action": "create",
        "from": None,
        "to": Status.DRAFT,
        "reason": "",
        "revision": 1,
        "digest": draft.content.digest,
        "version": 1,
        "policy": None,
        "detail": {"duplicate_of": facts["duplicate_of"]} if facts.get("duplicate_of") else {},
    }
    sealed = audit_log.append(work.connection, f"post/{post_id}", 1, GENESIS, now, record)
    work.connection.execute(update(posts).where(posts.c.id == post_id).values(audit_head=sealed))
    return int(post_id)
