"""Local stand-ins for Slack, the mail server and the publishing webhook, with pages to look at them.

They speak the real protocols over sockets; nothing inside Signoff knows that they are not the real thing.
"""

from fastapi import FastAPI

from web.sandbox import clock, mailbox, receiver, slack_api, slack_pages
from web.sandbox.store import SandboxStore


def install(app: FastAPI, store: SandboxStore) -> None:
    """Adds the stand-ins and their pages to the application."""
    app.state.sandbox = store
    for room in (slack_api, slack_pages, mailbox, receiver, clock):
        app.include_router(room.router, prefix="/sandbox", include_in_schema=False)
