"""Every error that a person can cause or meet, as one tree.

SignoffError
├── BadInput            what was typed is wrong; `field` says where
├── Refused             the state machine says no; carries a Refusal
├── NotFound            no such post, person, brand, file
├── NotSignedIn         nobody is known to be asking
├── LinkDead            a decision or sign-in link that no longer works
├── ChangedMeanwhile    somebody else changed the post in this very moment
├── ConfigError         a configuration file is wrong; `file` and `line` say where
└── DatabaseTrouble     the database is busy, full, read-only, away, or of another version

Each carries a stable `code` for programs and a message for the person: what is wrong, and what to do.
"""

from dataclasses import dataclass


class SignoffError(Exception):
    """The root; `code` is stable, `message` is for the person who clicked."""

    code = "error"

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class BadInput(SignoffError):
    """What was typed is wrong."""

    code = "bad_input"


@dataclass(frozen=True)
class Refusal:
    """Why the state machine said no. `code` is one of models.machine.REFUSALS."""

    code: str
    message: str
    field: str | None = None


class Refused(SignoffError):
    """The state machine says no."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message, field=refusal.field)
        self.refusal = refusal
        self.code = refusal.code


class NotFound(SignoffError):
    """No such thing."""

    code = "not_found"


class NotSignedIn(SignoffError):
    """Nobody is known to be asking."""

    code = "not_signed_in"


class LinkDead(SignoffError):
    """A link that no longer works: used, outdated, or never ours."""

    code = "link_dead"


class ChangedMeanwhile(SignoffError):
    """Somebody else changed the post in this very moment; nothing was written."""

    code = "changed_meanwhile"


class DatabaseTrouble(SignoffError):
    """The database cannot take a write now. `code` says how: busy, full, read-only, away, wrong version."""

    code = "database_trouble"

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code


DATABASE_CODES = (
    "database_busy",
    "database_full",
    "database_read_only",
    "database_away",
    "database_version",
)


class ConfigError(SignoffError):
    """A configuration file is wrong, at `file` and `line` (1-based)."""

    code = "config_error"

    def __init__(self, message: str, *, file: str, line: int | None = None) -> None:
        self.file = file
        self.line = line
        where = f"{file}:{line}" if line else file
        super().__init__(f"{where}: {message}")
