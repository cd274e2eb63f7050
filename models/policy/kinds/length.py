"""Kind `length`: what each network's own counter says, with the limit in force on the day."""

from collections.abc import Iterable
from datetime import date
from typing import Literal, Self

from pydantic import Field, model_validator

from models.counting import COUNTERS
from models.policy.rule import Rule
from models.policy.subject import Hit, Subject
from models.workflow import Strict

Unit = Literal["x_weighted", "graphemes", "mastodon", "characters"]


class Limit(Strict):
    """At most `max` of a unit, in force from a day on; `checked_on` is when somebody last read the network's page."""

    max: int = Field(ge=1)
    unit: Unit
    since: date
    checked_on: date
    source: str


class LengthRule(Rule):
    """Fires when the text is longer than the network of the channel takes. Each network's limits go by date."""

    kind: Literal["length"] = "length"
    networks: dict[str, tuple[Limit, ...]] = Field(min_length=1)

    @model_validator(mode="after")
    def _dated(self) -> Self:
        for network, limits in self.networks.items():
            if not limits:
                raise ValueError(f"{network} has no limit")
            if list(limits) != sorted(limits, key=lambda limit: limit.since):
                raise ValueError(f"the limits of {network} are not in order of `since`")
        return self

    def limit(self, network: str, on: date) -> Limit | None:
        """The limit of a network in force on a day."""
        in_force = [limit for limit in self.networks.get(network, ()) if limit.since <= on]
        return in_force[-1] if in_force else None

    def check(self, subject: Subject) -> Iterable[Hit]:
        limit = self.limit(subject.network, subject.on)
        if limit is None:
            return
        counted = COUNTERS[limit.unit](subject.text)
        if counted > limit.max:
            unit = "characters as X counts them" if limit.unit == "x_weighted" else "characters"
            yield Hit(note=f"It has {counted:,} {unit}; {subject.network} takes {limit.max:,}.")
