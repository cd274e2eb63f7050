"""`signoff demo`: walks the whole path on an instance of its own, over real sockets, and times each step."""

import json
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from config.settings import Settings
from models.errors import ConfigError
from workflows import access
from workflows.clock import SandboxClock
from workflows.database import Database
from workflows.office import Office
from workflows.schema import current
from workflows.sealing import verify

PATIENCE = 30.0
Step = Callable[[], str]


class DemoFailed(Exception):
    """A step did not come to what it should."""


class Demo:
    """A person of each role, talking to a running instance through its API, its Slack and its clock."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.url = f"http://127.0.0.1:{office.settings.port}"
        self.web = httpx.Client(base_url=self.url, trust_env=False, timeout=15, follow_redirects=True)
        self.tokens = {name: self._token(name) for name in ("ana", "lee", "cora", "ada")}
        self.post = 0

    def _token(self, name: str) -> str:
        return access.create_token(self.office, f"{name}@acme.example", "demo", access.SCOPES)

    def call(self, who: str, method: str, path: str, body: Any = None) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.tokens[who]}"}
        answer = self.web.request(method, f"/api/v1{path}", json=body, headers=headers)
        if answer.is_error:
            raise DemoFailed(f"{method} {path} answered {answer.status_code}: {answer.text[:300]}")
        return dict(answer.json())

    def until(self, what: str, found: Callable[[], Any]) -> Any:
        """Waits until something is so; raises DemoFailed when it takes too long."""
        end = time.monotonic() + PATIENCE
        while not (result := found()):
            if time.monotonic() > end:
                raise DemoFailed(f"{what} did not happen within {PATIENCE:.0f} s")
            time.sleep(0.05)
        return result

    def status(self) -> str:
        return str(self.call("ana", "GET", f"/posts/{self.post}")["status"])

    def reaches(self, status: str) -> None:
        self.until(f"post {self.post} reaching {status}", lambda: self.status() == status)

    def page_shows(self, path: str, words: str) -> None:
        self.until(f"“{words}” on {path}", lambda: words in self.web.get(path).text)

    def submit(self, text: str, **more: Any) -> None:
        body = {"brand": "acme", "channels": ["x", "linkedin"], "text": text, **more}
        self.post = int(self.call("ana", "POST", "/posts", body)["id"])
        self.call("ana", "POST", f"/posts/{self.post}/actions/submit", {})

    def press(self, button: str, user: str) -> None:
        """Presses a button of the post's card in the sandbox's Slack, by its form."""
        value = json.dumps({"post": self.post, "revision": 1})
        card = self.until("a Slack card", self._card)
        form = {"user": user, "channel": "acme-approvals", "ts": card, "action_id": button, "value": value}
        self.web.post("/sandbox/slack/press", data=form)

    def _card(self) -> str:
        page = self.web.get("/sandbox/slack?channel=acme-approvals").text
        for article in page.split("<article")[1:]:
            if f"post {self.post}" in article and 'name="ts" value="' in article:
                return article.split('name="ts" value="')[1].split('"')[0]
        return ""

    def forward(self, **duration: float) -> None:
        clock = self.office.clock
        if isinstance(clock, SandboxClock):
            clock.forward(timedelta(**duration))

    # --- the story --------------------------------------------------------------------------------------------

    def orchestrated(self) -> str:
        """Only with Prefect: until it is up, the worker would do the flows' work without it."""
        self.until("Prefect", lambda: self.web.get("/readyz").json()["prefect"] == "up")
        return "A Prefect server is up; from here on it runs the flows"

    def blocked(self) -> str:
        self.submit("Only an idiot would buy elsewhere.")
        self.until("the policy's answer", lambda: self.call("ana", "GET", f"/posts/{self.post}")["findings"])
        self.reaches("draft")
        return "Ana submits a rude draft; the policy check sends it back and says why"

    def reviewed(self) -> str:
        at = (self.office.clock.now() + timedelta(hours=24)).isoformat()
        self.submit("Our spring range is here.", scheduled_for=at)
        self.reaches("legal_review")
        return "Ana submits a better one for tomorrow; it passes the check and waits for Legal review"

    def announced(self) -> str:
        self.until("a Slack card", self._card)
        self.page_shows("/sandbox/mail?to=lee@acme.example", "your decision is needed")
        return "A card appears in Slack, and the lawyers get a mail with a link and a code"

    def approved(self) -> str:
        self.press("approve", "U0LEE")
        self.reaches("scheduled")
        self.page_shows("/sandbox/slack?channel=acme-approvals", "Lee Lindqvist approved")
        return "Lee presses Approve on the card; the post is scheduled, and the card says who decided"

    def published(self) -> str:
        self.forward(hours=24, minutes=1)
        self.reaches("published")
        self.page_shows("/sandbox/receiver", "Our spring range is here.")
        return "A day later it is handed over to be published, signed, exactly as approved"

    def escalated(self) -> str:
        self.submit("Silence is no approval.")
        self.reaches("legal_review")
        self.forward(hours=4, minutes=1)
        self.page_shows("/sandbox/mail?to=hugo@acme.example", "Escalated to you")
        self.forward(hours=4, minutes=1)
        self.page_shows("/sandbox/mail?to=ada@acme.example", "person of last resort")
        if self.status() != "legal_review":
            raise DemoFailed("silence has approved something")
        return "Nobody answers: after 4 h it goes to the head of legal, after 8 h to the last resort; never approved"

    def crisis(self) -> str:
        self.submit("We are looking into the outage and will report within the hour.", lane="crisis")
        self.reaches("crisis_review")
        self.call("lee", "POST", f"/posts/{self.post}/actions/approve", {"revision": 1})
        self.call("cora", "POST", f"/posts/{self.post}/actions/approve", {"revision": 1})
        self.call("ana", "POST", f"/posts/{self.post}/actions/schedule", {"scheduled_for": "now"})
        self.reaches("published")
        return "A crisis response takes the fast lane: lawyer and spokesperson side by side, then out at once"

    def proven(self) -> str:
        faults = verify(self.office)
        if faults:
            raise DemoFailed(f"the audit log is broken: {faults[0]}")
        return "The audit log of all this verifies"

    def steps(self) -> list[Step]:
        return [
            self.blocked, self.reviewed, self.announced, self.approved, self.published, self.escalated, self.crisis,
            self.proven,
        ]  # fmt: skip


def run(make_server: Callable[..., Any], database_url: str, *, prefect: bool) -> bool:
    """Runs the story and prints it; whether every step came true."""
    with tempfile.TemporaryDirectory(prefix="signoff-demo-") as folder:
        settings = Settings(data_dir=Path(folder), sandbox=True, database_url=_empty(database_url), port=0, base_url="")
        started = time.perf_counter()
        server = make_server(settings, worker=True, prefect=prefect)
        thread = server.start()
        try:
            demo = Demo(server.office)
            demo.until("the first page", lambda: demo.web.get("/healthz").is_success)
            _tell(time.perf_counter() - started, f"Signoff runs on {server.office.database.engine.name}, at {demo.url}")
            steps = demo.steps() if not prefect else [demo.orchestrated, *demo.steps()]
            return all(_take(step) for step in steps)
        finally:
            server.stop(thread)


def _empty(database_url: str) -> str:
    """The URL, if the database is empty; the demo writes nothing into anybody's data."""
    if database_url:
        database = Database(database_url)
        used = current(database)
        database.close()
        if used is not None:
            raise ConfigError("this database is not empty; the demo needs one of its own", file="--database-url")
    return database_url


def _take(step: Step) -> bool:
    started = time.perf_counter()
    try:
        sentence = step()
    except (DemoFailed, httpx.HTTPError) as error:
        _tell(time.perf_counter() - started, f"✘ {step.__name__}: {error}")
        return False
    _tell(time.perf_counter() - started, f"✔ {sentence}")
    return True


def _tell(seconds: float, sentence: str) -> None:
    print(f"{seconds:6.2f} s  {sentence}", flush=True)
