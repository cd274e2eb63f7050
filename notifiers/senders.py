"""The ways out for messages."""

from dataclasses import dataclass

from notifiers.mail import MailSender
from notifiers.slack import SlackSender


@dataclass(frozen=True)
class Senders:
    """Slack and mail, each None where it is not configured."""

    slack: SlackSender | None = None
    mail: MailSender | None = None
