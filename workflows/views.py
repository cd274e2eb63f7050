"""Reads a post as people see it, for cards, mails, pages and the API. Reads only."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select

from models.actors import Actor
from models.asking import asked, still_needed
from models.policy.subject import Finding, Severity, worst_first
from models.state import PostState
from models.tables import audit_records, brands, channels, decisions, findings, outbox, people
from models.workflow import Workflow
from notifiers.views import DecisionView, PostView, TimerView
from workflows import facts
from workflows.office import Office

_BRAND = select(brands).where(brands.c.slug == bindparam("brand"))
_NAMES = select(people.c.id, people.c.name).where(people.c.id.in_(bindparam("ids", expanding=True)))
_FINDINGS = select(findings).where(
    findings.c.post_id == bindparam("post"), findings.c.revision == bindparam("revision")
)
_holder = people.alias("holder")
_DECISIONS = (
    select(decisions, people.c.name.label("person"), _holder.c.name.label("holder"))
    .join(people, people.c.id == decisions.c.person_id)
    .join(_holder, _holder.c.id == decisions.c.holder_id)
    .where(decisions.c.post_id == bindparam("post"))
    .order_by(decisions.c.id)
)
_NETWORKS = select(channels.c.name, channels.c.network).where(channels.c.brand == bindparam("brand"))
_DEAD = select(outbox.c.kind, outbox.c.medium, outbox.c.dead_reason).where(
    outbox.c.post_id == bindparam("post"), outbox.c.dead_reason.is_not(None)
)
_HISTORY = select(audit_records.c.body).where(audit_records.c.chain == bindparam("chain")).order_by(audit_records.c.seq)


def post_view(connection: Connection, office: Office, post_id: int, now: datetime) -> PostView:
    """The whole post; raises NotFound."""
    row = facts.post_row(connection, post_id)
    post = facts.state(connection, row, facts.EVERYTHING, now)
    workflow = office.house.workflow
    stage = workflow.stage(post.status)
    brand = connection.execute(_BRAND, {"brand": row.brand}).one()
    made = _decisions(connection, office, row)
    needed = still_needed(post, stage) if stage else ()
    waiting = [voice.person for voice in asked(post, stage)] if stage else []
    names = _names(connection, {row.author_id, row.last_editor_id, *waiting})
    return PostView(
        id=row.id,
        brand=row.brand,
        brand_name=brand.name,
        zone=brand.timezone,
        region=row.region,
        lane=row.lane,
        status=row.status,
        stage_title=stage.title if stage else None,
        version=row.version,
        revision=row.revision,
        content_revision=row.content_revision,
        digest=row.digest,
        headline=row.headline,
        content=facts.content(connection, row.id, row.brand, row.revision),
        context=post.context,
        author_id=row.author_id,
        author=names[row.author_id],
        last_editor=names[row.last_editor_id],
        scheduled_for=row.scheduled_for,
        created_at=row.created_at,
        changed_at=row.changed_at,
        policy_digest=row.policy_digest,
        networks=_networks(connection, row.brand),
        findings=_findings(connection, row),
        decisions=made,
        still_needed=needed,
        waiting_for=[names[person] for person in waiting],
        timer=_timer(post, workflow),
        dead_letters=_dead_letters(connection, row.id),
        url=office.links.post(row.id),
        first_headline=facts.content(connection, row.id, row.brand, 1).headline,
    )


def post_state(connection: Connection, post_id: int, now: datetime) -> PostState:
    """The post as the state machine sees it, with all facts, for showing what is possible."""
    return facts.state(connection, facts.post_row(connection, post_id), facts.EVERYTHING, now)


def history(connection: Connection, post_id: int) -> list[bytes]:
    """The canonical bytes of every audit record of a post, oldest first."""
    return list(connection.execute(_HISTORY, {"chain": f"post/{post_id}"}).scalars())


def _names(connection: Connection, ids: set[int]) -> dict[int, str]:
    return {row.id: row.name for row in connection.execute(_NAMES, {"ids": sorted(ids)})}


def _networks(connection: Connection, brand: str) -> dict[str, str]:
    return {row.name: row.network for row in connection.execute(_NETWORKS, {"brand": brand})}


def _findings(connection: Connection, row: Row[Any]) -> list[Finding]:
    found = connection.execute(_FINDINGS, {"post": row.id, "revision": row.content_revision})
    names = ("rule", "category", "channel", "start", "end", "text", "message", "fix")
    return worst_first(
        [Finding(severity=Severity(r.severity), **{name: getattr(r, name) for name in names}) for r in found]
    )


def _decisions(connection: Connection, office: Office, row: Row[Any]) -> list[DecisionView]:
    return [
        DecisionView(
            person=made.person,
            on_behalf_of=made.holder if made.holder_id != made.person_id else None,
            verdict=made.verdict,
            stage=stage.title if (stage := office.house.workflow.stage(made.stage)) else made.stage,
            reason=made.reason,
            surface=made.surface,
            revision=made.revision,
            at=made.decided_at,
            current=made.digest == row.digest and made.revision >= row.content_revision,
        )
        for made in connection.execute(_DECISIONS, {"post": row.id})
    ]


def _timer(post: PostState, workflow: Workflow) -> TimerView | None:
    stage, timer = workflow.stage(post.status), post.timer
    if not stage or not timer or timer.due_at is None or timer.next_rung is None:
        return None
    rungs = stage.rungs
    return TimerView(timer.due_at, str(rungs[timer.next_rung])) if timer.next_rung < len(rungs) else None


def _dead_letters(connection: Connection, post_id: int) -> list[str]:
    found = connection.execute(_DEAD, {"post": post_id})
    return [f"{row.kind.replace('_', ' ')} by {row.medium}: {row.dead_reason}" for row in found]


def visible_brands(connection: Connection, actor: Actor) -> list[str]:
    """The slugs of the brands that the actor holds a role in."""
    slugs = connection.execute(select(brands.c.slug).order_by(brands.c.slug)).scalars().all()
    return [slug for slug in slugs if any(grant.brand in (None, slug) for grant in actor.grants)]
