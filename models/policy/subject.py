"""What a rule looks at, and what it can find there."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from models.content import Media


class Severity(StrEnum):
    """What a finding does to the post; ordered by how bad it is."""

    BLOCK = "block"  # back to draft
    REVIEW = "review"  # shown to the approvers, and may add stages
    WARN = "warn"
    INFO = "info"


RANK = {Severity.BLOCK: 0, Severity.REVIEW: 1, Severity.WARN: 2, Severity.INFO: 3}


@dataclass(frozen=True)
class Subject:
    """One variant of a post on one channel, as rules see it. `on` is the day whose limits apply."""

    text: str
    channel: str = "x"
    network: str = "x"
    brand: str = ""
    region: str | None = None
    lane: str = "standard"
    link: str = ""
    media: tuple[Media, ...] = ()
    disclosure: str = ""
    consent: str = ""
    context: str = ""
    on: date = date(2026, 1, 1)


@dataclass(frozen=True)
class Hit:
    """Where a rule fires: `start` and `end` count characters of the subject's text; None when it is the whole."""

    start: int | None = None
    end: int | None = None
    note: str = ""


@dataclass(frozen=True)
class Finding:
    """A hit in the words of its rule, for people."""

    rule: str
    severity: Severity
    category: str
    channel: str
    start: int | None
    end: int | None
    text: str
    message: str
    fix: str


def worst_first(findings: list[Finding]) -> list[Finding]:
    """Block before review before warn before info; then in reading order."""
    return sorted(findings, key=lambda f: (RANK[f.severity], f.channel, f.start or 0, f.rule))
