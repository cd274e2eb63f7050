"""Logging: one line an event, as text or JSON, with the ids of request, post and transition, and never a secret.

Secrets are known by value, from the settings, and by form (tokens, signed links, passwords in addresses); both are
blotted out in the finished line, wherever they came from.
"""

import json
import logging
import re
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr

from config.settings import Settings

request_id: ContextVar[str] = ContextVar("signoff_request_id", default="")
FIELDS = ("post", "version", "action", "status", "actor", "surface", "message_id", "attempt", "route", "method", "ms")
BLOT = "[secret]"
_FORMS = re.compile(
    r"xox[abpres]-[\w-]+|xapp-[\w-]+|whsec_[\w+/=-]+|signoff_[\w-]{20,}|(?<=Bearer )\S+|(?<=/d/)[\w.~-]+"
    r"|(?<=/sign-in/)[\w.~-]+|(?<=://)[^/\s:@]*:[^/\s@]+(?=@)",
    re.IGNORECASE,
)


def set_up(settings: Settings) -> None:
    """Sends every log line of this process to standard error, in the form that the settings choose."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LineFormatter(settings, as_json=settings.log_format == "json"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("signoff").setLevel(settings.log_level)


class LineFormatter(logging.Formatter):
    """One event, one line."""

    def __init__(self, settings: Settings, *, as_json: bool) -> None:
        super().__init__()
        self._as_json = as_json
        self._secrets = sorted(_secrets(settings), key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        facts = _facts(record)
        if record.exc_info:
            facts["error"] = self.formatException(record.exc_info)
        facts = {name: self._blot(value) if isinstance(value, str) else value for name, value in facts.items()}
        if self._as_json:
            return json.dumps(facts, ensure_ascii=False, default=str)
        facts["message"] = facts["message"].replace("\r", "\\r").replace("\n", "\\n")
        known = " ".join(f"{name}={value}" for name, value in facts.items() if name not in _ALWAYS)
        line = f"{facts['at']} {facts['level']} {facts['logger']}: {facts['message']}"
        return line + (f" ({known})" if known else "")

    def _blot(self, line: str) -> str:
        for secret in self._secrets:
            line = line.replace(secret, BLOT)
        return _FORMS.sub(BLOT, line)


_ALWAYS = ("at", "level", "logger", "message")


def _facts(record: logging.LogRecord) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname,
        "logger": record.name,
        "message": record.getMessage(),
    }
    if request := request_id.get():
        facts["request"] = request
    return facts | {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}


def _secrets(settings: Settings) -> set[str]:
    """The values of every secret setting, and the database's password."""
    values = [getattr(settings, name) for name in type(settings).model_fields]
    found = {value.get_secret_value() for value in values if isinstance(value, SecretStr)}
    addresses = [*found, settings.database]
    found |= {unquote(urlsplit(address).password or "") for address in addresses if "://" in address}
    return {secret for secret in found if len(secret) >= 6}
