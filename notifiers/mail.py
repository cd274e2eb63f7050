"""E-mail: one thread per post, text and HTML from Jinja2, sent over SMTP.

Mails are at least once: when the connection breaks after the text was handed over, the outcome is unknown, and the
mail is sent again under the same Message-ID.
"""

import hashlib
import re
import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formataddr, formatdate, parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import css_inline
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from notifiers.outcome import Dead, Result, RetryLater, Sent
from notifiers.views import PostView, when
from notifiers.wording import Wording

TIMEOUT = 10
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")
_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters["when"] = when


@dataclass(frozen=True)
class Letter:
    """What a mail says. `link` and `code` lead to a decision where the wording asks for one."""

    to: str
    to_name: str
    zone: str
    wording: Wording
    post: PostView | None = None
    link: str = ""
    code: str = ""
    unique: str = ""


def header(text: str) -> str:
    """A header value on one line. Control characters become spaces, and encoded words (RFC 2047) are broken up:
    the library would decode what a person typed, line breaks included.
    """
    return _CONTROL.sub(" ", text).replace("=?", "= ?").strip()


def compose(letter: Letter, sender: str, now_seconds: float) -> EmailMessage:
    """The mail with all its headers. `sender` is `Name <address>`; `now_seconds` is POSIX time."""
    mail = EmailMessage()
    name, address = parseaddr(sender)
    domain = address.rpartition("@")[2] or "localhost"
    mail["From"] = formataddr((header(name), address))
    mail["To"] = formataddr((header(letter.to_name), header(letter.to)))
    mail["Subject"] = header(_subject(letter))
    mail["Date"] = formatdate(now_seconds)
    mail["Message-ID"] = f"<{hashlib.sha256(letter.unique.encode()).hexdigest()[:40]}@{domain}>"
    if letter.post:
        root = f"<post-{letter.post.id}-{int(letter.post.created_at.timestamp())}@{domain}>"
        mail["In-Reply-To"] = root
        mail["References"] = root
    mail["Auto-Submitted"] = "auto-generated"
    facts = _facts(letter)
    mail.set_content(_TEMPLATES.get_template("mail.txt").render(facts))
    html = _TEMPLATES.get_template("mail.html").render(facts)
    mail.add_alternative(css_inline.inline(html, load_remote_stylesheets=False), subtype="html")
    return mail


def _subject(letter: Letter) -> str:
    """One subject for all mails of a post, whatever was edited since, so that they stay one thread everywhere."""
    if letter.post is None:
        return letter.wording.title
    return f"[{letter.post.brand_name}] Post {letter.post.id}: {letter.post.first_headline}"


def _facts(letter: Letter) -> dict[str, Any]:
    return {
        "letter": letter,
        "post": letter.post,
        "wording": letter.wording,
        "zone": letter.zone,
        "link": letter.link or (letter.post.url if letter.post else ""),
    }


class MailSender:
    """An SMTP server: smtp://[user:password@]host[:port] (STARTTLS where offered), or smtps://…"""

    def __init__(self, url: str, sender: str) -> None:
        parts = urlsplit(url)
        self._secure = parts.scheme == "smtps"
        self._host = parts.hostname or "localhost"
        self._port = parts.port or (465 if self._secure else 587 if parts.username else 25)
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        self.sender = sender

    def send(self, mail: EmailMessage) -> Result:
        """Hands the mail over; never raises for what a mail server may say."""
        try:
            server = self._connect()
        except (smtplib.SMTPException, OSError) as error:
            return RetryLater(f"{type(error).__name__}: {error}"[:200])
        try:
            server.send_message(mail)
        except smtplib.SMTPRecipientsRefused as error:
            code, text = next(iter(error.recipients.values()))
            return _answered(code, text)
        except smtplib.SMTPResponseException as error:
            return _answered(error.smtp_code, error.smtp_error)
        except (smtplib.SMTPException, OSError) as error:
            return RetryLater(f"{type(error).__name__}: {error}"[:200], unsure=True)
        finally:
            _part(server)
        return Sent()

    def check(self) -> Result:
        """Whether the server answers; for `signoff doctor`."""
        try:
            _part(self._connect())
        except (smtplib.SMTPException, OSError) as error:
            return RetryLater(f"{type(error).__name__}: {error}"[:200])
        return Sent()

    def _connect(self) -> smtplib.SMTP:
        """Certificates are verified, and a password is never sent in clear."""
        tls = ssl.create_default_context()
        server: smtplib.SMTP
        if self._secure:
            server = smtplib.SMTP_SSL(self._host, self._port, timeout=TIMEOUT, context=tls)
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=TIMEOUT)
        try:
            server.ehlo_or_helo_if_needed()
            if not self._secure and (self._user or server.has_extn("starttls")):
                server.starttls(context=tls)
            if self._user:
                server.login(self._user, self._password)
        except BaseException:
            server.close()
            raise
        return server


def _part(server: smtplib.SMTP) -> None:
    """Says goodbye; what the server answers to that changes nothing."""
    try:
        server.quit()
    except (smtplib.SMTPException, OSError):
        server.close()


def _answered(code: int, text: Any) -> Result:
    said = text.decode(errors="replace") if isinstance(text, bytes) else str(text)
    reason = f"The mail server answered {code} {said}"[:300]
    return RetryLater(reason) if 400 <= code < 500 else Dead(reason)
