"""What each kind of message says, in Slack notes and mails alike: a title, a sentence, the name of the button."""

from collections.abc import Callable
from dataclasses import dataclass

from notifiers.views import PostView, when


@dataclass(frozen=True)
class Wording:
    """The words of one message. `decides`: it carries a decision link and code."""

    title: str
    body: str
    button: str = "Open the post"
    decides: bool = False


@dataclass(frozen=True)
class Reader:
    """Who reads the message, and in which zone."""

    name: str
    zone: str


Write = Callable[[PostView, Reader, str], Wording]


def _review_requested(post: PostView, reader: Reader, reason: str) -> Wording:
    due = f" It is to go out on {when(post.scheduled_for, reader.zone)}." if post.scheduled_for else ""
    return Wording(
        f"{post.standing}: your decision is needed",
        f"{post.author} asks for your decision on a post of {post.brand_name}.{due}",
        "Read and decide",
        decides=True,
    )


def _reminder(post: PostView, reader: Reader, reason: str) -> Wording:
    return Wording(
        f"Reminder: {post.standing} is waiting for you",
        f"Nobody has decided yet on this post of {post.brand_name} by {post.author}.",
        "Read and decide",
        decides=True,
    )


def _escalation(post: PostView, reader: Reader, reason: str) -> Wording:
    waiting = f" It waits for {', '.join(post.waiting_for)}." if post.waiting_for else ""
    return Wording(
        f"Escalated to you: {post.standing} has had no answer",
        f"A post of {post.brand_name} by {post.author} has had no answer, so it comes to you.{waiting}",
        "Read and decide",
        decides=True,
    )


def _last_resort(post: PostView, reader: Reader, reason: str) -> Wording:
    waiting = ", ".join(post.waiting_for) or "nobody who could decide"
    return Wording(
        f"{post.standing} is stuck: you are the person of last resort",
        f"Nobody has decided on this post of {post.brand_name}. It waits for: {waiting}. "
        f"Reach them, give somebody else the role, or withdraw the post.",
    )


def _plain(title: str, body: str, button: str = "Open the post") -> Write:
    """Wording from format strings; {reason} stands for what the deciding person or the publisher said."""

    def write(post: PostView, reader: Reader, reason: str) -> Wording:
        facts = {
            "brand": post.brand_name,
            "when": when(post.scheduled_for, reader.zone) or "no time",
            "reason": reason or "No reason was given.",
            "who": post.decisions[-1].person if post.decisions else "Somebody",
        }
        return Wording(title.format_map(facts), body.format_map(facts), button)

    return write


WORDINGS: dict[str, Write] = {
    "review_requested": _review_requested,
    "reminder": _reminder,
    "escalation": _escalation,
    "last_resort": _last_resort,
    "approval_voided": _plain(
        "The post that you approved was edited",
        "Your approval was for the earlier content and no longer counts. You will be asked again if it is submitted.",
    ),
    "policy_blocked": _plain(
        "The policy check sent your post back",
        "Mend what is listed below, then submit it again.",
        "Edit the post",
    ),
    "changes_requested": _plain("{who} requests changes to your post", "{reason}", "Edit the post"),
    "rejected": _plain("{who} rejected your post", "{reason}"),
    "expired": _plain(
        "Your post expired",
        "Nobody decided before its publication time, so nothing was published. It is a draft again: choose a new "
        "time and submit it.",
        "Edit the post",
    ),
    "needs_time": _plain(
        "Your post is approved and needs a publication time",
        "All reviews are passed. It goes out when you choose a time.",
        "Choose a time",
    ),
    "scheduled": _plain("Your post is approved and scheduled", "It goes out on {when}."),
    "published": _plain("Your post is published", "It was handed over to be published."),
    "publish_failed": _plain(
        "Publishing failed: nothing went out", "{reason} Schedule it again when that is solved.", "Look at it"
    ),
    "publish_unknown": _plain(
        "It is unknown whether this post went out",
        "{reason} Look at the channels themselves, then say what happened. It will not be sent again until you do.",
        "Settle it",
    ),
    "settled": _plain("The publication was settled", "{reason}"),
}


def word(kind: str, post: PostView, reader: Reader, reason: str) -> Wording:
    """The words of a kind of message about a post."""
    return WORDINGS[kind](post, reader, reason)
