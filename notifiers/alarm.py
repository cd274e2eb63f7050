"""The alarm's own ways out: a plain webhook, and the outside address that hears from us while all is well."""

import logging
from email.message import EmailMessage
from email.utils import formatdate, make_msgid, parseaddr

import httpx

from notifiers.cards import SlackMessage
from notifiers.mail import header

TIMEOUT = 5.0
log = logging.getLogger("signoff.alarm")


def post(url: str, name: str, sentence: str) -> bool:
    """Tells a webhook, as {"text", "alarm"}: the form that chat tools take as it is. Whether it was accepted."""
    return _answers("POST", url, {"text": f"Signoff: {sentence}", "alarm": name})


def ping(url: str) -> bool:
    """Says “all is well” to a dead man's switch."""
    return _answers("GET", url)


def _answers(method: str, url: str, body: dict[str, str] | None = None) -> bool:
    try:
        return httpx.request(method, url, json=body, timeout=TIMEOUT, trust_env=False).is_success
    except httpx.HTTPError as error:
        log.warning("an alarm's address does not answer: %s", type(error).__name__)
        return False


def mail(to: str, sender: str, sentence: str, url: str, now_seconds: float) -> EmailMessage:
    """The alarm as a mail to an administrator."""
    letter = EmailMessage()
    letter["From"], letter["To"] = sender, header(to)
    letter["Subject"] = header(f"Signoff needs you: {sentence}"[:150])
    letter["Date"] = formatdate(now_seconds)
    letter["Message-ID"] = make_msgid(domain=parseaddr(sender)[1].rpartition("@")[2] or "localhost")
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(f"{sentence}\n\nSee what `signoff doctor` says, or look at {url}/readyz\n")
    return letter


def slack_message(sentence: str) -> SlackMessage:
    """The alarm as a Slack message."""
    block = {"type": "section", "text": {"type": "plain_text", "text": f"🚨 {sentence}"[:3_000], "emoji": True}}
    return SlackMessage(text="Signoff needs you", blocks=[block])
