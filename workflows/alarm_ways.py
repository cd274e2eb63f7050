"""Tells the administrators that something is wrong: by the alarm webhook, by mail, by Slack, whichever works.

Sent directly and not through the outbox, which may be what is stuck. Ways that the trouble casts doubt on come last.
"""

import logging
import math
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, select

from models.tables import grants, people
from notifiers import alarm
from notifiers.outcome import Result, RetryLater, Sent
from workflows.office import Office

HOUR = 3_600.0
log = logging.getLogger("signoff.alarm")
_database_told: dict[str, float] = {}
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


def tell_of_database(office: Office, sentence: str) -> None:
    """Tells the webhook, once an hour and process, that the database fails: nothing else can be known without it."""
    now = time.monotonic()
    if now - _database_told.get(office.name, -math.inf) >= HOUR:
        log.error("the database fails: %s", sentence)
        if _by_webhook(office, "database", sentence):
            _database_told[office.name] = now


def _by_webhook(office: Office, name: str, sentence: str) -> bool:
    url = office.settings.alarm_url
    return url is not None and alarm.post(url.get_secret_value(), name, sentence)


def _by_mail(office: Office, sentence: str) -> bool:
    sender = office.senders.mail
    if sender is None:
        return False
    seconds = office.clock.now().timestamp()
    with office.database.reading() as connection:
        addresses = {row.email for row in _administrators(connection)}
    letters = [alarm.mail(to, sender.sender, sentence, office.settings.url, seconds) for to in sorted(addresses)]
    return sum(_arrived(sender.send(letter)) for letter in letters) > 0


def _by_slack(office: Office, sentence: str) -> bool:
    sender = office.senders.slack
    if sender is None:
        return False
    with office.database.reading() as connection:
        users = {row.slack_id for row in _administrators(connection) if row.slack_id}
    message = alarm.slack_message(sentence)
    return sum(_arrived(sender.post(user, message, 0)) for user in sorted(users)) > 0


def _arrived(result: Result) -> bool:
    """Sent, or perhaps: an alarm whose answer was lost is not repeated every half minute."""
    return isinstance(result, Sent) or (isinstance(result, RetryLater) and result.unsure)


def _administrators(connection: Connection) -> list[Any]:
    return list(connection.execute(_ADMINISTRATORS))
