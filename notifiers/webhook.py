"""Hands a published post over, signed by Standard Webhooks (https://www.standardwebhooks.com).

The receiver must accept an idempotency key once. What it answered decides: accepted, refused, certainly not sent, or
unknown; an unknown one is never sent again by itself.
"""

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
from standardwebhooks import Webhook

from models.canonical import canonical_json

TIMEOUT = 15.0


@dataclass(frozen=True)
class Accepted:
    """The receiver has it. `reference` is its own name for the post, where it gave one."""

    reference: str = ""


@dataclass(frozen=True)
class NotSent:
    """Certainly not out; may be tried again after `after` seconds."""

    reason: str
    after: float | None = None


@dataclass(frozen=True)
class RefusedByReceiver:
    """The receiver will not take it as it is."""

    reason: str


@dataclass(frozen=True)
class Unknown:
    """The answer was lost, or says nothing about what was done."""

    reason: str


Handover = Accepted | NotSent | RefusedByReceiver | Unknown


class Publisher:
    """The webhook that publishes; the secret is of the form whsec_…"""

    def __init__(self, url: str, secret: str) -> None:
        self._url = url
        self._signer = Webhook(secret)
        self._client = httpx.Client(timeout=TIMEOUT, trust_env=False, follow_redirects=False)

    def hand_over(self, key: str, payload: dict[str, Any], now: datetime) -> Handover:
        """Sends the payload once, under its idempotency key."""
        body = canonical_json(payload)
        headers = {
            "content-type": "application/json",
            "idempotency-key": key,
            "webhook-id": key,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._signer.sign(key, now, body.decode()),
        }
        try:
            answer = self._client.post(self._url, content=body, headers=headers)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol) as error:
            return NotSent(f"The publishing webhook cannot be reached ({type(error).__name__}).")
        except httpx.HTTPError as error:
            return Unknown(f"The publishing webhook's answer was lost ({type(error).__name__}).")
        return _judge(answer)

    def close(self) -> None:
        self._client.close()


def _judge(answer: httpx.Response) -> Handover:
    status = answer.status_code
    if answer.is_success:
        return Accepted(_reference(answer))
    if status == 429:
        return NotSent("The publishing webhook asks to wait (429).", _seconds(answer.headers.get("retry-after")))
    if status >= 500 or answer.is_redirect:
        return Unknown(f"The publishing webhook answered {status}, which does not say whether the post went out.")
    return RefusedByReceiver(f"The publishing webhook refused the post ({status}).")


def _reference(answer: httpx.Response) -> str:
    try:
        found = answer.json()
    except ValueError:
        return ""
    return str(found.get("id", ""))[:200] if isinstance(found, dict) else ""


def _seconds(text: str | None) -> float | None:
    try:
        seconds = float(text or "")
    except ValueError:
        return None
    return min(max(seconds, 0.0), 3_600.0) if math.isfinite(seconds) else None
