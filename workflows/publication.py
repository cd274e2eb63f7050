"""Publishes due posts: claims, hands over, records.

The claim is one transaction that checks the bytes and the approvals again. What the webhook answered is recorded by
another, and only for the attempt that it belongs to. When the answer is lost, or the publisher died in between, the
outcome is unknown: a person settles it, and nothing is sent again by itself.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from models.actors import system
from models.content import Content
from models.errors import ChangedMeanwhile, NotFound, Refused
from models.retry import back_off
from models.state import Action
from models.statuses import ActionName, Status
from models.tables import channels, posts, publications
from notifiers.webhook import Accepted, Handover, NotSent, Publisher, RefusedByReceiver, Unknown
from workflows import facts, transition
from workflows.database import Work
from workflows.office import Office

PUBLISHER = system("publisher")
LEASE = timedelta(seconds=45)
MOST_ATTEMPTS = 12
log = logging.getLogger("signoff.publication")

_DUE = (
    select(posts.c.id)
    .where(posts.c.status == Status.SCHEDULED, posts.c.publish_after <= bindparam("now"))
    .order_by(posts.c.publish_after)
    .limit(bindparam("most"))
)
_ABANDONED = (
    select(publications)
    .where(publications.c.ended_at.is_(None), publications.c.leased_until <= bindparam("now"))
    .order_by(publications.c.leased_until)
    .limit(bindparam("most"))
)
_END = update(publications).where(publications.c.id == bindparam("publication"), publications.c.ended_at.is_(None))


@dataclass(frozen=True)
class Claim:
    """A post that this publisher may hand over, once, until `leased_until`."""

    id: int
    post_id: int
    attempt: int
    key: str
    payload: dict[str, Any]
    leased_until: datetime


def due(office: Office, most: int = 20) -> list[int]:
    """Scheduled posts whose time has come."""
    with office.database.reading() as connection:
        return list(connection.execute(_DUE, {"now": office.clock.now(), "most": most}).scalars())


def claim(office: Office, post_id: int) -> Claim | None:
    """Claims a due post; None when it may not go out, which is then on its record, or when another was faster."""
    now = office.clock.now()
    try:
        with office.database.unit_of_work() as work:
            try:
                transition.apply(work, office.house, post_id, Action(ActionName.CLAIM_PUBLISH), PUBLISHER, now)
            except Refused as refused:
                if refused.code not in ("wrong_status", "not_due", "final"):
                    _refuse(work, office, post_id, refused, now)
                return None
            return _write_claim(work, office, post_id, now)
    except ChangedMeanwhile:
        return None


def _refuse(work: Work, office: Office, post_id: int, refused: Refused, now: datetime) -> None:
    """The post may not go out: that is its end as a publication, and on its record."""
    log.error("post %s was not published: %s", post_id, refused.message)
    failure = Action(ActionName.FAIL_PUBLISH, reason=refused.message)
    transition.apply(work, office.house, post_id, failure, PUBLISHER, now)


def _write_claim(work: Work, office: Office, post_id: int, now: datetime) -> Claim:
    row = facts.post_row(work.connection, post_id)
    content = facts.content(work.connection, post_id, row.brand, row.revision)
    if content.digest != row.digest:
        raise ChangedMeanwhile("The content changed between the check and the claim; it is checked again.")
    key = f"post-{post_id}-{int(row.created_at.timestamp())}-{row.digest[:16]}"
    columns = {
        "post_id": post_id,
        "revision": row.revision,
        "attempt": row.version,
        "digest": row.digest,
        "idempotency_key": key,
        "claimed_at": now,
        "leased_until": now + LEASE,
        "detail": {},
    }
    made = work.connection.execute(insert(publications).returning(publications.c.id), columns).scalar_one()
    payload = _payload(work.connection, office, row, content)
    return Claim(int(made), post_id, row.attempts, key, payload, now + LEASE)


def _payload(connection: Connection, office: Office, row: Any, content: Content) -> dict[str, Any]:
    """What the receiver gets: exactly what the digest covers, with the channels' networks and handles beside it."""
    found = connection.execute(select(channels).where(channels.c.brand == row.brand))
    accounts = {channel.name: channel for channel in found}
    return {
        "type": "post.publish",
        "post": row.id,
        "brand": row.brand,
        "revision": row.revision,
        "digest": row.digest,
        "variants": [
            {
                **variant.audience_view(),
                "media": [
                    {**vars(item), "url": f"{office.settings.url}/media/{item.sha256}"} for item in variant.media
                ],
                "network": accounts[variant.channel].network,
                "handle": accounts[variant.channel].handle,
            }
            for variant in content.variants
        ],
    }


def hand_over(office: Office, publisher: Publisher | None, claimed: Claim) -> Handover:
    """Sends a claimed post, unless its lease has run out meanwhile."""
    if publisher is None:
        return RefusedByReceiver("No publishing webhook is configured (SIGNOFF_PUBLISH_URL).")
    now = office.clock.now()
    if now >= claimed.leased_until:
        return NotSent("The publisher was too slow and gave its claim back unsent.")
    return publisher.hand_over(claimed.key, claimed.payload, now)


def record(office: Office, claimed: Claim, answer: Handover) -> bool:
    """Records what the receiver answered; False when the claim was taken over, and nothing was written."""
    now = office.clock.now()
    action = _action(claimed, answer, now)
    return end(office, claimed.id, claimed.post_id, action, now)


def lose_abandoned(office: Office, most: int = 20) -> int:
    """Marks claims that ran out as unknown; returns how many."""
    now = office.clock.now()
    with office.database.reading() as connection:
        abandoned = connection.execute(_ABANDONED, {"now": now, "most": most}).all()
    reason = "The publisher stopped while it was handing the post over."
    action = Action(ActionName.LOSE_PUBLISH, reason=reason)
    return sum(end(office, row.id, row.post_id, action, now) for row in abandoned)


def _action(claimed: Claim, answer: Handover, now: datetime) -> Action:
    if isinstance(answer, Accepted):
        return Action(ActionName.CONFIRM_PUBLISH, detail={"reference": answer.reference})
    if isinstance(answer, NotSent) and claimed.attempt < MOST_ATTEMPTS:
        retry_at = now + back_off(claimed.attempt, answer.after)
        return Action(ActionName.RETRY_PUBLISH, reason=answer.reason, retry_at=retry_at)
    if isinstance(answer, Unknown):
        return Action(ActionName.LOSE_PUBLISH, reason=answer.reason)
    return Action(ActionName.FAIL_PUBLISH, reason=answer.reason)


def end(office: Office, publication_id: int, post_id: int, action: Action, now: datetime) -> bool:
    """Ends a publication and moves its post, in one transaction, if nobody else has."""
    columns = {"ended_at": now, "outcome": action.name, "detail": {"reason": action.reason, **action.detail}}
    try:
        with office.database.unit_of_work() as work:
            ended = work.connection.execute(_END.values(columns), {"publication": publication_id})
            if ended.rowcount == 1:
                transition.apply(work, office.house, post_id, action, PUBLISHER, now)
            return ended.rowcount == 1
    except (Refused, ChangedMeanwhile, NotFound) as error:
        log.error("the outcome of publication %s was not recorded: %s", publication_id, error)
        return False


def next_due_in(office: Office) -> float | None:
    """Seconds until the next post is due or the next claim runs out; None when there is none."""
    with office.database.reading() as connection:
        scheduled = select(func.min(posts.c.publish_after)).where(posts.c.status == Status.SCHEDULED)
        claimed = select(func.min(publications.c.leased_until)).where(publications.c.ended_at.is_(None))
        moments = [connection.execute(query).scalar() for query in (scheduled, claimed)]
    earliest = min((moment for moment in moments if moment), default=None)
    return (earliest - office.clock.now()).total_seconds() if earliest else None
