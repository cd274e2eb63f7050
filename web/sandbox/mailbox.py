"""The sandbox's mail server, and the mailbox page."""

import asyncio
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from fastapi import APIRouter, Request, Response

from models.errors import NotFound
from web.sandbox.slack_api import WAITS, store_of
from web.sandbox.store import SandboxStore
from web.templating import render

router = APIRouter()
PAGE_CSP = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; frame-src 'self'; base-uri 'self'"
)


class Postbox:
    """Takes every mail; says no when it is told to."""

    def __init__(self, store: SandboxStore) -> None:
        self._store = store

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        mode = self._store.faults.next("smtp")
        if mode == "refuse":
            return "451 4.3.0 try again later"
        if mode == "reject":
            return "550 5.1.1 no such mailbox"
        if mode in WAITS:
            await asyncio.sleep(WAITS[mode] * 1.5)
        self._store.add("mail", _document(envelope), str(envelope.rcpt_tos[0]).lower())
        if mode == "500":
            return "451 4.3.0 taken, but told otherwise"
        return "250 2.0.0 taken"


def _document(envelope: Envelope) -> dict[str, Any]:
    raw = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
    mail = message_from_bytes(raw, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    return {
        "to": [str(address) for address in envelope.rcpt_tos],
        "subject": str(mail["Subject"]),
        "from": str(mail["From"]),
        "date": str(mail["Date"]),
        "message_id": str(mail["Message-ID"]),
        "references": str(mail["References"] or ""),
        "headers": [name for name, _ in mail.items()],
        "text": _part(mail, "plain"),
        "html": _part(mail, "html"),
    }


def _part(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    return str(body.get_content()) if body else ""


class MailServer(Controller):
    """The controller, on whatever port is free."""

    def _trigger_server(self) -> None:
        bound: Any = self.server
        self.port = bound.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


def start_smtp(store: SandboxStore) -> MailServer:
    """A mail server on a free loopback port, in a thread of its own."""
    server = MailServer(Postbox(store), hostname="127.0.0.1", port=0, ready_timeout=5, data_size_limit=10_000_000)
    server.start()
    return server


@router.get("/mail")
def mailbox(request: Request, to: str = "") -> Response:
    store = store_of(request)
    mails = list(reversed(store.all("mail", to or None, last=200)))
    return render(request, "sandbox_mail.html", {"mails": mails, "to": to, "addresses": store.names("mail")})


@router.get("/mail/{number}")
def mail(request: Request, number: int) -> Response:
    found = [mail for mail in store_of(request).all("mail", last=5_000) if mail["id"] == number]
    if not found:
        raise NotFound("There is no such mail.")
    page = render(request, "sandbox_mail_one.html", {"mail": found[0]})
    page.headers["Content-Security-Policy"] = PAGE_CSP
    return page
