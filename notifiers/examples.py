"""An example of each message, for `signoff preview` and for the golden files of the tests."""

from datetime import UTC, datetime

from models.content import Content, Variant
from models.policy.subject import Finding, Severity
from notifiers import cards, mail
from notifiers.mail import Letter
from notifiers.views import DecisionView, PostView, TimerView
from notifiers.wording import WORDINGS, Reader, word

MORNING = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

POST = PostView(
    id=42,
    brand="acme",
    brand_name="Acme",
    zone="Europe/London",
    region="GB",
    lane="standard",
    status="legal_review",
    stage_title="Legal review",
    version=3,
    revision=1,
    content_revision=1,
    digest="0" * 64,
    headline="Our spring range is here.",
    content=Content(
        "acme",
        (
            Variant("linkedin", "Our spring range is here.\nCome and see it.", "https://acme.example/spring"),
            Variant("x", "Our spring range is here.", "https://acme.example/spring"),
        ),
    ),
    context="The range was announced to the press on Friday.",
    author_id=1,
    author="Ana Alves",
    last_editor="Ana Alves",
    scheduled_for=datetime(2026, 12, 24, 9, 30, tzinfo=UTC),
    created_at=MORNING,
    changed_at=MORNING,
    policy_digest="0" * 64,
    findings=(
        Finding(
            "absolute-claims",
            Severity.REVIEW,
            "legal",
            "x",
            4,
            10,
            "spring",
            "This claim needs evidence.",
            "Soften it.",
        ),
    ),
    decisions=(DecisionView("Lin Liang", None, "approve", "Legal review", "", "slack", 1, MORNING, current=True),),
    still_needed=("legal",),
    waiting_for=("Lee Lindqvist",),
    timer=TimerView(MORNING, "remind the approvers"),
    url="http://localhost:8000/posts/42",
    first_headline="Our spring range is here.",
)


def previews() -> dict[str, str]:
    """Every mail as its text, and the Slack card as the text of its blocks, by name."""
    reader = Reader("Lee Lindqvist", "Europe/London")
    found = {"slack_card": _card_text()}
    for kind in WORDINGS:
        wording = word(kind, POST, reader, "Please name the source of the figure.")
        letter = Letter(
            to="lee@acme.example",
            to_name=reader.name,
            zone=reader.zone,
            wording=wording,
            post=POST,
            link="http://localhost:8000/d/TOKEN" if wording.decides else "",
            code="123456" if wording.decides else "",
            unique=kind,
        )
        message = mail.compose(letter, "Signoff <signoff@acme.example>", MORNING.timestamp())
        body = message.get_body(("plain",))
        found[kind] = f"Subject: {message['Subject']}\n\n{body.get_content() if body else ''}"
    return found


def _card_text() -> str:
    lines = []
    for block in cards.card(POST).blocks:
        for part in [block.get("text"), *block.get("elements", ())]:
            if part:
                text = part["text"]
                lines.append(f"[{text['text']}]" if isinstance(text, dict) else text)
    return "\n".join(lines)
