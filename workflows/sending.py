"""Sends one leased message: looks at the post as it stands now, renders, hands over to Slack or mail.

A request that became pointless meanwhile is dropped, not sent. What a card shows is always the post's newest state.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from models.errors import NotFound
from models.messages import ASKS, BRAND
from models.tables import brands, cards, decision_links, outbox, people
from notifiers import cards as card_design
from notifiers import mail as mail_design
from notifiers.mail import Letter
from notifiers.outcome import Dead, Result, RetryLater, Sent
from notifiers.senders import Senders
from notifiers.slack import SlackSender
from notifiers.views import PostView
from notifiers.wording import Reader, Wording, word
from workflows import facts, notices, views
from workflows.office import Office
from workflows.outbox import Leased
from workflows.people import person_by_id

NO_SLACK = RetryLater("Slack is not configured for this worker (SIGNOFF_SLACK_BOT_TOKEN).")


@dataclass(frozen=True)
class Dropped:
    """Nobody needs the message any more."""

    why: str


def send(office: Office, senders: Senders, message: Leased) -> Result | Dropped:
    """Delivers one message, or says why not. Blocks for as long as Slack or the mail server takes."""
    if message.kind == "cards":
        return _update_cards(office, senders, message)
    if message.kind == "open_card":
        return _open_card(office, senders, message)
    try:
        person, post = _read(office, message)
    except NotFound as error:
        return Dead(error.message)
    if pointless := _pointless(office, message, person, post):
        return Dropped(pointless)
    if message.medium == "slack":
        return _send_note(senders, message, person, post)
    return _send_mail(office, senders, message, person, post)


def _read(office: Office, message: Leased) -> tuple[Row[Any], PostView | None]:
    with office.database.reading() as connection:
        return person_by_id(connection, int(message.recipient)), _post(connection, office, message)


def _post(connection: Connection, office: Office, message: Leased) -> PostView | None:
    if message.post_id is None:
        return None
    return views.post_view(connection, office, message.post_id, office.clock.now())


def _pointless(office: Office, message: Leased, person: Row[Any], post: PostView | None) -> str | None:
    """Why a message need not be sent any more; None when it still makes sense."""
    if person.deactivated_at is not None:
        return "the recipient is deactivated"
    if post is None or message.kind not in ASKS:
        return None
    if not post.in_review:
        return "the review is over"
    with office.database.reading() as connection:
        state = views.post_state(connection, post.id, office.clock.now())
    if any(d.person == person.id and d.stage == post.status and state.is_about_this(d) for d in state.decisions):
        return "the recipient has decided"
    return None


# --- mail -----------------------------------------------------------------------------------------------------


def _send_mail(
    office: Office, senders: Senders, message: Leased, person: Row[Any], post: PostView | None
) -> Result | Dropped:
    if senders.mail is None:
        return RetryLater("Mail is not configured for this worker (SIGNOFF_SMTP_URL).")
    if post is None:
        wording, link, code = _SIGN_IN, office.links.sign_in(int(message.payload["link"])), ""
    else:
        wording = word(message.kind, post, Reader(person.name, person.timezone), message.payload.get("reason", ""))
        link, code = _way_to_decide(office, post, person.id) if wording.decides else ("", "")
    letter = Letter(
        to=person.email,
        to_name=person.name,
        zone=person.timezone,
        wording=wording,
        post=post,
        link=link,
        code=code,
        unique=message.dedupe_key,
    )
    mail = mail_design.compose(letter, senders.mail.sender, message.created_at.timestamp())
    return senders.mail.send(mail)


_SIGN_IN = Wording("Sign in to Signoff", "This link signs you in. It works once, for 15 minutes.", "Sign in")


def _way_to_decide(office: Office, post: PostView, person_id: int) -> tuple[str, str]:
    row_id = _decision_link(office, post, person_id)
    return office.links.decision(row_id), office.links.code("decision", row_id)


def _decision_link(office: Office, post: PostView, person_id: int) -> int:
    """The row of this person's decision link for this stage and content; made when it is not there yet."""
    key = {"post_id": post.id, "revision": post.content_revision, "stage": post.status, "person_id": person_id}
    with office.database.unit_of_work() as work:
        found = work.connection.execute(select(decision_links.c.id).filter_by(**key)).scalar()
        if found is not None:
            return int(found)
        row = {**key, "digest": post.digest, "tries": 0, "created_at": office.clock.now()}
        return int(work.connection.execute(insert(decision_links).returning(decision_links.c.id), row).scalar_one())


# --- Slack ----------------------------------------------------------------------------------------------------


def _send_note(senders: Senders, message: Leased, person: Row[Any], post: PostView | None) -> Result | Dropped:
    if senders.slack is None or post is None:
        return NO_SLACK
    if person.slack_id is None:
        return Dropped("the recipient has no Slack account here; the mail tells them")
    wording = word(message.kind, post, Reader(person.name, person.timezone), message.payload.get("reason", ""))
    return senders.slack.post(
        person.slack_id, card_design.note(post, wording), message.id, unsure_since=_unsure_since(message)
    )


def _open_card(office: Office, senders: Senders, message: Leased) -> Result | Dropped:
    """Posts a new card, and remembers where, so that it can be kept up to date."""
    if senders.slack is None:
        return NO_SLACK
    with office.database.reading() as connection:
        post = _post(connection, office, message)
        conversation = _conversation(connection, message, post)
    if post is None or conversation is None:
        return Dropped("there is no Slack conversation for it")
    result = senders.slack.post(conversation, card_design.card(post), message.id, unsure_since=_unsure_since(message))
    if isinstance(result, Sent):
        _remember_card(office, message, post, conversation, result)
    return result


def _unsure_since(message: Leased) -> float | None:
    """Since when an attempt of unknown outcome may have arrived, as POSIX time; None when there was none."""
    return message.created_at.timestamp() if message.unsure else None


def _conversation(connection: Connection, message: Leased, post: PostView | None) -> str | None:
    if post and message.recipient == BRAND:
        return connection.execute(select(brands.c.slack_channel).where(brands.c.slug == post.brand)).scalar()
    return connection.execute(select(people.c.slack_id).where(people.c.id == int(message.recipient))).scalar()


def _remember_card(office: Office, message: Leased, post: PostView, conversation: str, sent: Sent) -> None:
    """What the card shows is certain only when it was posted just now; one that was found again is updated."""
    shown = 0 if message.unsure else post.version
    reference = {"channel_id": sent.reference.get("channel"), "ts": sent.reference.get("ts"), "shown_version": shown}
    key = {"post_id": post.id, "conversation": conversation, "opened_version": message.post_version or 0}
    with office.database.unit_of_work() as work:
        if work.connection.execute(select(cards.c.id).filter_by(**key)).first() is None:
            work.connection.execute(insert(cards), {**key, **reference})
        if facts.post_row(work.connection, post.id).version > shown:
            now, unique = office.clock.now(), f"open:{message.id}:{message.attempt}"
            again = notices.message("cards", "slack", BRAND, now, post_id=post.id, unique=unique)
            work.connection.execute(insert(outbox), again)
            work.wakes.add("deliver")


def _update_cards(office: Office, senders: Senders, message: Leased) -> Result | Dropped:
    """Makes every card of the post show its newest state; one that is gone does not hold up the others."""
    if senders.slack is None or message.post_id is None:
        return NO_SLACK
    with office.database.reading() as connection:
        version = facts.post_row(connection, message.post_id).version
        behind = connection.execute(
            select(cards).where(
                cards.c.post_id == message.post_id, cards.c.shown_version < version, cards.c.ts.is_not(None)
            )
        ).all()
        post = views.post_view(connection, office, message.post_id, office.clock.now())
    results = [_update_card(office, senders.slack, row, post) for row in behind]
    return next((result for result in results if isinstance(result, RetryLater)), Sent())


def _update_card(office: Office, slack: SlackSender, row: Row[Any], post: PostView) -> Result:
    result = slack.update(row.channel_id, row.ts, card_design.card(post))
    columns: dict[str, Any] = {"shown_version": post.version} if isinstance(result, Sent) else {"ts": None}
    if not isinstance(result, RetryLater):
        with office.database.unit_of_work() as work:
            shown = update(cards).where(cards.c.id == row.id, cards.c.shown_version < post.version)
            work.connection.execute(shown.values(columns))
    return result
