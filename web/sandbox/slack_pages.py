"""The sandbox's Slack in the browser: conversations, cards, buttons. A press goes back signed, as Slack does it."""

import asyncio
import json
import secrets
from typing import Any
from urllib.parse import urlencode

import httpx
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from slack_sdk.signature import SignatureVerifier
from sqlalchemy import select

from models.errors import BadInput
from models.tables import brands, people
from web.forms import read_form
from web.sandbox.slack_api import find_message, store_of
from web.templating import office_of, render
from workflows.office import Office

router = APIRouter()
WAIT_SECONDS = 1.5


@router.get("/slack")
def workspace(request: Request, user: str = "", channel: str = "") -> Response:
    """The workspace as one of its users sees it."""
    office, store = office_of(request), store_of(request)
    with office.database.reading() as connection:
        users = connection.execute(
            select(people.c.slack_id, people.c.name).where(people.c.slack_id.is_not(None)).order_by(people.c.id)
        ).all()
        rooms = connection.execute(select(brands.c.slack_channel).order_by(brands.c.slug)).scalars().all()
    user = user or (users[2].slack_id if len(users) > 2 else users[0].slack_id if users else "")
    rooms = [*filter(None, rooms), user]
    channel = channel if channel in rooms else rooms[0]
    views = store.all("slack.view", user)
    facts = {
        "users": users,
        "user": user,
        "names": {row.slack_id: row.name for row in users},
        "rooms": rooms,
        "counts": {room: len(store.all("slack", room)) for room in rooms},
        "channel": channel,
        "messages": store.all("slack", channel, last=50),
        "whispers": [w for w in store.all("slack.whisper", user, last=3) if w["channel"] == channel],
        "modal": views[-1] if views else None,
        "error": request.query_params.get("error", "")[:200],
    }
    return render(request, "sandbox_slack.html", facts)


@router.post("/slack/press")
async def press(request: Request) -> Response:
    """A button of a card: becomes a signed block_actions request."""
    typed = await read_form(request)
    store, user, channel = store_of(request), typed.get("user"), typed.get("channel")
    message = find_message(store, channel, typed.get("ts"))
    if message is None:
        raise BadInput("There is no such message.")
    trigger = secrets.token_hex(8)
    store.add("slack.trigger", {"user": user}, trigger)
    payload = {
        "type": "block_actions",
        "team": {"id": "T0SANDBOX"},
        "user": {"id": user},
        "channel": {"id": channel},
        "trigger_id": trigger,
        "message": {"ts": message["ts"]},
        "actions": [{"action_id": typed.get("action_id"), "value": typed.get("value"), "type": "button"}],
    }
    await _deliver(request, office_of(request), payload, {"user": user, "channel": channel})
    return _back(user, channel)


@router.post("/slack/submit")
async def submit(request: Request) -> Response:
    """A modal's button: becomes a signed view_submission request."""
    typed = await read_form(request)
    store, user, channel = store_of(request), typed.get("user"), typed.get("channel")
    pending = store.all("slack.view", user)
    for view in pending:
        store.remove(view["id"])
    if not pending or typed.get("cancel"):
        return _back(user, channel)
    values = {"reason": {"reason": {"type": "plain_text_input", "value": typed.get("reason") or None}}}
    payload = {
        "type": "view_submission",
        "team": {"id": "T0SANDBOX"},
        "user": {"id": user},
        "view": {**pending[-1]["view"], "state": {"values": values}},
    }
    answer = await _deliver(request, office_of(request), payload, {"user": user, "channel": channel})
    errors = answer.get("errors", {})
    return _back(user, channel, error=next(iter(errors.values()), ""))


def _back(user: str, channel: str, error: str = "") -> Response:
    query = {"user": user, "channel": channel, **({"error": error} if error else {})}
    return RedirectResponse(f"/sandbox/slack?{urlencode(query)}", status_code=303)


async def _deliver(request: Request, office: Office, payload: dict[str, Any], place: dict[str, str]) -> dict[str, Any]:
    """Sends a payload to Signoff as Slack would, and waits a moment for what it sets off."""
    store = store_of(request)
    before = store.state()
    body = urlencode({"payload": json.dumps(payload)})
    async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
        address = f"http://127.0.0.1:{office.settings.port}/slack/interactivity"
        answer = await client.post(address, content=body, headers=signed_headers(office, body))
    for _ in range(int(WAIT_SECONDS / 0.1)):
        if store.state() != before:
            break
        await asyncio.sleep(0.1)
    await asyncio.sleep(0.2)
    return dict(answer.json()) if answer.content else {}


def signed_headers(office: Office, body: str) -> dict[str, str]:
    """The headers by which Slack proves who it is."""
    secret = office.settings.slack_signing_secret
    if secret is None:
        raise BadInput("The sandbox has no signing secret.")
    stamp = str(int(office.clock.now().timestamp()))
    signature = SignatureVerifier(secret.get_secret_value()).generate_signature(timestamp=stamp, body=body)
    return {
        "content-type": "application/x-www-form-urlencoded",
        "x-slack-request-timestamp": stamp,
        "x-slack-signature": str(signature),
    }
