"""A post as a JSON document, the same in the API and in `signoff show --json`. Times are RFC 3339 in UTC."""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from models.writing import common_text, own_texts
from notifiers.views import PostView
from workflows import views
from workflows.office import Office


def post_document(connection: Connection, office: Office, post_id: int, now: datetime) -> dict[str, Any]:
    """Everything about a post; raises NotFound."""
    post = views.post_view(connection, office, post_id, now)
    first = post.content.variants[0] if post.content.variants else None
    return {
        "id": post.id,
        "brand": post.brand,
        "lane": post.lane,
        "status": post.status,
        "revision": post.revision,
        "content_revision": post.content_revision,
        "version": post.version,
        "digest": post.digest,
        "channels": list(post.content.channels),
        "text": common_text(post.content),
        "variants": own_texts(post.content),
        "link": first.link if first else "",
        "media": [vars(item) for item in first.media] if first else [],
        "disclosure": first.disclosure if first else "",
        "consent": first.consent if first else "",
        "context": post.context,
        "author": post.author,
        "last_editor": post.last_editor,
        "scheduled_for": stamp(post.scheduled_for),
        "created_at": stamp(post.created_at),
        "changed_at": stamp(post.changed_at),
        "policy_digest": post.policy_digest,
        "findings": [vars(finding) for finding in post.findings],
        "decisions": _decisions(post),
        "still_needed": list(post.still_needed),
        "waiting_for": list(post.waiting_for),
        "timers": [{"at": stamp(post.timer.at), "does": post.timer.does}] if post.timer else [],
        "dead_letters": list(post.dead_letters),
        "history": [history_entry(body) for body in views.history(connection, post_id)],
        "url": post.url,
    }


def _decisions(post: PostView) -> list[dict[str, Any]]:
    return [{**vars(decision), "at": stamp(decision.at)} for decision in post.decisions]


def history_entry(body: bytes) -> dict[str, Any]:
    """One audit record for people and programs."""
    record = json.loads(body)
    return {
        "at": record["at"],
        "actor": record["actor"]["name"],
        "surface": record["surface"],
        "action": record["action"],
        "from": record["from"],
        "to": record["to"],
        "reason": record["reason"],
        "revision": record["revision"],
        "detail": record["detail"],
    }


def stamp(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
