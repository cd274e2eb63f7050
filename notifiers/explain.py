"""Explains a post in plain words: where it stands, what is missing, who can give it, what happens next.

One text for every surface: web, Slack, command line, API.
"""

from models.statuses import Status
from notifiers.views import PostView, when

_NEXT: dict[str, str] = {
    Status.DRAFT: "It is a draft. Its author can submit it.",
    Status.POLICY_CHECK: "The policy check is looking at it; that takes a second or two while a worker is running.",
    Status.APPROVED: "All reviews are passed. It needs a publication time: schedule it, or publish it now.",
    Status.SCHEDULED: "It goes out at its time, if its content and approvals are still the same then.",
    Status.PUBLISHING: "It is being handed over to be published right now.",
    Status.PUBLISHED: "It is published; nothing more will happen.",
    Status.PUBLISH_FAILED: "Publishing failed and nothing went out. Schedule it again, edit it, or withdraw it.",
    Status.PUBLISH_UNKNOWN: "The publisher's answer was lost. Look at the channels, then settle it: did it go out? "
    "Until then it is not sent again.",
    Status.REJECTED: "It was rejected; nothing more will happen. Duplicate it to start again.",
    Status.WITHDRAWN: "It was withdrawn; nothing more will happen. Duplicate it to start again.",
}


def explain(post: PostView, zone: str) -> list[str]:
    """The explanation as sentences, with times in the reader's `zone`."""
    lines = [f"Post {post.id} of {post.brand_name} stands at: {post.standing}."]
    if post.in_review:
        lines += _review(post, zone)
    else:
        lines.append(_NEXT.get(post.status, "Its review stage is no longer configured: edit or withdraw it."))
    if post.scheduled_for and post.status not in (Status.PUBLISHED, Status.REJECTED, Status.WITHDRAWN):
        passed = "was to be" if post.status == Status.DRAFT and post.scheduled_for <= post.changed_at else "is"
        lines.append(f"Its publication time {passed} {when(post.scheduled_for, zone)}.")
        if passed == "was to be":
            lines.append("That has passed: choose a new time, or none, before you submit it.")
    last = post.decisions[-1] if post.decisions else None
    if post.status == Status.DRAFT and last and last.verdict == "request_changes" and last.revision == post.revision:
        lines[1] = f"{last.person} requested changes: edit it, or answer in the reviewer context, then submit it again."
    blocks = [finding for finding in post.findings if finding.severity == "block"]
    if post.status == Status.DRAFT and blocks:
        lines.append(f"The policy check sent it back: {' '.join(dict.fromkeys(f.message for f in blocks))}")
    lines += [f"A message could not be delivered: {letter}" for letter in post.dead_letters]
    return lines


def _review(post: PostView, zone: str) -> list[str]:
    lines = [f"Missing: {', '.join(post.still_needed)}."] if post.still_needed else []
    if post.waiting_for:
        lines.append(f"Who can give it: {', '.join(post.waiting_for)}.")
    else:
        lines.append("Nobody can give it at present: ask an administrator to grant the role. This post is stuck.")
    if post.timer:
        lines.append(f"If nobody answers: {post.timer.does}, on {when(post.timer.at, zone)}.")
    else:
        lines.append("No timer is left: nothing more happens by itself.")
    return lines
