"""The harness that scenarios are written in: a whole Signoff over real sockets, with a clock that obeys.

Nothing inside Signoff is replaced: the real Slack client and the real SMTP client talk to the sandbox's stand-ins, the
database is SQLite or PostgreSQL, and the flows' own bodies do the work when `work()` says so.
"""

import asyncio
import contextvars
import json
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
from sqlalchemy import select, text

from config.settings import Settings
from models.errors import Refused
from models.state import Outcome
from models.statuses import Surface
from models.tables import metadata, people
from models.writing import Writing
from web.sandbox.slack_pages import signed_headers
from web.sandbox.store import SandboxStore
from web.serve import Server
from workflows import access, actions, judging, organisation, outbox, publication, timers, views
from workflows.check_policy import check_policy
from workflows.checkpoint import checkpoint
from workflows.deliver import deliver
from workflows.documents import post_document
from workflows.escalate import escalate
from workflows.office import use
from workflows.publish import publish

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


class VirtualClock:
    """Stands still until it is told to move."""

    def __init__(self, now: datetime = MONDAY) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def set(self, now: datetime) -> None:
        self._now = now


class World:
    """An installation of its own for one test."""

    def __init__(self, folder: Path, database_url: str = "", **settings: Any) -> None:
        self.clock = VirtualClock()
        given = Settings(**{"data_dir": folder, "database_url": database_url, "port": 0, **settings})
        self._server = Server(given, worker=False, prefect=False, clock=self.clock)
        self._thread = self._server.start()
        self.office = self._server.office
        self.store: SandboxStore = self._server._uvicorn.config.app.state.sandbox  # type: ignore[union-attr]
        self.url = f"http://127.0.0.1:{self.office.settings.port}"
        self._clients: list[httpx.Client] = []
        self.http = self.client(base_url=self.url)
        self.slack, self.mailbox = SlackUser(self), Mailbox(self)
        with self.office.database.reading() as connection:
            rows = connection.execute(select(people.c.id, people.c.email, people.c.slack_id))
            self.ids = {row.email.split("@")[0]: row.id for row in rows}

    def close(self) -> None:
        for client in self._clients:
            client.close()
        self._server.stop(self._thread)

    # --- what people do ---------------------------------------------------------------------------------------

    def draft(self, text: str = "Our spring range is here.", *, by: str = "ana", lane: str = "standard",
              channels: tuple[str, ...] = ("x",), at: datetime | None = None, brand: str = "acme",
              **more: Any) -> int:  # fmt: skip
        writing = Writing(channels=channels, text=text, scheduled_for=at, timed=at is not None, **more)
        return actions.create(self.office, self.ids[by], Surface.WEB, brand, lane, writing)

    def submit(self, text: str = "Our spring range is here.", *, by: str = "ana", **more: Any) -> int:
        """A post that was submitted, checked and announced."""
        post = self.draft(text, by=by, **more)
        actions.submit(self.office, post, self.ids[by], Surface.WEB)
        self.work()
        return post

    def approve(self, post: int, *, by: str = "lee", revision: int | None = None) -> Outcome:
        return self.act(actions.approve, post, by, self.revision(post) if revision is None else revision)

    def request_changes(self, post: int, *, by: str = "lee", reason: str = "Please rephrase.") -> Outcome:
        return self.act(actions.request_changes, post, by, self.revision(post), reason)

    def reject(self, post: int, *, by: str = "lee", reason: str = "Not like this.") -> Outcome:
        return self.act(actions.reject, post, by, self.revision(post), reason)

    def edit(self, post: int, *, by: str = "ana", **writing: Any) -> Outcome:
        return actions.change(self.office, post, self.ids[by], Surface.WEB, Writing(**writing))

    def act(self, action: Any, post: int, by: str, *more: Any, **named: Any) -> Any:
        return action(self.office, post, self.ids[by], Surface.WEB, *more, **named)

    def refusal(self, action: Any, *args: Any, **named: Any) -> str:
        """The code with which something is refused; fails when it is not."""
        try:
            action(*args, **named)
        except Refused as refused:
            return refused.code
        raise AssertionError("it was not refused")

    # --- time and work ----------------------------------------------------------------------------------------

    def work(self) -> None:
        """Runs the flows' bodies until nothing is due."""
        use(self.office)
        for _ in range(60):
            if not any([self._run(check_policy), self._run(escalate), self._run(publish), self._run(deliver)]):
                return
        raise AssertionError("the work never ends")

    def seal(self) -> None:
        use(self.office)
        asyncio.run(checkpoint.fn())

    @staticmethod
    def _run(flow: Any) -> int:
        """The flow's body in a thread of its own, since a browser may hold this one's event loop."""
        context = contextvars.copy_context()
        with ThreadPoolExecutor(1) as pool:
            return int(pool.submit(context.run, asyncio.run, flow.fn()).result())

    def fast_forward(self, **duration: float) -> None:
        """Lets time pass, stopping at each moment at which something is due."""
        end = self.clock.now() + timedelta(**duration)
        self.work()
        while (due := self._next_due()) is not None and due <= end:
            assert due > self.clock.now(), "something that is due is never done"
            self.clock.set(due)
            self.work()
        self.clock.set(end)
        self.work()

    def _next_due(self) -> datetime | None:
        waits = [find(self.office) for find in (timers.next_due_in, publication.next_due_in, outbox.next_due_in)]
        soonest = min((wait for wait in waits if wait is not None), default=None)
        return None if soonest is None else self.clock.now() + timedelta(seconds=soonest)

    # --- what is to be seen -----------------------------------------------------------------------------------

    def post(self, post: int) -> dict[str, Any]:
        with self.office.database.reading() as connection:
            return post_document(connection, self.office, post, self.clock.now())

    def view(self, post: int) -> Any:
        with self.office.database.reading() as connection:
            return views.post_view(connection, self.office, post, self.clock.now())

    def status(self, post: int) -> str:
        return str(self.post(post)["status"])

    def revision(self, post: int) -> int:
        return int(self.post(post)["revision"])

    def actions_of(self, post: int) -> list[str]:
        return [entry["action"] for entry in self.post(post)["history"]]

    def published(self) -> list[dict[str, Any]]:
        """What the receiver has, each idempotency key once."""
        return [item["post"] for item in self.store.all("published")]

    def rows(self, table: str, where: str = "1 = 1") -> list[Any]:
        with self.office.database.reading() as connection:
            return list(connection.execute(select(metadata.tables[table]).where(text(where))).all())

    def tamper(self, statement: str, **values: Any) -> None:
        """Changes the database behind Signoff's back."""
        with self.office.database.unit_of_work() as work:
            work.connection.execute(text(statement), values)

    # --- people and programs ----------------------------------------------------------------------------------

    def token(self, name: str) -> str:
        return access.create_token(self.office, f"{name}@acme.example", "test", access.SCOPES)

    def api(self, name: str) -> httpx.Client:
        headers = {"Authorization": f"Bearer {self.token(name)}"}
        return self.client(base_url=f"{self.url}/api/v1", headers=headers)

    def client(self, **options: Any) -> httpx.Client:
        """An HTTP client that is closed with the world."""
        self._clients.append(httpx.Client(trust_env=False, timeout=20, **options))
        return self._clients[-1]

    def browser(self, name: str) -> "Browser":
        """A client that is signed in through the mailed link."""
        return Browser(self, f"{name}@acme.example")

    def deactivate(self, name: str) -> None:
        organisation.set_active(self.office, f"{name}@acme.example", active=False, reason="left")

    def judge(self, post: int) -> Outcome | None:
        return judging.judge(self.office, post)


@dataclass
class SlackUser:
    """Somebody in the sandbox's Slack; presses go to Signoff over HTTP, signed."""

    world: World

    def cards(self, channel: str = "acme-approvals") -> list[dict[str, Any]]:
        return self.world.store.all("slack", channel)

    def card(self, channel: str = "acme-approvals") -> dict[str, Any]:
        return self.cards(channel)[-1]

    def text(self, message: dict[str, Any]) -> str:
        """All that a message shows."""
        return "\n".join(_texts(message["blocks"]))

    def buttons(self, message: dict[str, Any]) -> list[str]:
        return [element["action_id"] for block in message["blocks"] if block["type"] == "actions"
                for element in block["elements"]]  # fmt: skip

    def press(self, button: str, *, by: str, message: dict[str, Any] | None = None) -> httpx.Response:
        message = message or self.card()
        element = next(element for block in message["blocks"] if block["type"] == "actions"
                       for element in block["elements"] if element["action_id"] == button)  # fmt: skip
        trigger = f"trigger-{by}-{message['ts']}"
        user = self.user(by)
        self.world.store.add("slack.trigger", {"user": user}, trigger)
        return self.send(
            {
                "type": "block_actions",
                "user": {"id": user},
                "channel": {"id": message["channel"]},
                "trigger_id": trigger,
                "actions": [{"action_id": button, "value": element["value"]}],
            }
        )

    def answer_modal(self, reason: str, *, by: str) -> httpx.Response:
        view = eventually(lambda: self.world.store.all("slack.view", self.user(by)))[-1]["view"]
        values = {"reason": {"reason": {"value": reason}}}
        return self.send({"type": "view_submission", "user": {"id": self.user(by)},
                          "view": {**view, "state": {"values": values}}})  # fmt: skip

    def send(self, payload: Any, **headers: str) -> httpx.Response:
        body = urlencode({"payload": json.dumps(payload)})
        signed = {**signed_headers(self.world.office, body), **headers}
        return self.world.http.post("/slack/interactivity", content=body, headers=signed)

    def whispers(self, to: str) -> list[str]:
        """What was said to somebody alone; waits for it, since it is sent after the acknowledgement."""
        said = eventually(lambda: self.world.store.all("slack.whisper", self.user(to)))
        return [item["text"] for item in said]

    @staticmethod
    def user(name: str) -> str:
        return f"U0{name.upper()}"


def eventually(find: Callable[[], list[dict[str, Any]]], seconds: float = 5) -> list[dict[str, Any]]:
    """What `find` finds as soon as it finds something."""
    end = time.monotonic() + seconds
    while not (found := find()):
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.01)
    return found


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        found = [value["text"]] if isinstance(value.get("text"), str) else []
        return found + [line for key, item in value.items() if key != "value" for line in _texts(item)]
    if isinstance(value, list):
        return [line for item in value for line in _texts(item)]
    return []


@dataclass
class Mailbox:
    """The sandbox's mail server."""

    world: World

    def all(self, to: str) -> list[dict[str, Any]]:
        return self.world.store.all("mail", f"{to}@acme.example")

    def expect(self, to: str, saying: str) -> dict[str, Any]:
        """The newest mail to somebody that says something; fails with what there is instead."""
        mails = self.all(to)
        found = [mail for mail in mails if saying in mail["text"]]
        assert found, f"no mail to {to} says {saying!r}; there are: {[mail['text'][:80] for mail in mails]}"
        return found[-1]

    def titles(self, to: str) -> list[str]:
        return [mail["text"].splitlines()[0] for mail in self.all(to)]

    @staticmethod
    def link(mail: dict[str, Any]) -> str:
        found = re.search(r"https?://\S+?(/(?:d|sign-in)/\S+)", mail["text"])
        assert found, mail["text"]
        return found[1]

    @staticmethod
    def code(mail: dict[str, Any]) -> str:
        found = re.search(r"code for that page: (\d{6})", mail["text"])
        assert found, mail["text"]
        return found[1]


class Browser:
    """A browser without scripts: follows redirects, keeps cookies, sends forms with their hidden fields."""

    def __init__(self, world: World, email: str) -> None:
        self.client = world.client(base_url=world.url, follow_redirects=True)
        self.client.post("/sign-in", data={"email": email})
        world.work()
        mail = [mail for mail in world.store.all("mail", email) if "Sign in" in mail["text"]][-1]
        self.page = self.client.post(Mailbox.link(mail))

    def get(self, path: str) -> httpx.Response:
        self.page = self.client.get(path)
        return self.page

    @property
    def csrf(self) -> str:
        found = re.search(r'name="csrf" value="([^"]+)"', self.page.text)
        return found[1] if found else ""

    def post(self, path: str, data: dict[str, Any] | None = None, files: Any = None) -> httpx.Response:
        self.page = self.client.post(path, data={"csrf": self.csrf, **(data or {})}, files=files)
        return self.page
