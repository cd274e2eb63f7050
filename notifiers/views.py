"""A post as people see it: the values that cards, mails, pages and the API are drawn from."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from models.content import Content
from models.policy.subject import Finding
from models.statuses import Status

VERDICTS = {"approve": "approved", "request_changes": "requested changes to", "reject": "rejected"}
SURFACES = {
    "web": "on the web",
    "slack": "in Slack",
    "mail": "by e-mail",
    "api": "through the API",
    "cli": "by command",
}


@dataclass(frozen=True)
class DecisionView:
    """A decision for people. `current`: it is about exactly the content that the post has now."""

    person: str
    on_behalf_of: str | None
    verdict: str
    stage: str
    reason: str
    surface: str
    revision: int
    at: datetime
    current: bool

    @property
    def sentence(self) -> str:
        behalf = f" on behalf of {self.on_behalf_of}" if self.on_behalf_of else ""
        how = SURFACES.get(self.surface, "")
        return f"{self.person}{behalf} {VERDICTS[self.verdict]} revision {self.revision} {how}".rstrip()


@dataclass(frozen=True)
class TimerView:
    """The next rung of the running ladder."""

    at: datetime
    does: str


@dataclass(frozen=True)
class PostView:
    """A post with everything that any surface shows of it. Times are UTC; `zone` is the brand's."""

    id: int
    brand: str
    brand_name: str
    zone: str
    region: str | None
    lane: str
    status: str
    stage_title: str | None
    version: int
    revision: int
    content_revision: int
    digest: str
    headline: str
    content: Content
    context: str
    author_id: int
    author: str
    last_editor: str
    scheduled_for: datetime | None
    created_at: datetime
    changed_at: datetime
    policy_digest: str | None
    networks: dict[str, str] = field(default_factory=dict)
    findings: Sequence[Finding] = ()
    decisions: Sequence[DecisionView] = ()
    still_needed: Sequence[str] = ()
    waiting_for: Sequence[str] = ()
    timer: TimerView | None = None
    dead_letters: Sequence[str] = ()
    url: str = ""
    first_headline: str = ""

    @property
    def in_review(self) -> bool:
        return self.stage_title is not None

    @property
    def standing(self) -> str:
        """Where the post stands, in words."""
        return self.stage_title or STANDINGS.get(self.status, self.status.replace("_", " "))


STANDINGS: dict[str, str] = {
    Status.DRAFT: "Draft",
    Status.POLICY_CHECK: "Policy check",
    Status.APPROVED: "Approved, not scheduled",
    Status.SCHEDULED: "Scheduled",
    Status.PUBLISHING: "Publishing",
    Status.PUBLISHED: "Published",
    Status.PUBLISH_FAILED: "Publishing failed",
    Status.PUBLISH_UNKNOWN: "Publication unknown",
    Status.REJECTED: "Rejected",
    Status.WITHDRAWN: "Withdrawn",
}


def when(moment: datetime | None, zone: str) -> str:
    """A time for people: `Sat 21 Nov 2026, 10:04 GMT`; an empty string for none."""
    if moment is None:
        return ""
    local = moment.astimezone(ZoneInfo(zone))
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M %Z}"


def shorten(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
