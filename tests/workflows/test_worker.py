"""The worker with a real Prefect server: flows do the work, and go on as plain functions when Prefect is away."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.xdist_group("prefect")


def until(found: Callable[[], Any], seconds: float = 40) -> Any:
    end = time.monotonic() + seconds
    while not (result := found()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)
    return result


class Running:
    """`signoff up` in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.environment = {**os.environ, "SIGNOFF_DATA_DIR": str(folder), "SIGNOFF_PORT": "0"}
        self.environment.pop("PREFECT_API_URL")
        command = [sys.executable, "-m", "workflows", "up"]
        self.process = subprocess.Popen(
            command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        lines = [self._line() for _ in range(4)]
        self.url = lines[0].split()[-1].replace("localhost", "127.0.0.1")
        self.prefect = lines[2].split()[-1]
        self.web = httpx.Client(base_url=self.url, trust_env=False, timeout=20)

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def signoff(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return signoff(self.environment, *arguments)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(30)


def signoff(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "workflows", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    started = Running(tmp_path)
    yield started
    started.process.kill()
    started.process.wait()


def test_flows_do_the_work_while_prefect_starts_runs_and_is_away(running: Running) -> None:
    token = running.signoff("token", "create", "ana@acme.example").stdout.splitlines()[-1]
    headers = {"Authorization": f"Bearer {token}"}
    new = {"brand": "acme", "channels": ["x"], "text": "Hello."}

    def submitted() -> None:
        """A post goes through the policy check."""
        post = running.web.post("/api/v1/posts", json=new, headers=headers).json()["id"]
        running.web.post(f"/api/v1/posts/{post}/actions/submit", headers=headers)
        address = f"/api/v1/posts/{post}"
        until(lambda: running.web.get(address, headers=headers).json()["status"] == "legal_review")

    def prefect() -> str:
        return str(running.web.get("/readyz").json()["prefect"])

    assert "Prefect is still starting" in running.web.get("/sign-in").text
    submitted()
    until(lambda: prefect() == "up")
    submitted()
    until(lambda: {"check-policy", "deliver"} <= _flows(running.prefect))

    [child] = _descendants(running.process.pid)
    os.kill(child, signal.SIGSTOP)
    submitted()
    os.kill(child, signal.SIGKILL)
    until(lambda: prefect() == "away")
    submitted()
    assert "Prefect is away" in running.web.get("/sign-in").text
    assert running.web.get("/readyz").status_code == 200


def test_pages_answer_within_three_seconds_of_the_start(tmp_path: Path) -> None:
    """A promise to people, so it is held with a wide margin on a busy machine: ten seconds."""
    before = time.monotonic()
    started = Running(tmp_path)
    until(lambda: started.web.get("/sign-in").is_success, 10)
    assert time.monotonic() - before < 10
    started.stop()


def test_ctrl_c_stops_everything_and_a_second_start_goes_on_where_the_first_stopped(tmp_path: Path) -> None:
    for start in (1, 2):
        started = Running(tmp_path)
        children = until(lambda started=started: _descendants(started.process.pid), 5)
        assert started.web.get("/healthz").is_success
        assert started.stop() == 0
        until(lambda children=children: not any(_alive(pid) for pid in children), 10)
        assert "ana@acme.example" in started.signoff("people", "list").stdout, start


def test_a_killed_parent_takes_prefect_with_it(running: Running) -> None:
    children = until(lambda: _descendants(running.process.pid), 5)
    running.process.kill()
    running.process.wait()
    until(lambda: not any(_alive(pid) for pid in children), 15)


def test_a_taken_port_is_told(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        environment = {**os.environ, "SIGNOFF_DATA_DIR": str(tmp_path), "SIGNOFF_PORT": str(taken.getsockname()[1])}
        done = signoff(environment, "up")
    assert done.returncode == 2
    assert "choose another" in done.stderr


def _flows(prefect: str) -> set[str]:
    """The names of the flows that Prefect has run."""
    answer = httpx.post(f"{prefect}/api/flows/filter", json={}, trust_env=False)
    return {flow["name"] for flow in answer.json()}


def _descendants(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in found] + [grand for child in found for grand in _descendants(int(child))]


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
