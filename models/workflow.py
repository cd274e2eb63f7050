"""The review workflow as configured: its stages, who must approve at each, and what happens on silence."""

import re
from datetime import timedelta
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from models.escalation import Rung, RungKind
from models.quorum import Needs, parse_needs
from models.statuses import Status

_DURATION = re.compile(r"(\d{1,6})\s*([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def parse_duration(value: Any) -> timedelta:
    """`90s`, `15m`, `4h` or `2d` as a timedelta; raises ValueError."""
    if isinstance(value, timedelta):
        return value
    match = _DURATION.fullmatch(str(value).strip())
    if not match:
        raise ValueError(f"“{value}” is no duration; write one such as 90s, 15m, 4h or 2d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def format_duration(value: timedelta) -> str:
    """The shortest spelling that parse_duration reads back."""
    seconds = int(value.total_seconds())
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


Duration = Annotated[timedelta, BeforeValidator(parse_duration)]
NeedsField = Annotated[Needs, BeforeValidator(parse_needs)]
Names = Annotated[tuple[str, ...], BeforeValidator(lambda v: (v,) if isinstance(v, str) else v)]


class Strict(BaseModel):
    """A configuration value: unknown keys are refused, and nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class When(Strict):
    """Selectors: a stage applies when every selector that is given names the post's own value."""

    lane: Names = ()
    brand: Names = ()
    region: Names = ()
    channel: Names = ()
    finding_category: Names = ()


class RungConfig(Strict):
    """One rung of a ladder as written in YAML."""

    after: Duration | None = None
    before_publish: Duration | None = None
    do: RungKind
    role: str | None = None

    @model_validator(mode="after")
    def _one_clock(self) -> Self:
        if (self.after is None) == (self.before_publish is None):
            raise ValueError("a rung has either `after` or `before_publish`")
        if (self.do == "escalate_to") != (self.role is not None):
            raise ValueError("`escalate_to` names a `role`, and nothing else does")
        if self.do == "expire" and self.before_publish is None:
            raise ValueError("`expire` goes with `before_publish`: only the publication time ends a review")
        return self

    def rung(self) -> Rung:
        return Rung(do=self.do, after=self.after, before_publish=self.before_publish, role=self.role)


class Stage(Strict):
    """One review: the status it gives the post, who must approve, who may stand in, and the ladder."""

    status: str = Field(pattern=r"^[a-z][a-z0-9_]{1,39}$")
    title: str = Field(min_length=1, max_length=60)
    when: When = When()
    needs: NeedsField
    stands_in: dict[str, Names] = {}
    ladder: tuple[RungConfig, ...] = ()

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.status in set(Status):
            raise ValueError(f"`{self.status}` is a fixed status; give the stage one of its own")
        if unknown := set(self.stands_in) - self.needs.roles:
            raise ValueError(f"stands_in names {sorted(unknown)}, which this stage does not need")
        for rung in self.ladder:
            if rung.role and rung.role not in self.deciding_roles:
                raise ValueError(
                    f"escalating to {rung.role} would help nobody: add it to `stands_in`, so that it can decide"
                )
        if not any(rung.do == "page" for rung in self.ladder):
            raise ValueError("the ladder needs a `page` rung, which tells the person of last resort")
        return self

    @property
    def deciding_roles(self) -> frozenset[str]:
        """Every role that can decide here, in its own right or standing in."""
        return self.needs.roles.union(*self.stands_in.values()) if self.stands_in else self.needs.roles

    def fills(self, roles: frozenset[str]) -> frozenset[str]:
        """The needed roles that somebody with these roles can fill."""
        return frozenset(
            need for need in self.needs.roles if need in roles or roles.intersection(self.stands_in.get(need, ()))
        )

    @property
    def rungs(self) -> tuple[Rung, ...]:
        return tuple(rung.rung() for rung in self.ladder)


class Workflow(Strict):
    """All stages in order, and the roles that may draft and administer."""

    drafters: Names = ("author",)
    administrators: Names = ("admin",)
    lanes: tuple[str, ...] = ("standard", "crisis")
    stages: tuple[Stage, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        statuses = [stage.status for stage in self.stages]
        if twice := {status for status in statuses if statuses.count(status) > 1}:
            raise ValueError(f"{sorted(twice)} stands for two stages; each needs a status of its own")
        for lane in self.lanes:
            if not any(not s.when.lane or lane in s.when.lane for s in self.stages):
                raise ValueError(f"no stage applies to the lane `{lane}`; posts would skip review")
        if unknown := {lane for s in self.stages for lane in s.when.lane} - set(self.lanes):
            raise ValueError(f"unknown lane {sorted(unknown)}; the lanes are {list(self.lanes)}")
        return self

    def stage(self, status: str) -> Stage | None:
        """The stage that gives this status, or None for a fixed status."""
        return next((stage for stage in self.stages if stage.status == status), None)

    def stages_for(self, facts: dict[str, frozenset[str]]) -> tuple[Stage, ...]:
        """The stages that a post must pass. `facts` maps each selector's name to the post's own values."""
        return tuple(stage for stage in self.stages if _applies(stage.when, facts))


def _applies(when: When, facts: dict[str, frozenset[str]]) -> bool:
    wanted = ((name, getattr(when, name)) for name in When.model_fields)
    return all(not values or facts[name].intersection(values) for name, values in wanted)
