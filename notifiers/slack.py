"""Talks to Slack with the official client, and says what came of it.

A new message is posted without the client's own retries: Slack has no idempotency key, and a lost answer must not
become a second message. A post of unknown outcome is looked up by its metadata before it is posted again.
"""

import math
from collections.abc import Iterator
from http.client import HTTPException
from typing import Any
from urllib.error import URLError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.builtin_handlers import (
    ConnectionErrorRetryHandler,
    RateLimitErrorRetryHandler,
    ServerErrorRetryHandler,
)

from notifiers.cards import Block, SlackMessage
from notifiers.outcome import Dead, Result, RetryLater, Sent

TIMEOUT = 10
EVENT_TYPE = "signoff_message"
PAGE, LOOK_BACK = 200, 1_000
SLACK_CLOCK = 300.0  # seconds by which Slack's clock may differ from ours
_PASSING = frozenset(
    {"internal_error", "fatal_error", "service_unavailable", "request_timeout",
     # the installation's own mistakes, which an administrator mends while messages wait
     "invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "missing_scope",
     "not_in_channel"}
)  # fmt: skip
_NETWORK = (URLError, HTTPException, OSError, SlackClientError)


class SlackSender:
    """Slack with one bot token."""

    def __init__(self, token: str, api_url: str) -> None:
        again = [ConnectionErrorRetryHandler(), RateLimitErrorRetryHandler(), ServerErrorRetryHandler()]
        self._once = WebClient(token=token, base_url=api_url, timeout=TIMEOUT, retry_handlers=[])
        self._again = WebClient(token=token, base_url=api_url, timeout=TIMEOUT, retry_handlers=again)

    def post(
        self, conversation: str, message: SlackMessage, outbox_id: int, *, unsure_since: float | None = None
    ) -> Result:
        """Posts a new message; `unsure_since` (POSIX time) looks first whether an attempt since then has arrived."""
        if unsure_since is not None:
            found = self._find(conversation, outbox_id, unsure_since)
            if found is not None:
                return found
        metadata = {"event_type": EVENT_TYPE, "event_payload": {"outbox_id": outbox_id}}
        return _outcome(
            lambda: self._once.chat_postMessage(
                channel=conversation,
                text=message.text,
                blocks=message.blocks,
                metadata=metadata,
                mrkdwn=False,
                unfurl_links=False,
                unfurl_media=False,
            ),
            unsure_when_lost=True,
        )

    def update(self, channel: str, ts: str, message: SlackMessage) -> Result:
        """Shows another content in a message that was posted before; repeating it is harmless."""
        return _outcome(
            lambda: self._again.chat_update(channel=channel, ts=ts, text=message.text, blocks=message.blocks)
        )

    def whisper(self, channel: str, user: str, text: str) -> Result:
        """A message in a channel that one user alone sees."""
        return _outcome(lambda: self._again.chat_postEphemeral(channel=channel, user=user, text=text))

    def open_view(self, trigger_id: str, view: Block) -> Result:
        """A modal; the trigger is good for about three seconds."""
        return _outcome(lambda: self._once.views_open(trigger_id=trigger_id, view=view))

    def check(self) -> Result:
        """Whether the token works; for `signoff doctor`."""
        return _outcome(self._again.auth_test)

    def _find(self, conversation: str, outbox_id: int, since: float) -> Result | None:
        """The message of an earlier attempt; None when it certainly did not arrive. Quick, for a lease is running."""
        try:
            channel = conversation
            if conversation.startswith("U"):
                opened: Any = self._once.conversations_open(users=conversation)
                channel = opened["channel"]["id"]
            for found in self._since(channel, since - SLACK_CLOCK):
                payload = found.get("metadata", {}).get("event_payload", {})
                if payload.get("outbox_id") == outbox_id:
                    return Sent({"channel": channel, "ts": found["ts"]})
        except SlackApiError as error:
            return _refused(error, unsure=True)
        except _NETWORK as error:
            return RetryLater(_short(error), unsure=True)
        return None

    def _since(self, channel: str, oldest: float) -> Iterator[dict[str, Any]]:
        """The channel's messages since then, the newest first; at most LOOK_BACK of them."""
        asked: dict[str, Any] = {"channel": channel, "oldest": f"{oldest:.6f}", "include_all_metadata": True}
        cursor = ""
        for _ in range(LOOK_BACK // PAGE):
            page: Any = self._once.conversations_history(**asked, limit=PAGE, cursor=cursor)
            yield from page["messages"]
            cursor = (page.get("response_metadata") or {}).get("next_cursor", "")
            if not cursor:
                return


def _outcome(call: Any, *, unsure_when_lost: bool = False) -> Result:
    try:
        answer: Any = call()
    except SlackApiError as error:
        return _refused(error, unsure=unsure_when_lost)
    except _NETWORK as error:
        return RetryLater(_short(error), unsure=unsure_when_lost and not _never_left(error))
    return Sent({key: str(answer[key]) for key in ("channel", "ts") if answer.get(key)})


def _refused(error: SlackApiError, *, unsure: bool) -> Result:
    answer: Any = error.response
    status = getattr(answer, "status_code", 0)
    code = answer.get("error", "") if hasattr(answer, "get") and status == 200 else ""
    reason = f"Slack answered {code or status}"
    if status == 429 or code in ("ratelimited", "rate_limited"):
        return RetryLater(reason, after=_seconds(getattr(answer, "headers", {}).get("Retry-After", "1")))
    if status >= 500 or code in _PASSING or not code:
        return RetryLater(reason, unsure=unsure)
    return Dead(reason)


def _never_left(error: BaseException) -> bool:
    """The connection was refused, so nothing can have arrived."""
    cause = getattr(error, "reason", error)
    return isinstance(cause, ConnectionRefusedError)


def _seconds(text: Any) -> float:
    try:
        seconds = float(text)
    except (TypeError, ValueError):
        return 1.0
    return min(max(seconds, 0.0), 3_600.0) if math.isfinite(seconds) else 1.0


def _short(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:200]
