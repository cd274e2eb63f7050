"""A small Slack: the Web API methods that Signoff calls, as strict as Slack where that matters.

https://docs.slack.dev/apis/web-api
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from sqlalchemy import select

from config.sandbox import BOT_TOKEN
from models.tables import people
from web.sandbox.store import SandboxStore
from web.templating import office_of

router = APIRouter()
WAITS = {"slow": 2.0, "hang": 12.0}  # seconds; our client gives up after ten
MAX_BLOCKS = 50


class SlackSays(Exception):
    """An error code of Slack."""


def store_of(request: Request) -> SandboxStore:
    store: SandboxStore = request.app.state.sandbox
    return store


@router.post("/slack/api/{method}")
async def call(request: Request, method: str) -> Response:
    store, arguments = store_of(request), await _arguments(request)
    mode = store.faults.next(f"slack.{method}")
    if mode.startswith("429"):
        return JSONResponse({"ok": False, "error": "ratelimited"}, 429, {"Retry-After": mode.partition(":")[2] or "1"})
    if mode == "refuse":
        return JSONResponse({"ok": False, "error": "internal_error"}, 500)
    answer = _answer(request, method, arguments)
    if mode in WAITS:
        await asyncio.sleep(WAITS[mode])
    if mode == "500":
        return JSONResponse({"ok": False, "error": "internal_error"}, 500)
    if mode == "drop":
        return StreamingResponse(broken_off(), headers={"Content-Length": "1000"}, media_type="application/json")
    if mode == "garbage":
        return Response("<html>", media_type="text/html")
    return JSONResponse(answer)


async def broken_off() -> AsyncIterator[bytes]:
    """An answer that ends in the middle."""
    yield b"{"
    raise ConnectionAbortedError("the stand-in drops the connection")


async def _arguments(request: Request) -> dict[str, Any]:
    if "json" in request.headers.get("content-type", ""):
        found = json.loads(await request.body() or b"{}")
    else:
        found = dict(await request.form())
    for name in ("blocks", "view", "metadata"):
        if isinstance(found.get(name), str):
            found[name] = json.loads(found[name])
    return dict(found)


def _answer(request: Request, method: str, arguments: dict[str, Any]) -> dict[str, Any]:
    if request.headers.get("authorization") != f"Bearer {BOT_TOKEN}":
        return {"ok": False, "error": "invalid_auth"}
    if method not in METHODS:
        return {"ok": False, "error": "unknown_method"}
    try:
        return {"ok": True, **METHODS[method](request, arguments)}
    except SlackSays as said:
        return {"ok": False, "error": str(said)}


def _post(request: Request, arguments: dict[str, Any]) -> dict[str, Any]:
    channel = _channel(str(arguments["channel"]))
    _check_blocks(arguments.get("blocks"))
    store = store_of(request)
    now = office_of(request).clock.now().timestamp()
    message = {
        "text": arguments.get("text", ""),
        "blocks": arguments.get("blocks") or [],
        "metadata": arguments.get("metadata") or {},
        "channel": channel,
        "edited": 0,
    }
    number = store.add("slack", message, channel)
    message["ts"] = f"{int(now)}.{number:06d}"
    store.replace(number, message)
    return {"channel": channel, "ts": message["ts"], "message": message}


def _update(request: Request, arguments: dict[str, Any]) -> dict[str, Any]:
    _check_blocks(arguments.get("blocks"))
    store = store_of(request)
    message = find_message(store, str(arguments["channel"]), str(arguments["ts"]))
    if message is None:
        raise SlackSays("message_not_found")
    message["text"] = arguments.get("text", message["text"])
    message["blocks"] = arguments.get("blocks") or message["blocks"]
    message["edited"] += 1
    store.replace(message.pop("id"), message)
    return {"channel": message["channel"], "ts": message["ts"], "text": message["text"]}


def _whisper(request: Request, arguments: dict[str, Any]) -> dict[str, Any]:
    channel = _channel(str(arguments["channel"]))
    body = {"text": arguments.get("text", ""), "user": arguments["user"], "channel": channel}
    number = store_of(request).add("slack.whisper", body, str(arguments["user"]))
    return {"message_ts": f"{number}.000000"}


def _open_view(request: Request, arguments: dict[str, Any]) -> dict[str, Any]:
    store = store_of(request)
    trigger = store.one("slack.trigger", str(arguments.get("trigger_id", "")))
    if trigger is None:
        raise SlackSays("invalid_trigger_id")
    store.remove(trigger["id"])
    view = arguments["view"]
    if len(view["title"]["text"]) > 24 or len(view.get("private_metadata", "")) > 3_000:
        raise SlackSays("invalid_arguments")
    number = store.add("slack.view", {"view": view, "user": trigger["user"]}, trigger["user"])
    return {"view": {**view, "id": f"V{number}"}}


def _history(request: Request, arguments: dict[str, Any]) -> dict[str, Any]:
    oldest, limit = float(arguments.get("oldest") or 0), int(arguments.get("limit", 100))
    start = int(arguments.get("cursor") or 0)
    everything = store_of(request).all("slack", str(arguments["channel"]), 10_000)
    found = [message for message in reversed(everything) if float(message["ts"]) >= oldest]
    more = str(start + limit) if len(found) > start + limit else ""
    page = found[start : start + limit]
    return {"messages": page, "has_more": bool(more), "response_metadata": {"next_cursor": more}}


def _open_conversation(request: Request, arguments: dict[str, Any]) -> dict[str, Any]:
    return {"channel": {"id": _channel(str(arguments["users"]))}}


def _auth(request: Request, arguments: dict[str, Any]) -> dict[str, Any]:
    return {"team": "Sandbox", "team_id": "T0SANDBOX", "user": "signoff", "user_id": "U0SIGNOFF"}


def _look_up(request: Request, arguments: dict[str, Any]) -> dict[str, Any]:
    with office_of(request).database.reading() as connection:
        row = connection.execute(select(people).where(people.c.email == str(arguments["email"]).lower())).first()
    if row is None or row.slack_id is None:
        raise SlackSays("users_not_found")
    return {"user": {"id": row.slack_id, "name": row.name}}


def find_message(store: SandboxStore, channel: str, ts: str) -> dict[str, Any] | None:
    number = ts.partition(".")[2]
    found = [message for message in store.all("slack", channel) if message["ts"] == ts]
    return found[0] if found and number else None


def _channel(name: str) -> str:
    """Conversations are called by name here: a person's id is the conversation with them."""
    if not name or len(name) > 80:
        raise SlackSays("channel_not_found")
    return name.lstrip("#")


def _check_blocks(blocks: Any) -> None:
    """The limits that Slack enforces and its client does not. https://docs.slack.dev/reference/block-kit/blocks"""
    if blocks is None:
        return
    if not isinstance(blocks, list) or len(blocks) > MAX_BLOCKS:
        raise SlackSays("invalid_blocks")
    for block in blocks:
        limit = {"header": 150, "section": 3_000}.get(block.get("type"), 0)
        text = block.get("text", {}).get("text", "x")
        if (limit and not 0 < len(text) <= limit) or len(block.get("elements", ())) > 25:
            raise SlackSays("invalid_blocks")
        if block.get("type") == "context" and len(block["elements"]) > 10:
            raise SlackSays("invalid_blocks")
        for element in block.get("elements", ()):
            if len(element.get("value", "")) > 2_000:
                raise SlackSays("invalid_blocks")


METHODS: dict[str, Callable[[Request, dict[str, Any]], dict[str, Any]]] = {
    "chat.postMessage": _post,
    "chat.update": _update,
    "chat.postEphemeral": _whisper,
    "views.open": _open_view,
    "conversations.history": _history,
    "conversations.open": _open_conversation,
    "auth.test": _auth,
    "users.lookupByEmail": _look_up,
}
