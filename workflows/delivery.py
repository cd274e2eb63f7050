"""Sends one leased message and records the result."""

import logging

from notifiers.outcome import RetryLater
from workflows import outbox, sending
from workflows.office import Office
from workflows.outbox import Leased
from workflows.sending import Dropped

log = logging.getLogger("signoff.delivery")


def deliver_one(office: Office, message: Leased) -> str:
    """What came of it, in one word: Sent, RetryLater, Dead, Dropped, or lost (the lease was taken over)."""
    held = outbox.renew(office, message)
    if held is None:
        return "lost"
    try:
        result = sending.send(office, office.senders, held)
    except Exception as error:
        log.exception("message %s could not be made or sent", message.id)
        result = RetryLater(f"{type(error).__name__}: {error}"[:300], unsure=True)
    if isinstance(result, Dropped):
        recorded = outbox.drop(office, message, result.why)
    else:
        recorded = outbox.record(office, message, result)
    return type(result).__name__ if recorded else "lost"
