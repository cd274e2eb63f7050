"""Brands, people and roles: imported from files, changed by operators, each change on the organisation's record."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from config.organisation_file import BrandEntry, OrganisationFile, PersonEntry, RoleEntry
from models.actors import system
from models.errors import BadInput
from models.tables import api_tokens, brands, channels, delegations, grants, people
from workflows import audit_log
from workflows.office import Office
from workflows.people import person_by_email

OPERATOR = system("operator")


@dataclass
class ImportReport:
    """What an import changed, by e-mail."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)


def is_empty(office: Office) -> bool:
    """Whether nobody and no brand is known yet."""
    with office.database.reading() as connection:
        return connection.execute(select(people.c.id).limit(1)).first() is None


def import_organisation(office: Office, file: OrganisationFile) -> ImportReport:
    """Brings brands and people to what the file says; leaves alone what it does not name."""
    now = office.clock.now()
    with office.database.unit_of_work() as work:
        report = _import_people(work.connection, file.people, now)
        for brand in file.brands:
            _import_brand(work.connection, brand, now)
    return report


def import_people(office: Office, entries: Sequence[PersonEntry]) -> ImportReport:
    """Brings these people and their roles to what the entries say; repeatable. All of them, or none."""
    now = office.clock.now()
    with office.database.unit_of_work() as work:
        _check_brands(work.connection, entries)
        return _import_people(work.connection, entries, now)


def _check_brands(connection: Connection, entries: Iterable[PersonEntry]) -> None:
    known = set(connection.execute(select(brands.c.slug)).scalars())
    for entry in entries:
        for role in entry.roles:
            if role.brand and role.brand not in known:
                names = ", ".join(sorted(known)) or "none yet"
                raise BadInput(f"{entry.email}: there is no brand “{role.brand}”; there are: {names}.", field="brand")


def _import_people(connection: Connection, entries: Sequence[PersonEntry], now: datetime) -> ImportReport:
    report = ImportReport()
    emails = [entry.email for entry in entries]
    if twice := {email for email in emails if emails.count(email) > 1}:
        raise BadInput(f"{', '.join(sorted(twice))} stands twice in the list.", field="email")
    for entry in entries:
        row = connection.execute(select(people).where(people.c.email == entry.email)).first()
        columns = {"name": entry.name, "slack_id": entry.slack_id, "timezone": entry.timezone}
        _check_slack_id(connection, entry)
        if row is None:
            new = {"email": entry.email, "created_at": now, **columns}
            person_id = connection.execute(insert(people).returning(people.c.id), new).scalar_one()
            changed, group = True, report.added
            _note(connection, now, "add_person", {"person": person_id, "email": entry.email})
        else:
            person_id = row.id
            changed = any(getattr(row, key) != value for key, value in columns.items())
            group = report.changed
            if changed:
                connection.execute(update(people).where(people.c.id == person_id).values(columns))
                _note(connection, now, "change_person", {"person": person_id, **columns})
        changed |= _set_roles(connection, person_id, entry.roles, now)
        (group if changed else report.unchanged).append(entry.email)
    return report


def _check_slack_id(connection: Connection, entry: PersonEntry) -> None:
    if entry.slack_id is None:
        return
    other = connection.execute(select(people.c.email).where(people.c.slack_id == entry.slack_id)).scalar()
    if other not in (None, entry.email):
        raise BadInput(f"{entry.email}: the Slack id {entry.slack_id} belongs to {other}.", field="slack_id")


def _set_roles(connection: Connection, person_id: int, wanted: Iterable[RoleEntry], now: datetime) -> bool:
    held = connection.execute(
        select(grants).where(grants.c.person_id == person_id, grants.c.revoked_at.is_(None))
    ).all()
    wished = {(entry.role, entry.brand, entry.region) for entry in wanted}
    have = {(row.role, row.brand, row.region): row.id for row in held}
    for key in wished - have.keys():
        _grant(connection, person_id, key, now)
    for key in have.keys() - wished:
        connection.execute(update(grants).where(grants.c.id == have[key]).values(revoked_at=now))
        _note(connection, now, "revoke_role", {"person": person_id, "role": key[0], "brand": key[1], "region": key[2]})
    return wished != have.keys()


def _grant(connection: Connection, person_id: int, key: tuple[str, str | None, str | None], now: datetime) -> None:
    role = {"role": key[0], "brand": key[1], "region": key[2]}
    connection.execute(insert(grants), {"person_id": person_id, "granted_at": now, **role})
    _note(connection, now, "grant_role", {"person": person_id, **role})


def _import_brand(connection: Connection, entry: BrandEntry, now: datetime) -> None:
    last_resort = person_by_email(connection, entry.last_resort).id
    columns = {**entry.model_dump(exclude={"slug", "channels", "last_resort"}), "last_resort_id": last_resort}
    known = connection.execute(select(brands.c.slug).where(brands.c.slug == entry.slug)).first()
    if known is None:
        connection.execute(insert(brands), {"slug": entry.slug, **columns})
        _note(connection, now, "add_brand", {"brand": entry.slug})
    else:
        connection.execute(update(brands).where(brands.c.slug == entry.slug).values(columns))
    have = set(connection.execute(select(channels.c.name).where(channels.c.brand == entry.slug)).scalars())
    for channel in entry.channels:
        facts = {"network": channel.network, "handle": channel.handle}
        if channel.name in have:
            where = (channels.c.brand == entry.slug, channels.c.name == channel.name)
            connection.execute(update(channels).where(*where).values(facts))
        else:
            connection.execute(insert(channels), {"brand": entry.slug, "name": channel.name, **facts})


def set_active(office: Office, email: str, *, active: bool, reason: str) -> None:
    """Deactivates a person, or brings them back. Sessions and tokens end at once, and do not come back with them."""
    now = office.clock.now()
    with office.database.unit_of_work() as work:
        person = person_by_email(work.connection, email)
        values = {"deactivated_at": None} if active else {"deactivated_at": now, "signed_out_at": now}
        work.connection.execute(update(people).where(people.c.id == person.id).values(values))
        if not active:
            tokens = update(api_tokens).where(api_tokens.c.person_id == person.id, api_tokens.c.revoked_at.is_(None))
            work.connection.execute(tokens.values(revoked_at=now))
        action = "activate_person" if active else "deactivate_person"
        _note(work.connection, now, action, {"person": person.id, "reason": reason})


def delegate(office: Office, lender: str, borrower: str, lent: RoleEntry, during: tuple[datetime, datetime]) -> None:
    """Lends a role of one person to another between two instants (UTC)."""
    now, (starts, ends) = office.clock.now(), during
    role, brand = lent.role, lent.brand
    if not starts < ends or ends <= now:
        raise BadInput("A delegation ends after it starts, and in the future.", field="ends")
    with office.database.unit_of_work() as work:
        from_id = person_by_email(work.connection, lender).id
        to_id = person_by_email(work.connection, borrower).id
        if from_id == to_id:
            raise BadInput("Nobody can delegate to themselves.", field="to")
        if not _holds(work.connection, from_id, role, brand):
            raise BadInput(f"{lender} does not hold the role {role} and cannot lend it.", field="role")
        row = {"from_id": from_id, "to_id": to_id, "role": role, "brand": brand, "starts_at": starts, "ends_at": ends}
        work.connection.execute(insert(delegations), row)
        facts = {**row, "starts_at": starts.isoformat(), "ends_at": ends.isoformat()}
        _note(work.connection, now, "delegate", facts)


def _holds(connection: Connection, person_id: int, role: str, brand: str | None) -> bool:
    held = connection.execute(
        select(grants.c.brand).where(
            grants.c.person_id == person_id, grants.c.role == role, grants.c.revoked_at.is_(None)
        )
    ).scalars()
    return any(scope is None or brand is None or scope == brand for scope in held)


def roles_of(connection: Connection, person_id: int) -> list[str]:
    """`legal (acme)`, `admin (all brands)` …"""
    rows = connection.execute(
        select(grants.c.role, grants.c.brand)
        .where(grants.c.person_id == person_id, grants.c.revoked_at.is_(None))
        .order_by(grants.c.role, grants.c.brand)
    )
    return [f"{row.role} ({row.brand or 'all brands'})" for row in rows]


def _note(connection: Connection, now: datetime, action: str, facts: Mapping[str, Any]) -> None:
    actor = {"id": OPERATOR.id, "name": OPERATOR.name}
    audit_log.append_to_organisation(connection, now, {"actor": actor, "action": action, "detail": dict(facts)})
