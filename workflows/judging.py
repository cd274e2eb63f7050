"""Judges submitted posts by the policy. A check that breaks asks a human to look; it never passes a post."""

import logging
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Integer, bindparam, delete, insert, select

from models.actors import system
from models.content import Content
from models.errors import ChangedMeanwhile, Refused
from models.policy.engine import verdict
from models.policy.subject import Finding, Severity, Subject
from models.state import Action, Outcome
from models.statuses import ActionName, Status
from models.tables import brands, channels, findings, policy_versions, posts
from workflows import audit_log, facts, transition
from workflows.database import Work
from workflows.office import Office
from workflows.statements import Statement

POLICY = system("policy check")
log = logging.getLogger("signoff.policy")
_WAITING = Statement(
    select(posts.c.id)
    .where(posts.c.status == Status.POLICY_CHECK.value)
    .order_by(posts.c.id)
    .limit(bindparam("most", type_=Integer))
)
_NETWORKS = Statement(select(channels.c.name, channels.c.network).where(channels.c.brand == bindparam("brand")))
_FORGET = Statement(
    delete(findings).where(findings.c.post_id == bindparam("post"), findings.c.revision == bindparam("of"))
)
_FOUND = Statement(insert(findings))


def waiting(office: Office, most: int = 50) -> list[int]:
    """The posts that wait for the policy check."""
    with office.database.reading() as connection:
        return [row.id for row in _WAITING.rows(connection, {"most": most})]


def judge(office: Office, post_id: int) -> Outcome | None:
    """Checks one post and records what was found; None when somebody moved it meanwhile."""
    now = office.clock.now()
    with office.database.reading() as connection:
        row = facts.post_row(connection, post_id)
        subjects = subjects_of(connection, row, now.date())
    found = _check(office, subjects)
    blocked = verdict(found) == Severity.BLOCK
    action = Action(
        ActionName.BLOCK_POLICY if blocked else ActionName.PASS_POLICY,
        reason=_reason(found) if blocked else "",
        revision=row.revision,
        categories=frozenset(finding.category for finding in found if finding.severity == Severity.REVIEW),
        policy_digest=office.policy.digest,
        detail={"findings": [f"{finding.severity} {finding.rule} ({finding.channel})" for finding in found]},
    )
    try:
        with office.database.unit_of_work() as work:
            outcome = _apply(work, office, post_id, action, now)
            _FORGET.run(work.connection, {"post": post_id, "of": row.content_revision})
            if found:
                rows = [_finding_row(post_id, row.content_revision, office.policy.digest, f) for f in found]
                _FOUND.run_many(work.connection, rows)
            return outcome
    except (Refused, ChangedMeanwhile) as error:
        log.info("post %s moved on before its policy check was recorded: %s", post_id, error)
        return None


def _apply(work: Work, office: Office, post_id: int, action: Action, now: datetime) -> Outcome:
    """Passes or blocks; a post that nobody could approve goes back to its author with the reason."""
    try:
        return transition.apply(work, office.house, post_id, action, POLICY, now)
    except Refused as refused:
        if refused.code not in ("nobody_can_approve", "no_stage"):
            raise
        back = replace(action, name=ActionName.BLOCK_POLICY, reason=refused.message)
        return transition.apply(work, office.house, post_id, back, POLICY, now)


def subjects_of(connection: Connection, row: Any, on: date) -> list[Subject]:
    """Each variant of a post as the rules see it; `on` is the day whose limits apply."""
    content = facts.content(connection, row.id, row.brand, row.revision)
    return _subjects(connection, content, row.lane, row.region, on)


def content_subjects(connection: Connection, content: Content, lane: str, on: date) -> list[Subject]:
    """Each variant of a content that is not stored, as the rules see it."""
    region = connection.execute(select(brands.c.region).where(brands.c.slug == content.brand)).scalar()
    return _subjects(connection, content, lane, region, on)


def _subjects(connection: Connection, content: Content, lane: str, region: str | None, on: date) -> list[Subject]:
    networks = {row.name: row.network for row in _NETWORKS.rows(connection, {"brand": content.brand})}
    return [
        Subject(
            text=variant.text,
            channel=variant.channel,
            network=networks.get(variant.channel, variant.channel),
            brand=content.brand,
            region=region,
            lane=lane,
            link=variant.link,
            media=variant.media,
            disclosure=variant.disclosure,
            consent=variant.consent,
            on=on,
        )
        for variant in content.variants
    ]


def _check(office: Office, subjects: list[Subject]) -> list[Finding]:
    try:
        return office.policy.check(subjects)
    except Exception:
        log.exception("the policy check broke")
        return [
            Finding(
                rule="check-broke",
                severity=Severity.REVIEW,
                category="unchecked",
                channel="",
                start=None,
                end=None,
                text="",
                message="The policy check broke on this post, so a human must look at all of it.",
                fix="Tell an administrator.",
            )
        ]


def _reason(found: list[Finding]) -> str:
    blocks = [finding for finding in found if finding.severity == Severity.BLOCK]
    more = f" (and {len(blocks) - 3} more)" if len(blocks) > 3 else ""
    return " ".join(dict.fromkeys(finding.message for finding in blocks[:3])) + more


def _finding_row(post_id: int, revision: int, policy_digest: str, finding: Finding) -> dict[str, object]:
    return {"post_id": post_id, "revision": revision, "policy_digest": policy_digest, **vars(finding)}


def remember_policy(office: Office) -> None:
    """Keeps the loaded policy by its digest, so that each judgement can be read again with the rules of its day."""
    digest = office.policy.digest
    known = select(policy_versions.c.digest).where(policy_versions.c.digest == digest)
    with office.database.reading() as connection:
        if connection.execute(known).first():
            return
    now = office.clock.now()
    with office.database.unit_of_work() as work:
        if work.connection.execute(known).first() is None:
            row = {"digest": digest, "source": office.policy.source, "loaded_at": now}
            work.connection.execute(insert(policy_versions), row)
            loaded = {"actor": {"id": None, "name": POLICY.name}, "action": "load_policy", "policy": digest}
            audit_log.append_to_organisation(work.connection, now, loaded)
