"""Runs flows by Prefect while it answers, and as plain functions while it does not. Prefect's state decides nothing.

The flows are re-entrant, so a flow that Prefect broke off is simply run again.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, cast

import httpx
from prefect import Flow
from prefect.events.worker import EventsWorker
from prefect.settings import PREFECT_API_URL, temporary_settings

from models.errors import SignoffError

log = logging.getLogger("signoff.prefect")
PROBE_SECONDS = 1.0
PATIENCE_SECONDS = 1.0
DRAIN_SECONDS = 2.0
Body = Callable[[], Awaitable[int]]


class Bridge:
    """The way to a Prefect server. `state` is off (none configured), starting, up, or away."""

    def __init__(self, api_url: str) -> None:
        self._api_url = api_url
        self.state = "starting" if api_url else "off"
        self._one_at_a_time = asyncio.Lock()

    async def probe(self) -> None:
        """Looks whether Prefect answers; called by the worker every few seconds."""
        if not self._api_url:
            return
        try:
            async with httpx.AsyncClient(timeout=PROBE_SECONDS, trust_env=False) as client:
                answer = await client.get(f"{self._api_url.rstrip('/')}/health")
            reached = answer.status_code == 200
        except Exception:
            reached = False
        self._note(reached)

    def _note(self, reached: bool) -> None:
        before = self.state
        if reached:
            self.state = "up"
        elif before == "up":
            self.state = "away"
        if self.state != before:
            log.warning("Prefect is %s%s", self.state, "" if reached else "; the worker goes on without it")

    async def run(self, flow: Flow[Any, Any]) -> int:
        """Runs one flow to its end and returns how much work there was."""
        if self.state == "up" and await self._turn():
            try:
                with temporary_settings(updates={PREFECT_API_URL: self._api_url}):
                    return int(await cast(Body, flow)())
            except SignoffError:
                raise
            except Exception as error:
                log.warning("Prefect did not run %s (%s); running it without", flow.name, type(error).__name__)
                await self.probe()
            finally:
                self._one_at_a_time.release()
        return int(await cast(Body, flow.fn)())

    def close(self) -> None:
        """Hands Prefect the events that still wait for it, so that ending the process does not wait for them."""
        if self._api_url:
            EventsWorker.drain_all(timeout=DRAIN_SECONDS)

    async def _turn(self) -> bool:
        """Waits a moment for the flow before; Prefect's own SQLite answers two at once with 503 after two seconds."""
        try:
            await asyncio.wait_for(self._one_at_a_time.acquire(), PATIENCE_SECONDS)
        except TimeoutError:
            return False
        return True
