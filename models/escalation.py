"""Escalation arithmetic: which rung of a ladder is due, and when the next one is.

Durations are elapsed time in UTC, so a clock change in some zone neither adds nor takes an hour.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

RungKind = Literal["remind", "escalate_to", "page", "expire"]


@dataclass(frozen=True)
class Rung:
    """One step: `after` the stage was entered or `before_publish`, do something about the silence."""

    do: RungKind
    after: timedelta | None = None
    before_publish: timedelta | None = None
    role: str | None = None

    def __str__(self) -> str:
        return {
            "remind": "remind the approvers",
            "escalate_to": f"escalate to {self.role}",
            "page": "page the person of last resort",
            "expire": "expire and return to draft",
        }[self.do]


@dataclass(frozen=True)
class Due:
    """A rung by its index in the ladder, and the UTC instant at which it fires."""

    index: int
    rung: Rung
    at: datetime


def due_at(rung: Rung, entered_at: datetime, publish_at: datetime | None) -> datetime | None:
    """When a rung fires; None for `before_publish` on a post without a publication time."""
    if rung.after is not None:
        return entered_at + rung.after
    if publish_at is None or rung.before_publish is None:
        return None
    return max(publish_at - rung.before_publish, entered_at)


def next_rung(
    ladder: Sequence[Rung], entered_at: datetime, publish_at: datetime | None, fired: Collection[int] = ()
) -> Due | None:
    """The earliest rung that has not fired yet; None at the ladder's end."""
    waiting = [
        Due(index, rung, at)
        for index, rung in enumerate(ladder)
        if index not in fired and (at := due_at(rung, entered_at, publish_at)) is not None
    ]
    return min(waiting, key=lambda due: (due.at, due.index), default=None)
