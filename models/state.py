"""The values that the state machine takes and returns: a post as it stands, what is asked of it, and what follows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from models.content import Content
from models.escalation import Due
from models.quorum import Voice
from models.statuses import ActionName, Surface
from models.workflow import Stage, Workflow


@dataclass(frozen=True)
class Decision:
    """A decision on record. `holder` is the person whose authority was used: the decider, or the delegator."""

    person: int
    person_name: str
    holder: int
    stage: str
    verdict: str
    roles: frozenset[str]
    revision: int
    digest: str
    at: datetime


@dataclass(frozen=True)
class Timer:
    """The ladder of the stage that the post is in: when it was entered, and which rungs have fired."""

    stage: str
    entered_at: datetime
    fired: tuple[int, ...]
    next_rung: int | None
    due_at: datetime | None


@dataclass(frozen=True)
class PostState:
    """A post as it stands in the transaction, with the facts that the action needs.

    `content_revision` is the first revision with the current digest. `recomputed` is the digest taken again from
    what is stored (claims only). `decisions` are those on this post, oldest first. `members` are the people who
    hold roles for this brand and region now, filled where the action depends on who exists.
    """

    id: int
    brand: str
    region: str | None
    lane: str
    channels: frozenset[str]
    status: str
    version: int
    revision: int
    content_revision: int
    digest: str
    author: int
    last_editor: int
    context: str = ""
    scheduled_for: datetime | None = None
    categories: frozenset[str] = frozenset()
    attempts: int = 0
    decisions: tuple[Decision, ...] = ()
    timer: Timer | None = None
    members: tuple[Voice, ...] = ()
    last_resort: int | None = None
    recomputed: str | None = None

    def stages(self, workflow: Workflow) -> tuple[Stage, ...]:
        """The stages that this post must pass, in order."""
        return workflow.stages_for(
            {
                "lane": frozenset({self.lane}),
                "brand": frozenset({self.brand}),
                "region": frozenset({self.region}) if self.region else frozenset(),
                "channel": self.channels,
                "finding_category": self.categories,
            }
        )

    def is_about_this(self, decision: Decision) -> bool:
        """Whether a decision is about the content as it stands: the same bytes, with no other ones in between."""
        return decision.digest == self.digest and decision.revision >= self.content_revision

    def voices(self, stage: Stage) -> tuple[Voice, ...]:
        """The approvals at this stage that cover exactly the current content, author and last editor left out."""
        return tuple(
            Voice(d.person, d.holder, d.roles)
            for d in self.decisions
            if d.stage == stage.status
            and d.verdict == ActionName.APPROVE
            and self.is_about_this(d)
            and not {d.person, d.holder} & {self.author, self.last_editor}
        )


@dataclass(frozen=True)
class Draft:
    """What an edit or a new post brings. `scheduled_for` is the wished publication time, UTC."""

    content: Content
    context: str = ""
    scheduled_for: datetime | None = None


@dataclass(frozen=True)
class Action:
    """What is asked of a post, by which way in.

    `revision` is the one that the person saw. `rung` is the ladder rung that fires. `retry_at`, `settled` and
    `categories` come with the publisher's, the settling person's and the policy check's actions.
    """

    name: ActionName
    surface: Surface = Surface.SYSTEM
    reason: str = ""
    revision: int | None = None
    draft: Draft | None = None
    scheduled_for: datetime | None = None
    immediately: bool = False
    categories: frozenset[str] = frozenset()
    policy_digest: str | None = None
    rung: int | None = None
    retry_at: datetime | None = None
    settled: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Notice:
    """A message to be sent: its kind, and to whom: author, approvers, deciders, last_resort, or role:NAME."""

    kind: str
    audience: str


@dataclass(frozen=True)
class NewDecision:
    """The decision that an outcome records."""

    stage: str
    verdict: str
    holder: int
    roles: frozenset[str]


@dataclass(frozen=True)
class Ladder:
    """What becomes of the post's timer: entered anew, or its next rung moved. No `due`: nothing more will fire."""

    stage: str
    entered_at: datetime
    fired: tuple[int, ...]
    due: Due | None


@dataclass(frozen=True)
class Outcome:
    """What follows: written by workflows.transition.apply() in one transaction, or not at all.

    `ladder` None leaves the timer alone, unless the status changes, which ends it. `then` is asked at once
    afterwards, by the system. `unchanged` writes nothing.
    """

    action: ActionName
    source: str
    target: str
    reason: str = ""
    decision: NewDecision | None = None
    draft: Draft | None = None
    new_digest: bool = False
    changes: Mapping[str, Any] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()
    ladder: Ladder | None = None
    then: ActionName | None = None
    unchanged: bool = False
    detail: Mapping[str, Any] = field(default_factory=dict)

    @property
    def moves(self) -> bool:
        return self.source != self.target
