"""A running Signoff over HTTP: clicks of fifty clients, the way to the Slack card, the queue page, start-up, memory."""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import httpx
from sqlalchemy import insert, select, text

from benchmarks.place import Place, draft
from benchmarks.table import Line, limit, percentile
from models.statuses import Surface
from models.tables import posts
from tests.faults.fleet import Fleet, free_port, until
from tests.faults.nursery import Nursery
from web import session
from web.sandbox.slack_pages import signed_headers
from workflows import actions, judging

CLIENTS, CLICKS, CARDS, POSTS, PAGES = 50, 20, 20, 100_000, 60


def run(place: Place) -> Iterator[Line]:
    """The lines of the table."""
    nursery = Nursery()
    try:
        for kind in ("SQLite", "PostgreSQL"):
            yield from _on(place, nursery, kind)
    finally:
        nursery.close()
    yield from _start_up(place)


@contextlib.contextmanager
def _fleet(place: Place, nursery: Nursery, kind: str) -> Iterator[Fleet]:
    """One web process and one worker, not started yet, with the product's own leases and pace."""
    folder = place.new_folder()
    url = place.database_url(kind) or f"sqlite:///{folder}/signoff.db"
    fleet = Fleet(folder, nursery, url, webs=1, workers=1, lease=0)
    fleet.pace = 0.0
    try:
        yield fleet
    finally:
        fleet.close()


def _on(place: Place, nursery: Nursery, kind: str) -> Iterator[Line]:
    with _fleet(place, nursery, kind) as fleet:
        waiting = [_in_review(fleet, number) for number in range(CLIENTS * CLICKS)]
        fleet.start("web-1")
        until(fleet.all_answer)
        floor = sorted(asyncio.run(_clients(fleet, "GET", [None] * len(waiting))))
        clicks = sorted(asyncio.run(_clients(fleet, "POST", waiting)))
        yield limit(f"click to acknowledgement, {CLIENTS} clients, p50, {kind} (floor: /healthz)",
                    percentile(clicks, 0.5) * 1e3, 150, "ms", percentile(floor, 0.5) * 1e3)  # fmt: skip
        yield limit(f"click to acknowledgement, {CLIENTS} clients, p99, {kind} (floor: /healthz)",
                    percentile(clicks, 0.99) * 1e3, 150, "ms", percentile(floor, 0.99) * 1e3)  # fmt: skip
        _fill(fleet)
        seconds, size = _pages(fleet)
        yield limit(f"queue page, {POSTS:,} posts, p95, {kind}", percentile(seconds, 0.95) * 1e3, 100, "ms")
        yield limit(f"queue page, {POSTS:,} posts, size, {kind}", size / 1e3, 150, "kB")
    yield from _cards(place, nursery, kind)


def _in_review(fleet: Fleet, number: int) -> int:
    post = draft(fleet.office, number)
    actions.submit(fleet.office, post, 1, Surface.API)
    judging.judge(fleet.office, post)
    return post


async def _clients(fleet: Fleet, method: str, waiting: list[int | None] | list[int]) -> list[float]:
    """The seconds that each request took; fifty keep-alive clients, each with one request at a time."""
    bodies = [urlencode({"payload": json.dumps(_payload(post))}) for post in waiting]
    headers = [signed_headers(fleet.outside.office, body) for body in bodies]
    jobs = list(zip(bodies, headers, strict=True))
    taken: list[float] = []
    all_ready = asyncio.Barrier(CLIENTS)

    async def client() -> None:
        async with httpx.AsyncClient(trust_env=False, timeout=60) as web:
            await web.get(f"{fleet.urls[0]}/healthz")  # connected before the clock starts
            await all_ready.wait()
            while jobs:
                body, signed = jobs.pop()
                began = time.perf_counter()
                if method == "GET":
                    answer = await web.get(f"{fleet.urls[0]}/healthz")
                else:
                    answer = await web.post(f"{fleet.urls[0]}/slack/interactivity", content=body, headers=signed)
                taken.append(time.perf_counter() - began)
                answer.raise_for_status()

    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    return taken


def _payload(post: int | None) -> dict[str, object]:
    action = {"action_id": "approve", "value": json.dumps({"post": post, "revision": 1})}
    return {"type": "block_actions", "user": {"id": "U0LEE"}, "channel": {"id": "c"}, "actions": [action]}


def _fill(fleet: Fleet) -> None:
    """A hundred thousand posts that wait for the same lawyer."""
    with fleet.office.database.unit_of_work() as work:
        row = work.connection.execute(select(posts).order_by(posts.c.id).limit(1)).one()
        many = [{**row._mapping, "id": 10_000_000 + n, "status": "legal_review", "headline": f"Post {n}"}
                for n in range(POSTS)]  # fmt: skip
        for start in range(0, POSTS, 10_000):
            work.connection.execute(insert(posts), many[start : start + 10_000])
    with fleet.office.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))


def _pages(fleet: Fleet) -> tuple[list[float], int]:
    """The seconds that Lee's queue page takes, as a signed-in visitor; and its size in bytes."""
    from fastapi import Response

    answer = Response()
    session.begin(fleet.office, answer, 3)
    cookie = answer.headers["set-cookie"].split(";")[0]
    taken, size = [], 0
    with httpx.Client(trust_env=False, timeout=30, headers={"cookie": cookie}) as web:
        for _ in range(PAGES):
            began = time.perf_counter()
            page = web.get(f"{fleet.urls[0]}/")
            taken.append(time.perf_counter() - began)
            size = max(size, len(page.content))
            assert page.status_code == 200
            assert "Post 99999" in page.text
    return taken, size


def _cards(place: Place, nursery: Nursery, kind: str) -> Iterator[Line]:
    """From the submission to the card in Slack, through web process, worker and Slack's client; one post a second."""
    with _fleet(place, nursery, kind) as fleet:
        fleet.start_all()
        store, taken = fleet.outside.store, []
        headers = {"Authorization": f"Bearer {fleet.token('ana')}"}
        until(lambda: "signoff_workers 1" in httpx.get(f"{fleet.urls[0]}/metrics", trust_env=False).text)
        for number in range(CARDS):
            post = draft(fleet.office, number)
            before = len(store.all("slack", "acme-approvals"))
            began = time.perf_counter()
            address = f"{fleet.urls[0]}/api/v1/posts/{post}/actions/submit"
            httpx.post(address, headers=headers, trust_env=False).raise_for_status()
            while len(store.all("slack", "acme-approvals")) == before:
                time.sleep(0.002)
            taken.append(time.perf_counter() - began)
            time.sleep(max(1.05 - taken[-1], 0))
        yield limit(f"submission to Slack card, p50, {kind}", percentile(taken, 0.5) * 1e3, 1_000, "ms")
        yield limit(f"submission to Slack card, p95, {kind}", percentile(taken, 0.95) * 1e3, 1_000, "ms")
        for name in ("web-1", "worker-1"):
            megabytes = resident(fleet.pids[name])
            yield Line(f"memory of `signoff {name.split('-')[0]}` after that, {kind}", f"{megabytes:.0f} MB")


def _start_up(place: Place) -> Iterator[Line]:
    """From the command to the first page of a furnished installation; and what each process then holds."""
    folder, taken = place.new_folder(), []
    process: subprocess.Popen[bytes] | None = None
    for _ in range(4):
        if process is not None:
            process.terminate()
            process.wait()
        port = free_port()
        env = {**os.environ, "SIGNOFF_DATA_DIR": str(folder), "SIGNOFF_PORT": str(port)}
        began = time.perf_counter()
        process = subprocess.Popen([sys.executable, "-m", "workflows", "up"], env=env, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)  # fmt: skip
        until(lambda port=port: _answers(port), 60)
        taken.append(time.perf_counter() - began)
    assert process is not None
    yield limit("`signoff up` to the first page, empty data", taken[0], 3, "s")
    yield limit("`signoff up` to the first page, again (median of 3)", sorted(taken[1:])[1], 3, "s")
    ready = f"http://127.0.0.1:{port}/readyz"
    until(lambda: httpx.get(ready, trust_env=False).json()["prefect"] == "up", 90)
    yield Line("memory of `signoff up`, Prefect up", f"{resident(process.pid):.0f} MB")
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    yield Line("memory of its Prefect server", f"{sum(resident(int(child)) for child in children):.0f} MB")
    process.terminate()
    process.wait()


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/sign-in", trust_env=False).is_success
    except httpx.HTTPError:
        return False


def resident(pid: int) -> float:
    """The resident set of a process, in megabytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1e3
    return 0.0
