"""What a transition is written from: the installation's shared parts, and the one step that is about to be taken."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from models.actors import Actor
from models.state import Action, Outcome, PostState
from models.workflow import Workflow
from workflows.media import MediaStore


@dataclass(frozen=True)
class House:
    """What every transition of this installation shares: the workflow, the media files, and which media can tell."""

    workflow: Workflow
    media: MediaStore
    told_by: frozenset[str] = frozenset({"slack", "mail"})


@dataclass(frozen=True)
class Step:
    """One transition about to be written: the post as read, what was asked, by whom, and what follows."""

    row: Row[Any]
    post: PostState
    action: Action
    actor: Actor
    outcome: Outcome
    now: datetime

    @property
    def version(self) -> int:
        return self.post.version + 1

    @property
    def revision(self) -> int:
        return self.post.revision + (1 if self.outcome.draft else 0)

    @property
    def person(self) -> int:
        """The acting person's id; only for steps that no system takes."""
        if self.actor.id is None:
            raise ValueError(f"{self.action.name} needs a person")
        return self.actor.id
