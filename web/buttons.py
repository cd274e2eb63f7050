"""The buttons under a post: Approve, Request changes, Reject. The same three on every surface.

A press carries what the person saw. What it leads to: workflows/actions.py, workflows/transition.py,
models/machine.py.
"""

from collections.abc import Callable
from dataclasses import dataclass

from models.state import Outcome
from models.statuses import Surface
from workflows import actions
from workflows.office import Office


@dataclass(frozen=True)
class Press:
    """A button pressed by a person (an id) on a surface, about the revision that they saw."""

    post_id: int
    person: int
    revision: int | None
    surface: Surface
    reason: str = ""


def approve(office: Office, press: Press) -> Outcome:
    return actions.approve(office, press.post_id, press.person, press.surface, press.revision, press.reason)


def request_changes(office: Office, press: Press) -> Outcome:
    return actions.request_changes(office, press.post_id, press.person, press.surface, press.revision, press.reason)


def reject(office: Office, press: Press) -> Outcome:
    return actions.reject(office, press.post_id, press.person, press.surface, press.revision, press.reason)


BUTTONS: dict[str, Callable[[Office, Press], Outcome]] = {
    "approve": approve,
    "request_changes": request_changes,
    "reject": reject,
}
LABELS = {"approve": "Approve", "request_changes": "Request changes", "reject": "Reject"}
