"""The worker: looks for due work, and runs the flow that does it.

One desk a flow, so that a slow Slack holds up no publication. A desk is woken by a commit in this process, by
PostgreSQL's NOTIFY from another one, or by a look at an indexed query twice a second. What is due stands in the
database alone; a worker that dies leaves nothing behind but leases that run out.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from models.errors import DatabaseTrouble
from workflows import beats, judging, outbox, publication, sealing, timers, watching
from workflows.office import Office, use
from workflows.wakeups import Listener

if TYPE_CHECKING:
    from prefect import Flow

    from workflows.bridge import Bridge

POLL_SECONDS = 0.5
BEAT_SECONDS = 2.0
WATCH_SECONDS = 30.0
JUMP_SECONDS = 5.0
THREADS = 48  # more than all desks can block at once
log = logging.getLogger("signoff.worker")


@dataclass
class Desk:
    """One flow, and how to know when it has something to do: seconds until then, None while there is nothing."""

    name: str
    due_in: Callable[[Office], float | None]
    bell: asyncio.Event = field(default_factory=asyncio.Event)


def _desks() -> list[Desk]:
    return [
        Desk("check_policy", lambda office: 0.0 if judging.waiting(office, 1) else None),
        Desk("deliver", outbox.next_due_in),
        Desk("escalate", timers.next_due_in),
        Desk("publish", publication.next_due_in),
        Desk("checkpoint", sealing.due_in),
        Desk("watch", Rounds(WATCH_SECONDS)),
    ]


class Rounds:
    """A desk that is due every so many seconds, whatever the wall clock says."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._next = time.monotonic() + seconds

    def __call__(self, _office: Office) -> float:
        due_in = self._next - time.monotonic()
        if due_in <= 0:
            self._next = time.monotonic() + self._seconds
        return due_in


class Worker:
    """Runs in a thread of its own beside the web server (`signoff up`), or alone (`signoff worker`)."""

    def __init__(self, office: Office, prefect_api_url: str) -> None:
        self.office = office
        self.name = office.name
        self.prefect = "starting" if prefect_api_url else "off"
        self._api_url = prefect_api_url
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._desks: dict[str, Desk] = {}
        self._thread = threading.Thread(target=self.run, name="signoff-worker", daemon=True)
        self._started_at: datetime = office.clock.now()
        office.database.on_commit(self.wake)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout: float = 15.0) -> None:
        """Lets the running flows end, then ends the thread."""
        if self._loop and self._stopping and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stopping.set)
        if self._thread.is_alive():
            self._thread.join(timeout)

    def wake(self, names: set[str]) -> None:
        """Rings the desks of these flows; from any thread."""
        loop = self._loop
        if loop is None or loop.is_closed():
            return
        for name in names & self._desks.keys():
            loop.call_soon_threadsafe(self._desks[name].bell.set)

    def run(self) -> None:
        """Works until stopped."""
        asyncio.run(self._work())

    async def _work(self) -> None:
        use(self.office)
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        self._loop.set_default_executor(ThreadPoolExecutor(THREADS, "signoff-work"))
        self._desks = {desk.name: desk for desk in _desks()}
        listener = Listener(self.office.database, self.wake)
        listener.start()
        await self._say(self.prefect)
        bridge, flows = await asyncio.to_thread(_import_flows, self._api_url)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._beat(bridge))
                for desk in self._desks.values():
                    group.create_task(self._tend(desk, bridge, flows[desk.name]))
        finally:
            listener.stop()
            await asyncio.to_thread(bridge.close)

    async def _tend(self, desk: Desk, bridge: "Bridge", flow: "Flow[Any, Any]") -> None:
        assert self._stopping is not None
        while not self._stopping.is_set():
            desk.bell.clear()
            try:
                due_in = await asyncio.to_thread(desk.due_in, self.office)
                done = await bridge.run(flow) if due_in is not None and due_in <= 0 else 0
            except DatabaseTrouble as trouble:
                log.warning("%s waits: %s", desk.name, trouble.message)
                due_in, done = None, 0
            except Exception:
                log.exception("%s broke; it is tried again", desk.name)
                due_in, done = None, 0
            if not done:
                await self._rest(desk, due_in)

    async def _rest(self, desk: Desk, due_in: float | None) -> None:
        """Waits for the bell, the next due time, or the next look."""
        pause = POLL_SECONDS if due_in is None or due_in <= 0 else min(due_in, POLL_SECONDS)
        assert self._stopping is not None
        waiting = [asyncio.create_task(event.wait()) for event in (desk.bell, self._stopping)]
        await asyncio.wait(waiting, timeout=pause, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()

    async def _beat(self, bridge: "Bridge") -> None:
        """Says that this worker lives, and whether it reaches Prefect."""
        assert self._stopping is not None
        drift = self._drift()
        while not self._stopping.is_set():
            await bridge.probe()
            jump = self._drift() - drift
            if abs(jump) <= JUMP_SECONDS or await self._tell_of_jump(jump):
                drift = self._drift()
            self.prefect = bridge.state
            await self._say(bridge.state)
            try:
                await asyncio.wait_for(self._stopping.wait(), BEAT_SECONDS)
            except TimeoutError:
                continue

    async def _tell_of_jump(self, seconds: float) -> bool:
        """Notes that the wall clock jumped; False when that could not be written yet."""
        if self.office.settings.in_sandbox:
            return True  # there, people move it
        try:
            await asyncio.to_thread(watching.clock_jumped, self.office, seconds)
        except Exception:
            log.warning("the clock's jump was not written", exc_info=True)
            return False
        return True

    def _drift(self) -> float:
        """How far the wall clock is from the one that never jumps; it should not change."""
        return self.office.clock.now().timestamp() - time.monotonic()

    async def _say(self, prefect: str) -> None:
        try:
            await asyncio.to_thread(beats.write, self.office, self.name, self._started_at, prefect)
        except Exception:
            log.warning("the worker's beat was not written", exc_info=True)


def _import_flows(api_url: str) -> "tuple[Bridge, dict[str, Flow[Any, Any]]]":
    """Prefect takes two seconds to import, so the pages do not wait for it."""
    from workflows.bridge import Bridge
    from workflows.check_policy import check_policy
    from workflows.checkpoint import checkpoint
    from workflows.deliver import deliver
    from workflows.escalate import escalate
    from workflows.publish import publish
    from workflows.watch import watch

    flows: dict[str, Flow[Any, Any]] = {
        "check_policy": check_policy,
        "deliver": deliver,
        "escalate": escalate,
        "publish": publish,
        "checkpoint": checkpoint,
        "watch": watch,
    }
    return Bridge(api_url), flows
