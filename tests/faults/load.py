"""Load: people who write, submit, decide and publish over HTTP, and go on when an answer does not come."""

import json
import random
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx

from tests.faults.checker import Acknowledged
from tests.faults.fleet import Fleet
from web.sandbox.slack_pages import signed_headers

WRITERS, DECIDERS = ("ana", "ben"), ("lee", "lin")


@dataclass
class Load:
    """Some threads, each taking post after post through its life until told to stop."""

    fleet: Fleet
    seed: int
    threads: int = 4
    publish: float = 0.4
    most: int = 1_000_000
    acknowledged: list[Acknowledged] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    posts: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._tokens = {name: self.fleet.token(name) for name in (*WRITERS, *DECIDERS)}
        self._ids = _ids(self.fleet)
        self._threads = [
            threading.Thread(target=self._run, args=(number,), daemon=True) for number in range(self.threads)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Everybody ends the post in hand, and goes home."""
        self._ended.set()
        self.join()

    def join(self) -> None:
        for thread in self._threads:
            thread.join()

    def _run(self, number: int) -> None:
        person = Person(self, random.Random(f"{self.seed}-{number}"))
        while not self._ended.is_set():
            with self._lock:
                if self.most <= 0:
                    return
                self.most -= 1
            try:
                person.one_post()
            except GaveUp as error:
                self.refused.append(str(error))
        person.client.close()

    def note(self, action: str, post: int, person: str) -> None:
        with self._lock:
            self.acknowledged.append(Acknowledged(action, post, self._ids[person]))


class GaveUp(Exception):
    """An answer that says more than “try again”."""


class Person:
    """One thread's clients and dice."""

    def __init__(self, load: Load, dice: random.Random) -> None:
        self._load, self._dice, self._fleet = load, dice, load.fleet
        self.client = httpx.Client(trust_env=False, timeout=5)

    def one_post(self) -> None:
        writer, decider = self._dice.choice(WRITERS), self._dice.choice(DECIDERS)
        body = {"brand": "acme", "channels": ["x"], "text": f"Our spring range is here: {uuid.uuid4().hex[:8]}."}
        key = uuid.uuid4().hex
        post = int(self._call(writer, "/posts", body, key)["id"])
        self._load.posts.append(post)
        self._act(writer, post, "submit", {}, ("policy_check", "legal_review"))
        self._load.note("submit", post, writer)
        if not self._reaches(post, "legal_review"):
            return
        (self._press if self._dice.random() < 0.5 else self._approve)(post, decider)
        self._load.note("approve", post, decider)
        if self._dice.random() < self._load.publish:
            self._act(writer, post, "schedule", {"scheduled_for": "now"}, ("scheduled", "publishing", "published"))
            self._load.note("schedule", post, writer)

    def _approve(self, post: int, decider: str) -> None:
        self._act(decider, post, "approve", {"revision": 1}, ("approved",))

    def _press(self, post: int, decider: str) -> None:
        action = {"action_id": "approve", "value": json.dumps({"post": post, "revision": 1})}
        payload = {"type": "block_actions", "user": {"id": f"U0{decider.upper()}"}, "actions": [action],
                   "channel": {"id": "acme-approvals"}, "trigger_id": "none"}  # fmt: skip
        body = urlencode({"payload": json.dumps(payload)})

        def send(url: str) -> httpx.Response:
            headers = signed_headers(self._fleet.outside.office, body)
            return self.client.post(f"{url}/slack/interactivity", content=body, headers=headers)

        self._persist(send)

    def _act(self, who: str, post: int, action: str, body: Any, reached: tuple[str, ...]) -> None:
        """Asks until there is an answer; a refusal is fine when an earlier attempt has done it."""
        answer = self._persist(lambda url: self._post(url, who, f"/posts/{post}/actions/{action}", body, None))
        if answer.status_code == 409 and self.status(post) in (*reached, "publish_unknown"):
            return
        if not answer.is_success:
            raise GaveUp(f"{action} of post {post}: {answer.status_code} {answer.text[:200]}")

    def _call(self, who: str, path: str, body: Any, key: str) -> dict[str, Any]:
        answer = self._persist(lambda url: self._post(url, who, path, body, key))
        if not answer.is_success:
            raise GaveUp(f"{path}: {answer.status_code} {answer.text[:200]}")
        return dict(answer.json())

    def _post(self, url: str, who: str, path: str, body: Any, key: str | None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self._load._tokens[who]}", **({"Idempotency-Key": key} if key else {})}
        return self.client.post(f"{url}/api/v1{path}", json=body, headers=headers)

    def status(self, post: int) -> str:
        headers = {"Authorization": f"Bearer {self._load._tokens['ana']}"}
        answer = self._persist(lambda url: self.client.get(f"{url}/api/v1/posts/{post}", headers=headers))
        return str(answer.json()["status"])

    def _reaches(self, post: int, status: str) -> bool:
        end = time.monotonic() + 40
        while time.monotonic() < end:
            if self.status(post) == status:
                return True
            time.sleep(0.05)
        return False

    def _persist(self, send: Callable[[str], httpx.Response]) -> httpx.Response:
        """Tries one web process after the other; a lost connection and a 5xx mean: look again, then repeat."""
        end = time.monotonic() + 60
        while True:
            try:
                answer = send(self._dice.choice(self._fleet.urls))
                if answer.status_code < 500:
                    return answer
                trouble = f"{answer.status_code} {answer.text[:200]}"
            except httpx.HTTPError as error:
                trouble = repr(error)
            if time.monotonic() > end:
                raise GaveUp(f"no answer for a minute: {trouble}")
            time.sleep(0.05)


def _ids(fleet: Fleet) -> dict[str, int]:
    from sqlalchemy import select

    from models.tables import people

    with fleet.office.database.reading() as connection:
        return {row.email.split("@")[0]: row.id for row in connection.execute(select(people.c.id, people.c.email))}
