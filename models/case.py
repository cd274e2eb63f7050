"""One question to the state machine: a post, an action, an actor, the workflow and the time."""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from models.actors import Actor
from models.quorum import Voice
from models.state import Action, PostState
from models.workflow import Stage, Workflow


@dataclass(frozen=True)
class Case:
    """All that a guard or an effect may look at."""

    post: PostState
    action: Action
    actor: Actor
    workflow: Workflow
    now: datetime

    @cached_property
    def stage(self) -> Stage | None:
        """The review stage that the post is in."""
        return self.workflow.stage(self.post.status)

    @cached_property
    def stages(self) -> tuple[Stage, ...]:
        """The stages that the post must pass."""
        return self.post.stages(self.workflow)

    @cached_property
    def judged(self) -> "Case":
        """The same case with the findings' categories that the action brings."""
        return replace(self, post=replace(self.post, categories=self.action.categories))

    @cached_property
    def roles(self) -> frozenset[str]:
        """The roles that the actor holds in their own right here."""
        return self.actor.roles(self.post.brand, self.post.region)

    def voice(self, stage: Stage) -> Voice | None:
        """How the actor could fill a place at this stage: in their own right first, else for a delegator."""
        if self.actor.id is None:
            return None
        if own := stage.fills(self.roles):
            return Voice(self.actor.id, self.actor.id, own)
        barred = {self.post.author, self.post.last_editor}
        for grant in self.actor.delegated(self.post.brand, self.post.region):
            roles = stage.fills(frozenset({grant.role}))
            if roles and grant.on_behalf_of is not None and grant.on_behalf_of not in barred:
                return Voice(self.actor.id, grant.on_behalf_of, roles)
        return None
