"""Renders pages with Jinja2, everything escaped, and the facts that every page shows."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from notifiers.views import STANDINGS, shorten, when
from workflows import beats
from workflows.office import Office

_HERE = Path(__file__).parent
_TEMPLATES = Environment(
    loader=FileSystemLoader(_HERE / "templates"),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters["when"] = when
_TEMPLATES.filters["shorten"] = shorten


def standing(status: str) -> str:
    """A status in words, for lists."""
    return STANDINGS.get(status, status.replace("_", " ").capitalize())


def ago(moment: datetime, now: datetime) -> str:
    """`3 min ago`, `in 2 h`; for people, beside the exact time."""
    seconds = (now - moment).total_seconds()
    size = abs(seconds)
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if size >= length:
            amount = f"{int(size // length)} {unit}"
            return f"{amount} ago" if seconds > 0 else f"in {amount}"
    return "just now" if seconds >= 0 else "in less than a minute"


_TEMPLATES.filters["standing"] = standing
_TEMPLATES.globals["ago"] = ago


def office_of(request: Request) -> Office:
    office: Office = request.app.state.office
    return office


def render(request: Request, template: str, facts: Mapping[str, Any], status: int = 200) -> HTMLResponse:
    """The page, with the signed-in person, the time and the state of the works."""
    office = office_of(request)
    visitor = getattr(request.state, "visitor", None)
    now = office.clock.now()
    shared = {
        "request_path": request.url.path,
        "visitor": visitor,
        "zone": visitor.zone if visitor else "UTC",
        "csrf": visitor.csrf if visitor else "",
        "sandbox": office.settings.in_sandbox,
        "health": _health(office, now),
        "now": now,
    }
    page = _TEMPLATES.get_template(template).render({**shared, **facts})
    return HTMLResponse(page.encode(errors="replace").decode(), status_code=status)


def _health(office: Office, now: datetime) -> str:
    try:
        with office.database.reading() as connection:
            return beats.health(connection, now).sentence
    except Exception:
        return "The database does not answer right now."
