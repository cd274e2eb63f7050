"""When to try again, as values."""

from datetime import timedelta

LONGEST = timedelta(minutes=5)
OLDEST = timedelta(hours=24)


def back_off(attempt: int, asked: float | None = None) -> timedelta:
    """How long to wait after attempt number `attempt` (from 1): 1, 2, 4 … seconds up to five minutes, or as asked.

    `asked` is what the other side wants in seconds (Retry-After); it is never shortened.
    """
    grown = min(timedelta(seconds=2 ** min(attempt - 1, 12)), LONGEST)
    return max(grown, timedelta(seconds=asked)) if asked is not None else grown


def gives_up(age: timedelta) -> bool:
    """Whether a message of this age is dead: an outage of a day is survived, whatever the number of attempts."""
    return age > OLDEST
