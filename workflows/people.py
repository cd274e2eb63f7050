"""People as the engine needs them: who is acting, and who holds which role now.

Rights are read at the moment of each action, so a deactivation or a revoked role counts at once, everywhere.
"""

from collections import defaultdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, or_, select

from models.actors import Actor, Grant
from models.errors import NotFound
from models.quorum import Voice
from models.tables import brands, delegations, grants, people
from workflows.statements import Statement

_PERSON = select(
    people.c.id,
    people.c.email,
    people.c.name,
    people.c.slack_id,
    people.c.timezone,
    people.c.deactivated_at,
    people.c.signed_out_at,
)
_BY_ID = Statement(_PERSON.where(people.c.id == bindparam("person")))
_BY_EMAIL = Statement(_PERSON.where(people.c.email == bindparam("email")))
_BY_SLACK = Statement(_PERSON.where(people.c.slack_id == bindparam("slack_id")))

_ACTOR = Statement(
    _PERSON.add_columns(grants.c.role, grants.c.brand, grants.c.region)
    .outerjoin(grants, and_(grants.c.person_id == people.c.id, grants.c.revoked_at.is_(None)))
    .where(people.c.id == bindparam("person"))
)
_lender = people.alias("lender")
_LENT = Statement(
    select(grants.c.role, grants.c.brand, grants.c.region, delegations.c.from_id)
    .join(delegations, and_(delegations.c.from_id == grants.c.person_id, delegations.c.role == grants.c.role))
    .join(_lender, _lender.c.id == delegations.c.from_id)
    .where(
        delegations.c.to_id == bindparam("person"),
        delegations.c.revoked_at.is_(None),
        delegations.c.starts_at <= bindparam("now"),
        delegations.c.ends_at > bindparam("now"),
        grants.c.revoked_at.is_(None),
        or_(delegations.c.brand.is_(None), grants.c.brand.is_(None), delegations.c.brand == grants.c.brand),
        _lender.c.deactivated_at.is_(None),
    )
    .add_columns(delegations.c.brand.label("lent_brand"))
)
_HOLDERS = Statement(
    select(grants.c.person_id, grants.c.role)
    .join(people, people.c.id == grants.c.person_id)
    .where(
        grants.c.revoked_at.is_(None),
        people.c.deactivated_at.is_(None),
        or_(grants.c.brand.is_(None), grants.c.brand == bindparam("brand")),
        or_(grants.c.region.is_(None), grants.c.region == bindparam("region")),
    )
    .order_by(grants.c.person_id)
)
_DELEGATES = Statement(
    select(delegations.c.to_id, delegations.c.from_id, delegations.c.role)
    .join(people, people.c.id == delegations.c.to_id)
    .where(
        people.c.deactivated_at.is_(None),
        delegations.c.revoked_at.is_(None),
        delegations.c.starts_at <= bindparam("now"),
        delegations.c.ends_at > bindparam("now"),
        or_(delegations.c.brand.is_(None), delegations.c.brand == bindparam("brand")),
    )
)

_LAST_RESORT = Statement(
    select(people.c.id)
    .join(brands, brands.c.last_resort_id == people.c.id)
    .where(brands.c.slug == bindparam("brand"), people.c.deactivated_at.is_(None))
)
_ADMINISTRATOR = Statement(
    select(people.c.id)
    .join(grants, grants.c.person_id == people.c.id)
    .where(
        grants.c.role == "admin",
        grants.c.revoked_at.is_(None),
        or_(grants.c.brand.is_(None), grants.c.brand == bindparam("brand")),
        people.c.deactivated_at.is_(None),
    )
    .order_by(people.c.id)
    .limit(1)
)


def person_by_id(connection: Connection, person_id: int) -> Any:
    return _found(_BY_ID.first(connection, {"person": person_id}), f"number {person_id}")


def person_by_email(connection: Connection, email: str) -> Any:
    email = email.strip().lower()
    return _found(_BY_EMAIL.first(connection, {"email": email}), email)


def person_by_slack(connection: Connection, slack_id: str) -> Any:
    """The person whom an administrator linked with this Slack user; None for a stranger."""
    return _BY_SLACK.first(connection, {"slack_id": slack_id})


def _found(row: Any, name: str) -> Any:
    if row is None:
        raise NotFound(f"Nobody here is known as {name[:80]}.")
    return row


def actor(connection: Connection, person_id: int, now: datetime) -> Actor:
    """The person as an actor, with the roles held and lent to them at `now`."""
    rows = _ACTOR.rows(connection, {"person": person_id})
    row = _found(rows[0] if rows else None, f"number {person_id}")
    own = [Grant(held.role, held.brand, held.region) for held in rows if held.role is not None]
    lent = [
        Grant(g.role, g.brand or g.lent_brand, g.region, on_behalf_of=g.from_id)
        for g in _LENT.rows(connection, {"person": person_id, "now": now})
    ]
    return Actor(row.id, row.name, row.deactivated_at is None, (*own, *lent))


def last_resort(connection: Connection, brand: str) -> int | None:
    """The brand's person of last resort; where that one is gone, an administrator of the brand."""
    named = _LAST_RESORT.scalar(connection, {"brand": brand})
    return named or _ADMINISTRATOR.scalar(connection, {"brand": brand})


def members(connection: Connection, brand: str, region: str | None, now: datetime) -> tuple[Voice, ...]:
    """Every active person's roles for a brand and region, and every delegate's; each as one possible voice."""
    roles: dict[int, set[str]] = defaultdict(set)
    for row in _HOLDERS.rows(connection, {"brand": brand, "region": region}):
        roles[row.person_id].add(row.role)
    voices = [Voice(person, person, frozenset(held)) for person, held in roles.items()]
    lent = [
        Voice(row.to_id, row.from_id, frozenset({row.role}))
        for row in _DELEGATES.rows(connection, {"brand": brand, "now": now})
        if row.role in roles.get(row.from_id, ())
    ]
    return (*voices, *lent)
