"""Wall-clock times: what a person typed in a zone, resolved to the one instant it means."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from models.errors import BadInput

FARTHEST = timedelta(days=730)


def zone(name: str, *, field: str = "timezone") -> ZoneInfo:
    """The IANA zone of that name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadInput(f"“{name[:60]}” is no time zone; write one such as Europe/London.", field=field) from error


def resolve(typed: str, zone_name: str, *, fold: int | None = None, field: str = "scheduled_for") -> datetime:
    """The UTC instant of a wall time `YYYY-MM-DDTHH:MM` in a zone, or of an RFC 3339 time with its own offset.

    A time that a clock change skips is refused; one that happens twice asks for `fold` (0 first, 1 second).
    """
    try:
        parsed = datetime.fromisoformat(typed.strip())
    except ValueError as error:
        raise BadInput(
            f"“{typed[:40]}” is no date and time; write one such as 2027-03-01T09:30.", field=field
        ) from error
    if parsed.tzinfo is not None:
        return _to_utc(parsed, field)
    place = zone(zone_name)
    first, second = parsed.replace(tzinfo=place, fold=0), parsed.replace(tzinfo=place, fold=1)
    if first.utcoffset() == second.utcoffset():
        return _to_utc(first, field)
    if first.astimezone(UTC).astimezone(place).replace(tzinfo=None) != parsed:
        raise BadInput(
            f"{parsed:%Y-%m-%d %H:%M} does not exist in {zone_name}: the clocks jump over it. "
            f"Choose a time before or after the change.",
            field=field,
        )
    if fold is None:
        raise BadInput(
            f"{parsed:%Y-%m-%d %H:%M} happens twice in {zone_name}, because the clocks go back. "
            f"Choose the first ({first:%H:%M%z}) or the second ({second:%H:%M%z}).",
            field=field,
        )
    return _to_utc(second if fold else first, field)


def _to_utc(moment: datetime, field: str) -> datetime:
    try:
        return moment.astimezone(UTC)
    except (OverflowError, ValueError) as error:
        raise BadInput("This date is outside the calendar.", field=field) from error


def instant(typed: str, *, field: str = "scheduled_for") -> datetime:
    """The UTC instant of an RFC 3339 time; an offset is required."""
    try:
        parsed = datetime.fromisoformat(typed.strip())
    except ValueError as error:
        raise BadInput(
            f"“{typed[:40]}” is no RFC 3339 time; write one such as 2027-03-01T09:30:00+00:00.", field=field
        ) from error
    if parsed.tzinfo is None:
        raise BadInput("The time needs an offset, such as 2027-03-01T09:30:00+00:00 or …Z.", field=field)
    return _to_utc(parsed, field)


def check_publication_time(moment: datetime, now: datetime, *, field: str = "scheduled_for") -> datetime:
    """Refuses the past and what is more than two years away."""
    if moment <= now:
        raise BadInput("This time is in the past; choose a later one.", field=field)
    if moment - now > FARTHEST:
        raise BadInput("This is more than two years away; choose an earlier time.", field=field)
    return moment
