"""Who is asking: sign-in links, bearer tokens, decision links. Secrets are kept as SHA-256 only."""

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, func, insert, select, update

from models.content import clean_line
from models.errors import BadInput, LinkDead, NotFound, NotSignedIn, Refusal, Refused
from models.guards import VERDICT_WORDS
from models.tables import api_tokens, decision_links, decisions, outbox, people, posts, sign_in_links
from workflows import audit_log
from workflows.notices import message
from workflows.office import Office
from workflows.people import person_by_email

SIGN_IN_LIFE = timedelta(minutes=15)
MOST_SIGN_IN_LINKS = 5
MOST_TRIES = 5
SCOPES = ("read", "draft", "decide")


def send_sign_in_link(office: Office, email: str) -> None:
    """Mails a link, if the address is known and active; says nothing either way. At most five a quarter of an hour."""
    now = office.clock.now()
    with office.database.unit_of_work() as work:
        try:
            person = person_by_email(work.connection, clean_line(email, field="email", limit=254))
        except NotFound:
            return
        recent = select(func.count()).select_from(sign_in_links)
        recent = recent.where(sign_in_links.c.person_id == person.id, sign_in_links.c.created_at > now - SIGN_IN_LIFE)
        if person.deactivated_at is not None or work.connection.execute(recent).scalar_one() >= MOST_SIGN_IN_LINKS:
            return
        link = work.connection.execute(
            insert(sign_in_links).returning(sign_in_links.c.id), {"person_id": person.id, "created_at": now}
        ).scalar_one()
        mail = message("sign_in", "mail", person.id, now, payload={"link": link}, unique=f"link:{link}")
        work.connection.execute(insert(outbox), mail)
        work.wakes.add("deliver")


def look_at_sign_in_link(office: Office, token: str) -> str:
    """The e-mail address that a link would sign in; raises LinkDead. Looking uses nothing up: mail scanners do it."""
    link = office.links.row("sign-in", token)
    with office.database.reading() as connection:
        row = connection.execute(
            select(people.c.email, people.c.deactivated_at, sign_in_links.c.created_at, sign_in_links.c.used_at)
            .join(people, people.c.id == sign_in_links.c.person_id)
            .where(sign_in_links.c.id == link)
        ).first()
    fresh = row is not None and row.used_at is None and row.created_at > office.clock.now() - SIGN_IN_LIFE
    if row is None or not fresh or row.deactivated_at is not None:
        raise LinkDead("This sign-in link was used or is older than 15 minutes. Ask for a new one.")
    return str(row.email)


def use_sign_in_link(office: Office, token: str) -> int:
    """The person whom a link signs in; it works once."""
    look_at_sign_in_link(office, token)
    link = office.links.row("sign-in", token)
    with office.database.unit_of_work() as work:
        used = work.connection.execute(
            update(sign_in_links)
            .where(sign_in_links.c.id == link, sign_in_links.c.used_at.is_(None))
            .values(used_at=office.clock.now())
        )
        if used.rowcount != 1:
            raise LinkDead("This sign-in link was used already. Ask for a new one.")
        person = select(sign_in_links.c.person_id).where(sign_in_links.c.id == link)
        return int(work.connection.execute(person).scalar_one())


def create_token(office: Office, email: str, label: str, scopes: Collection[str]) -> str:
    """A new bearer token of a person; shown once."""
    if unknown := set(scopes) - set(SCOPES):
        raise BadInput(f"{sorted(unknown)} is no scope; there are: {', '.join(SCOPES)}.", field="scopes")
    token = f"signoff_{secrets.token_urlsafe(32)}"
    now = office.clock.now()
    with office.database.unit_of_work() as work:
        person = person_by_email(work.connection, email)
        row = {
            "person_id": person.id,
            "sha256": _hash(token),
            "label": clean_line(label, field="label", limit=80),
            "scopes": sorted(scopes),
            "created_at": now,
        }
        work.connection.execute(insert(api_tokens), row)
        facts = {"action": "create_token", "detail": {"person": person.id, "label": row["label"]}}
        audit_log.append_to_organisation(work.connection, now, facts)
    return token


@dataclass(frozen=True)
class Bearer:
    """The person behind a token, and what it may be used for."""

    person: int
    scopes: frozenset[str]

    def require(self, scope: str) -> None:
        if scope not in self.scopes:
            message = f"This token may not do that; it lacks the scope “{scope}”."
            raise Refused(Refusal("not_authorised", message))


def bearer(office: Office, token: str) -> Bearer:
    """Who a token stands for; raises NotSignedIn for one that is unknown, revoked, or of a deactivated person."""
    with office.database.reading() as connection:
        row = connection.execute(
            select(api_tokens.c.person_id, api_tokens.c.scopes)
            .join(people, people.c.id == api_tokens.c.person_id)
            .where(
                api_tokens.c.sha256 == _hash(token),
                api_tokens.c.revoked_at.is_(None),
                people.c.deactivated_at.is_(None),
            )
        ).first()
    if row is None:
        raise NotSignedIn("This token is not valid. Ask an administrator for a new one.")
    return Bearer(row.person_id, frozenset(row.scopes))


@dataclass(frozen=True)
class DecisionPlace:
    """What a decision link stands for: this person, this post, this stage, this content."""

    id: int
    post_id: int
    revision: int
    person: int
    person_name: str


def look_at_decision_link(office: Office, token: str) -> DecisionPlace:
    """Where a decision link leads; raises LinkDead once the post was decided, edited or moved on."""
    link = office.links.row("decision", token)
    with office.database.reading() as connection:
        row = connection.execute(
            select(decision_links, people.c.name, people.c.deactivated_at)
            .join(people, people.c.id == decision_links.c.person_id)
            .where(decision_links.c.id == link)
        ).first()
        if row is None:
            raise LinkDead("This link is not valid. Open the newest mail, or sign in.")
        post = connection.execute(select(posts).where(posts.c.id == row.post_id)).one()
        decided = _who_decided(connection, row.post_id)
    if row.deactivated_at is not None:
        raise LinkDead("Your account is deactivated, so this link no longer works.")
    if post.digest != row.digest:
        raise LinkDead("The post was edited after this mail, so the link no longer decides.")
    if post.status != row.stage:
        raise LinkDead(f"{decided} The post is now {post.status.replace('_', ' ')}.")
    if row.tries >= MOST_TRIES:
        raise LinkDead("Wrong codes were typed too often. Sign in to decide.")
    return DecisionPlace(link, row.post_id, row.revision, row.person_id, row.name)


def _who_decided(connection: Connection, post_id: int) -> str:
    """Who decided last, and when; for whoever comes second."""
    last = connection.execute(
        select(decisions.c.verdict, decisions.c.decided_at, people.c.name)
        .join(people, people.c.id == decisions.c.person_id)
        .where(decisions.c.post_id == post_id)
        .order_by(decisions.c.id.desc())
        .limit(1)
    ).first()
    if last is None:
        return "This review is over."
    return f"{last.name} {VERDICT_WORDS[last.verdict]} this post on {last.decided_at:%Y-%m-%d at %H:%M} UTC."


def check_code(office: Office, place: DecisionPlace, typed: str) -> None:
    """Raises BadInput for a wrong code, and counts it; five wrong ones end the link."""
    this = decision_links.c.id == place.id
    with office.database.unit_of_work() as work:
        counted = work.connection.execute(
            update(decision_links)
            .where(this, decision_links.c.tries < MOST_TRIES)
            .values(tries=decision_links.c.tries + 1)
        )
        if counted.rowcount == 1 and office.links.code_matches("decision", place.id, typed):
            work.connection.execute(update(decision_links).where(this).values(tries=decision_links.c.tries - 1))
            return
    raise BadInput("This is not the code from your mail. Look at the newest one.", field="code")


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
