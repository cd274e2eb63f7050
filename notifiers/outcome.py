"""What came of sending: a value, never an exception for what is to be expected."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Sent:
    """Delivered. `reference` is how the other side names it (a Slack channel and ts)."""

    reference: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RetryLater:
    """Not delivered now. `after` is what the other side asked for, in seconds. `unsure`: it may have arrived."""

    reason: str
    after: float | None = None
    unsure: bool = False


@dataclass(frozen=True)
class Dead:
    """Will never be delivered as it is."""

    reason: str


Result = Sent | RetryLater | Dead
