"""The Slack card of a post, as Block Kit. Pure: the same view gives the same blocks.

Everything that a person wrote stands in `plain_text` with `emoji` off, which Slack neither formats, links nor
mentions. Limits: https://docs.slack.dev/reference/block-kit (50 blocks, 150 in a header, 3,000 in a section).
"""

import json
from dataclasses import dataclass
from typing import Any

from models.policy.subject import Finding
from notifiers.views import PostView, shorten, when
from notifiers.wording import Wording

Block = dict[str, Any]
MAX_VARIANTS, MAX_FINDINGS, MAX_DECISIONS = 6, 6, 8
SEVERITY_MARKS = {"block": "⛔ blocks", "review": "🔎 needs a look", "warn": "⚠ warning", "info": "ℹ note"}


@dataclass(frozen=True)
class SlackMessage:
    """Blocks, and the text that notifications show."""

    text: str
    blocks: list[Block]


def escape(text: str) -> str:
    """User text for mrkdwn places, such as the notification text: no link or mention survives."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def card(post: PostView) -> SlackMessage:
    """The card that every reader of a conversation sees, with buttons while the post is in review."""
    title = f"{post.standing}: {post.brand_name} post {post.id}"
    blocks = [_header(title), _context(_facts(post))]
    shown = _by_body(post)
    blocks += [_section(f"{', '.join(channels)} ▸ {shorten(body, 2_700)}") for body, channels in shown[:MAX_VARIANTS]]
    blocks += _note_left_out(len(shown) - MAX_VARIANTS, "more variants")
    if post.findings:
        blocks.append(_context([_finding(finding) for finding in post.findings[:MAX_FINDINGS]]))
    if post.context:
        blocks.append(_context([f"For reviewers: {post.context}"]))
    if post.decisions:
        blocks.append(_context([_decision(post, decision) for decision in post.decisions[-MAX_DECISIONS:]]))
    if post.in_review:
        blocks.append(_context([f"Waiting for {', '.join(post.waiting_for) or 'nobody who could decide'}."]))
    blocks.append(_buttons(post))
    return SlackMessage(escape(shorten(f"{title} — {post.headline}", 300)), blocks)


def note(post: PostView, wording: Wording) -> SlackMessage:
    """A short message to one person, which leads to the post."""
    blocks = [
        _section(f"{wording.title}\n{shorten(wording.body, 2_000)}"),
        _context([f"{post.brand_name} post {post.id}: {post.headline}"]),
        {"type": "actions", "elements": [_open(post, wording.button)]},
    ]
    return SlackMessage(escape(shorten(f"{wording.title} — {post.headline}", 300)), blocks)


def reason_view(action: str, post_id: int, revision: int) -> Block:
    """The modal that asks for a reason. https://docs.slack.dev/surfaces/modals"""
    title = {"request_changes": "Request changes", "reject": "Reject"}[action]
    return {
        "type": "modal",
        "callback_id": action,
        "private_metadata": json.dumps({"post": post_id, "revision": revision}),
        "title": _plain(title),
        "submit": _plain(title),
        "close": _plain("Cancel"),
        "blocks": [
            {
                "type": "input",
                "block_id": "reason",
                "label": _plain("Why? The author reads this."),
                "element": {"type": "plain_text_input", "action_id": "reason", "multiline": True, "max_length": 2_000},
            }
        ],
    }


def _by_body(post: PostView) -> list[tuple[str, list[str]]]:
    """What each channel shows; channels that show the same stand together."""
    grouped: dict[str, list[str]] = {}
    for variant in post.content.variants:
        images = (f"🖼 {item.alt or 'image without description'}" for item in variant.media)
        parts = [variant.disclosure, variant.text, variant.link, *images]
        grouped.setdefault("\n".join(part for part in parts if part), []).append(variant.channel)
    return list(grouped.items())


def _facts(post: PostView) -> list[str]:
    facts = [f"by {post.author}", f"revision {post.revision}"]
    if post.lane != "standard":
        facts.insert(0, f"{post.lane.upper()} LANE")
    if post.scheduled_for:
        facts.append(f"goes out {when(post.scheduled_for, post.zone)}")
    return [" · ".join(facts)]


def _finding(finding: Finding) -> str:
    quote = f" “{finding.text}”" if finding.text else ""
    return f"{SEVERITY_MARKS[finding.severity]} ({finding.channel}){quote}: {finding.message}"


def _decision(post: PostView, decision: Any) -> str:
    mark = {"approve": "✔", "request_changes": "✎", "reject": "✘"}[decision.verdict]
    reason = f": {decision.reason}" if decision.reason else ""
    old = "" if decision.current else " (earlier content)"
    return f"{mark} {decision.sentence}, {when(decision.at, post.zone)}{old}{reason}"


def _buttons(post: PostView) -> Block:
    value = json.dumps({"post": post.id, "revision": post.revision})
    decide = [
        {"type": "button", "action_id": "approve", "style": "primary", "text": _plain("Approve"), "value": value},
        {"type": "button", "action_id": "request_changes", "text": _plain("Request changes"), "value": value},
        {"type": "button", "action_id": "reject", "style": "danger", "text": _plain("Reject"), "value": value},
    ]
    return {"type": "actions", "elements": [*(decide if post.in_review else []), _open(post, "Open the post")]}


def _open(post: PostView, label: str) -> Block:
    return {"type": "button", "action_id": "open", "text": _plain(label), "url": post.url}


def _note_left_out(count: int, what: str) -> list[Block]:
    return [_context([f"… and {count} {what}: open the post to see them."])] if count > 0 else []


def _header(text: str) -> Block:
    return {"type": "header", "text": _plain(shorten(text, 150))}


def _section(text: str) -> Block:
    return {"type": "section", "text": _plain(text)}


def _context(lines: list[str]) -> Block:
    """A context block takes up to ten elements."""
    return {"type": "context", "elements": [_plain(shorten(line, 1_000)) for line in lines[:10]]}


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text or " ", "emoji": False}
