"""Writes an immutable revision: its row, and one row for what each channel shows."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert

from models.content import Variant
from models.state import Draft
from models.tables import revisions, variants
from workflows.statements import Statement

_REVISION = Statement(insert(revisions))
_VARIANT = Statement(insert(variants))


def add(connection: Connection, post_id: int, number: int, draft: Draft, editor: int, now: datetime) -> None:
    """Revision `number` of a post as `editor` (a person's id) saved it at `now`."""
    _REVISION.run(
        connection,
        {
            "post_id": post_id,
            "number": number,
            "digest": draft.content.digest,
            "context": draft.context,
            "editor_id": editor,
            "created_at": now,
        },
    )
    if draft.content.variants:
        rows = [_variant_row(post_id, number, variant) for variant in draft.content.variants]
        _VARIANT.run_many(connection, rows)


def _variant_row(post_id: int, number: int, variant: Variant) -> dict[str, Any]:
    return {
        "post_id": post_id,
        "revision": number,
        "channel": variant.channel,
        "text": variant.text,
        "link": variant.link,
        "media": [{"sha256": m.sha256, "content_type": m.content_type, "alt": m.alt} for m in variant.media],
        "disclosure": variant.disclosure,
        "consent": variant.consent,
    }
