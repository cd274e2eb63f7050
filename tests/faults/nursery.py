"""Starts `signoff` processes in a twentieth of a second: one process has everything imported and forks for each order.

Run as a module, it takes orders as JSON lines on its standard input and answers each with the new process's id.
"""

import ctypes
import json
import os
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1


class Nursery:
    """The process that forks; everything that it forked ends with it."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.nursery"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._lock = threading.Lock()
        self.pid = self._process.pid

    def start(self, argv: list[str], env: dict[str, str], log: Path, **more: Any) -> int:
        """A new `signoff` process; returns its id. `more`: crash (a point), lease, poll, pace (s), clock (a file)."""
        order = json.dumps({"argv": argv, "env": env, "log": str(log), **more})
        with self._lock:
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.write(order + "\n")
            self._process.stdin.flush()
            return int(self._process.stdout.readline())

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


def serve() -> None:
    """Takes orders until the standard input ends."""
    _die_with_parent()
    _import_everything()
    assert threading.active_count() == 1, "a process with threads must not fork"
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries the dead
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _become(json.loads(line))
        print(child, flush=True)


def _import_everything() -> None:
    import prefect.main  # noqa: F401
    import psycopg  # noqa: F401
    from sqlalchemy.dialects.postgresql import psycopg as _dialect  # noqa: F401

    import workflows.cli
    import workflows.demo
    import workflows.worker

    workflows.worker._import_flows("")


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _become(order: dict[str, Any]) -> None:
    """Turns this fork into the process that was ordered."""
    from tests.faults import crash_points

    _die_with_parent()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(0)
    os.environ.update(order["env"])
    sys.argv = ["signoff", *order["argv"]]
    if order.get("lease"):
        shorten_leases(float(order["lease"]))
    if order.get("pace"):
        hurry_slack(float(order["pace"]))
    if order.get("poll"):
        look_seldom(float(order["poll"]))
    if order.get("clock"):
        bend_clock(Path(order["clock"]))
    crash_points.install(order.get("crash", ""))
    code = 1
    try:
        from workflows.cli import main

        main()
        code = 0
    except SystemExit as ended:
        code = int(ended.code or 0)
    finally:
        os._exit(code)


def shorten_leases(seconds: float) -> None:
    """Leases that run out while a test can wait for it."""
    from workflows import outbox, publication

    outbox.LEASE = publication.LEASE = timedelta(seconds=seconds)


def hurry_slack(seconds: float) -> None:
    """A Slack that takes messages faster, for tests that are not about its pace."""
    from workflows import pacing

    pacing.EVERY = timedelta(seconds=seconds)
    pacing.BURST, pacing.LATE = 2 * pacing.EVERY, 10 * pacing.EVERY


def look_seldom(seconds: float) -> None:
    """A worker that hardly looks by itself, and so depends on being woken."""
    from workflows import worker

    worker.POLL_SECONDS = seconds


def bend_clock(file: Path) -> None:
    """The system's clock plus the seconds that stand in a file."""
    from workflows.clock import SystemClock

    def now(_self: SystemClock) -> datetime:
        try:
            return datetime.now(UTC) + timedelta(seconds=float(file.read_text()))
        except (OSError, ValueError):
            return datetime.now(UTC)

    SystemClock.now = now  # type: ignore[method-assign]


if __name__ == "__main__":
    serve()
