"""Tells the administrators that something is wrong: by the alarm webhook, by mail, by Slack, whichever works.

Sent directly and not through the outbox, which may be what is stuck. Ways that the trouble casts doubt on come last.
"""

import logging
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, select

from models.tables import grants, people
from notifiers import alarm
from notifiers.outcome import Sent
from workflows.office import Office

log = logging.getLogger("signoff.alarm")
_ADMINISTRATORS = (
    select(people.c.email, people.c.slack_id)
    .join(grants, grants.c.person_id == people.c.id)
    .where(grants.c.role == "admin", grants.c.revoked_at.is_(None), people.c.deactivated_at.is_(None))
    .distinct()
)


def tell(office: Office, name: str, sentence: str, doubtful: frozenset[str]) -> bool:
    """Tells it by the first way that works; whether one did. The log has it in any case."""
    ways: dict[str, Callable[[], bool]] = {
        "webhook": lambda: _by_webhook(office, name, sentence),
        "mail": lambda: _by_mail(office, sentence),
        "slack": lambda: _by_slack(office, sentence),
    }
    for way in sorted(ways, key=lambda way: (way in doubtful, list(ways).index(way))):
        try:
            if ways[way]():
                return True
        except Exception:
            log.exception("the alarm by %s broke", way)
    return False


def _by_webhook(office: Office, name: str, sentence: str) -> bool:
    return bool(office.settings.alarm_url) and alarm.post(office.settings.alarm_url, name, sentence)


def _by_mail(office: Office, sentence: str) -> bool:
    sender = office.senders.mail
    if sender is None:
        return False
    seconds = office.clock.now().timestamp()
    with office.database.reading() as connection:
        addresses = {row.email for row in _administrators(connection)}
    letters = [alarm.mail(to, sender.sender, sentence, office.settings.url, seconds) for to in sorted(addresses)]
    return sum(isinstance(sender.send(letter), Sent) for letter in letters) > 0


def _by_slack(office: Office, sentence: str) -> bool:
    sender = office.senders.slack
    if sender is None:
        return False
    with office.database.reading() as connection:
        users = {row.slack_id for row in _administrators(connection) if row.slack_id}
    message = alarm.slack_message(sentence)
    return sum(isinstance(sender.post(user, message, 0), Sent) for user in sorted(users)) > 0


def _administrators(connection: Connection) -> list[Any]:
    return list(connection.execute(_ADMINISTRATORS))
