"""The sandbox's publisher: takes published posts by Standard Webhooks, each idempotency key once, and shows them."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from standardwebhooks import Webhook

from web.sandbox.slack_api import WAITS, broken_off, store_of
from web.templating import office_of, render

router = APIRouter()


@router.post("/receiver")
async def receive(request: Request) -> Response:
    """Verifies the signature and keeps the post; what comes again under the same key is not kept twice."""
    store, body = store_of(request), await request.body()
    mode = store.faults.next("receiver")
    if mode.startswith("429"):
        return JSONResponse({"error": "slow down"}, 429, {"Retry-After": mode.partition(":")[2] or "1"})
    if mode == "refuse":
        return JSONResponse({"error": "no"}, 422)
    secret = office_of(request).settings.publish_secret
    stamp = office_of(request).clock.now()
    if secret is None or not _is_ours(secret.get_secret_value(), body, request, stamp.timestamp()):
        return JSONResponse({"error": "bad signature"}, 401)
    key = request.headers.get("idempotency-key", "")
    known = store.one("published", key)
    document: dict[str, Any] = {"key": key, "at": stamp.isoformat(), "post": json.loads(body)}
    number = known["id"] if known else store.add("published", document, key)
    store.add("handover", {"key": key}, key)
    if mode in WAITS:
        await asyncio.sleep(WAITS[mode] * 1.5)
    if mode == "500":
        return JSONResponse({"error": "broke afterwards"}, 500)
    if mode == "drop":
        return StreamingResponse(broken_off(), headers={"Content-Length": "1000"})
    return JSONResponse({"id": f"published-{number}", "duplicate": bool(known)})


def _is_ours(secret: str, body: bytes, request: Request, now: float) -> bool:
    """The signature fits, and its time is within five minutes of the sandbox's clock."""
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    identity, stamp, signature = (request.headers.get(name, "") for name in names)
    if not stamp.isdigit() or abs(now - int(stamp)) > 300:
        return False
    expected = Webhook(secret).sign(identity, datetime.fromtimestamp(int(stamp), UTC), body.decode())
    return expected in signature.split()


@router.get("/receiver")
def published(request: Request) -> Response:
    posts = list(reversed(store_of(request).all("published", last=200)))
    return render(request, "sandbox_receiver.html", {"posts": posts})
