"""What time it is. The sandbox's clock can be moved forward, so that a newcomer need not wait for an escalation."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol


class Clock(Protocol):
    """Anything that tells the time: aware, in UTC."""

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class SandboxClock:
    """The machine's clock plus an offset that is kept in a file, so that all processes of a sandbox agree."""

    def __init__(self, data_dir: Path) -> None:
        self._file = data_dir / "sandbox-clock-offset"

    @property
    def offset(self) -> timedelta:
        try:
            return timedelta(seconds=float(self._file.read_text()))
        except (OSError, ValueError):
            return timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def forward(self, by: timedelta) -> None:
        """Moves the sandbox's time; never back."""
        if by <= timedelta():
            raise ValueError("the sandbox's clock only goes forward")
        part = self._file.with_suffix(".part")
        part.write_text(str((self.offset + by).total_seconds()))
        part.replace(self._file)
