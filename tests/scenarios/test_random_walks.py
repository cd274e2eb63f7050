"""P1, P2, P6, P7 under random walks: everybody tries everything at any time; the promises hold after each step."""

import shutil
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import select

from config.settings import Settings
from models.errors import BadInput, NotFound, Refused
from models.statuses import Surface
from models.tables import decisions, people, posts, publications
from models.writing import Writing
from notifiers.webhook import Accepted, NotSent, RefusedByReceiver, Unknown
from tests.world import VirtualClock
from workflows import actions, installation, judging, publication, sealing, timers

PEOPLE = ("ana", "ben", "lee", "lin", "hugo", "cora", "ada", "gus")
TEXTS = ("Our spring range is here.", "Our winter range is here.", "Only an idiot buys elsewhere.", "Our CEO speaks.")
PAST_REVIEW = ("approved", "scheduled", "publishing", "published")
FURNISHED = Path(tempfile.mkdtemp())


class Walk(RuleBasedStateMachine):
    """One installation, a few posts, and everybody trying everything."""

    @initialize()
    def open(self) -> None:
        if not (FURNISHED / "signoff.db").exists():
            installation.open_office(Settings(data_dir=FURNISHED, port=1)).close()
        self.folder = Path(tempfile.mkdtemp())
        shutil.copytree(FURNISHED, self.folder, dirs_exist_ok=True)
        self.clock = VirtualClock()
        self.office = installation.open_office(Settings(data_dir=self.folder, port=1), self.clock)
        with self.office.database.reading() as connection:
            rows = connection.execute(select(people.c.id, people.c.email))
            self.ids = {row.email.split("@")[0]: row.id for row in rows}
        self.went_out: dict[int, str] = {}
        self.write("ana", 0, "standard", timed=True)

    def teardown(self) -> None:
        if hasattr(self, "office"):
            assert sealing.verify(self.office) == []
            self.office.close()
            shutil.rmtree(self.folder)

    def attempt(self, action: Any, *args: Any, **named: Any) -> Any:
        """Tries something; being refused is an answer, anything else that fails is a bug."""
        try:
            return action(self.office, *args, **named)
        except (Refused, NotFound, BadInput):
            return None

    def a_post(self, pick: int) -> int:
        return pick % self.count() + 1

    def count(self) -> int:
        with self.office.database.reading() as connection:
            return len(connection.execute(select(posts.c.id)).all())

    @rule(who=st.sampled_from(PEOPLE), text=st.integers(0, 3), lane=st.sampled_from(["standard", "crisis"]),
          timed=st.booleans())  # fmt: skip
    def write(self, who: str, text: int, lane: str, *, timed: bool) -> None:
        if self.count() > 3:
            return
        at = self.clock.now() + timedelta(hours=3) if timed else None
        writing = Writing(channels=("x",), text=TEXTS[text], scheduled_for=at, timed=timed)
        self.attempt(actions.create, self.ids[who], Surface.WEB, "acme", lane, writing)

    @rule(pick=st.integers(0, 3), who=st.sampled_from(PEOPLE))
    def submit_and_check(self, pick: int, who: str) -> None:
        self.attempt(actions.submit, self.a_post(pick), self.ids[who], Surface.WEB)
        judging.judge(self.office, self.a_post(pick))

    @rule(pick=st.integers(0, 3), who=st.sampled_from(PEOPLE), revision=st.integers(1, 4), verdict=st.sampled_from(
        ["approve", "approve", "approve", "reject", "request_changes"]))  # fmt: skip
    def decide(self, pick: int, who: str, revision: int, verdict: str) -> None:
        action = getattr(actions, verdict)
        reason = () if verdict == "approve" else ("Because.",)
        self.attempt(action, self.a_post(pick), self.ids[who], Surface.API, revision, *reason)

    @rule(pick=st.integers(0, 3), who=st.sampled_from(PEOPLE))
    def approve_newest(self, pick: int, who: str) -> None:
        post = self.row(self.a_post(pick))
        self.attempt(actions.approve, post.id, self.ids[who], Surface.API, post.revision)

    @rule(pick=st.integers(0, 3), who=st.sampled_from(PEOPLE), text=st.integers(0, 3))
    def edit(self, pick: int, who: str, text: int) -> None:
        before = self.row(self.a_post(pick))
        outcome = self.attempt(actions.change, before.id, self.ids[who], Surface.WEB, Writing(text=TEXTS[text]))
        after = self.row(before.id)
        if outcome and after.digest != before.digest:
            assert after.status == "draft"

    @rule(pick=st.integers(0, 3), who=st.sampled_from(PEOPLE), context=st.sampled_from(["", "a", "b"]))
    def explain_to_reviewers(self, pick: int, who: str, context: str) -> None:
        before = self.row(self.a_post(pick))
        self.attempt(actions.change, before.id, self.ids[who], Surface.WEB, Writing(context=context))
        assert self.row(before.id).status == before.status

    @rule(pick=st.integers(0, 3), who=st.sampled_from(PEOPLE), hours=st.integers(-1, 5), now=st.booleans())
    def time(self, pick: int, who: str, hours: int, *, now: bool) -> None:
        at = self.clock.now() + timedelta(hours=hours)
        self.attempt(actions.schedule, self.a_post(pick), self.ids[who], Surface.WEB, at, immediately=now)

    @rule(pick=st.integers(0, 3), who=st.sampled_from(PEOPLE), action=st.sampled_from(["unschedule", "withdraw"]))
    def take_back(self, pick: int, who: str, action: str) -> None:
        self.attempt(getattr(actions, action), self.a_post(pick), self.ids[who], Surface.WEB)

    @rule(pick=st.integers(0, 3), who=st.sampled_from(PEOPLE), out=st.sampled_from(["published", "publish_failed"]))
    def settle(self, pick: int, who: str, out: str) -> None:
        self.attempt(actions.settle, self.a_post(pick), self.ids[who], Surface.WEB, out, "I looked.")

    @rule(minutes=st.sampled_from([1, 10, 60, 240]))
    def let_time_pass(self, minutes: int) -> None:
        self.clock.set(self.clock.now() + timedelta(minutes=minutes))
        before = {row.id: row.status for row in self.rows()}
        for due in timers.due(self.office):
            timers.fire(self.office, *due)
        for row in self.rows():
            assert row.status == before[row.id] or row.status == "draft"

    @rule(answer=st.sampled_from([Accepted(), Unknown("lost"), NotSent("away"), RefusedByReceiver("no"), None]))
    def publish(self, answer: Any) -> None:
        publication.lose_abandoned(self.office)
        for post in publication.due(self.office):
            claimed = publication.claim(self.office, post)
            if claimed and answer:
                if isinstance(answer, Accepted | Unknown):
                    self.went_out[post] = self.row(post).digest
                    self.covered(self.row(post))
                assert publication.record(self.office, claimed, answer)

    def rows(self) -> list[Any]:
        with self.office.database.reading() as connection:
            return list(connection.execute(select(posts)).all())

    def row(self, post: int) -> Any:
        with self.office.database.reading() as connection:
            return connection.execute(select(posts).where(posts.c.id == post)).one()

    def covered(self, row: Any) -> None:
        """An independent judge: enough people, none of them author or editor, approved exactly these bytes."""
        with self.office.database.reading() as connection:
            made = connection.execute(select(decisions).where(decisions.c.post_id == row.id)).all()
        counting = {
            (made_.stage, made_.person_id)
            for made_ in made
            if made_.verdict == "approve" and made_.digest == row.digest
            and made_.person_id not in (row.author_id, row.last_editor_id)
        }  # fmt: skip
        lawyers = {self.ids[name] for name in ("lee", "lin", "hugo")}
        if row.lane == "standard":
            assert counting & {("legal_review", person) for person in lawyers}
        else:
            assert len(counting & {("crisis_review", person) for person in {*lawyers, self.ids["cora"]}}) >= 2
        if "executive" in row.categories and row.lane == "standard":
            assert ("executive_review", self.ids["hugo"]) in counting

    @invariant()
    def promises_hold(self) -> None:
        if not hasattr(self, "office"):
            return
        for row in self.rows():
            if row.status in PAST_REVIEW:
                self.covered(row)
            if row.id in self.went_out and row.status == "published":
                assert row.digest == self.went_out[row.id]
            assert row.audit_seq == row.version
        with self.office.database.reading() as connection:
            accepted = connection.execute(
                select(publications.c.post_id).where(publications.c.outcome == "confirm_publish")
            ).scalars().all()  # fmt: skip
        assert len(accepted) == len(set(accepted))


TestWalk = Walk.TestCase
TestWalk.settings = settings(
    max_examples=25, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
