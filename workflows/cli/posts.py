"""Commands about posts: submit, decide, time, show, explain."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import Field

from config.yaml_files import read
from models.localtime import instant
from models.statuses import Surface
from models.workflow import Strict
from models.writing import Writing
from notifiers.explain import explain as explain_post
from workflows import actions, people, queues, views
from workflows.cli.shared import AsJson, PostNumber, Token, caller, opened, show
from workflows.documents import post_document
from workflows.office import Office

Revision = Annotated[int, typer.Option(help="The revision that you read.", min=1)]
Reason = Annotated[str, typer.Option(help="Why; the author reads it.")]


class PostFile(Strict):
    """A post in a YAML file."""

    brand: str
    lane: str = "standard"
    channels: tuple[str, ...]
    text: str
    variants: dict[str, str] = Field(default_factory=dict)
    link: str = ""
    disclosure: str = ""
    consent: str = ""
    context: str = ""
    scheduled_for: datetime | str | None = None

    @property
    def moment(self) -> datetime | None:
        """The wished time, UTC; YAML reads an unquoted time by itself."""
        given = self.scheduled_for
        return instant(given.isoformat() if isinstance(given, datetime) else given) if given else None


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    commands = (
        submit, show_post, explain, queue, approve, reject, request_changes, edit, schedule, unschedule, withdraw,
        duplicate, settle,
    )  # fmt: skip
    for command in commands:
        name = command.__name__.removesuffix("_post").replace("_", "-")
        app.command(name)(command)


def submit(
    file: Annotated[Path, typer.Argument(help="A YAML file with brand, channels, text …", exists=True)],
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Create a post from a YAML file and send it to the policy check."""
    typed = read(file, PostFile)
    writing = Writing(
        channels=typed.channels,
        text=typed.text,
        variants=typed.variants,
        link=typed.link,
        disclosure=typed.disclosure,
        consent=typed.consent,
        context=typed.context,
        scheduled_for=typed.moment,
        timed=True,
    )
    with opened() as office:
        who = caller(office, token, "draft")
        post = actions.create(office, who, Surface.CLI, typed.brand, typed.lane, writing)
        actions.submit(office, post, who, Surface.CLI)
        _print(office, post, as_json=as_json, done=f"Post {post} is submitted.")


def show_post(post_id: PostNumber, as_json: AsJson = False) -> None:
    """Show a post with its findings, decisions and history."""
    with opened() as office:
        _print(office, post_id, as_json=as_json)


def explain(post_id: PostNumber, as_json: AsJson = False) -> None:
    """Say where a post stands, what is missing, who can give it, and which timer is next."""
    with opened() as office, office.database.reading() as connection:
        post = views.post_view(connection, office, post_id, office.clock.now())
        lines = explain_post(post, post.zone)
        show({"id": post_id, "status": post.status, "lines": lines}, lines, as_json=as_json)


def queue(token: Token = "", as_json: AsJson = False) -> None:
    """List the posts that wait for you."""
    with opened() as office:
        who = caller(office, token, "read")
        with office.database.reading() as connection:
            actor = people.actor(connection, who, office.clock.now())
            page = queues.waiting_for_me(connection, actor, office.house.workflow)
        entries = [vars(entry) for entry in page.entries]
        lines = [f"{e.id:>6}  {e.brand:<12} {e.status:<18} {e.author:<20} {e.headline}" for e in page.entries]
        show(entries, lines or ["Nothing waits for you."], as_json=as_json)


def approve(
    post_id: PostNumber, revision: Revision, reason: Reason = "", token: Token = "", as_json: AsJson = False
) -> None:
    """Approve the revision that you read."""
    with opened() as office:
        actions.approve(office, post_id, caller(office, token, "decide"), Surface.CLI, revision, reason)
        _print(office, post_id, as_json=as_json, done=f"You approved post {post_id}.")


def reject(post_id: PostNumber, reason: Reason, revision: Revision, token: Token = "", as_json: AsJson = False) -> None:
    """Reject a post for good."""
    with opened() as office:
        actions.reject(office, post_id, caller(office, token, "decide"), Surface.CLI, revision, reason)
        _print(office, post_id, as_json=as_json, done=f"You rejected post {post_id}.")


def request_changes(
    post_id: PostNumber, reason: Reason, revision: Revision, token: Token = "", as_json: AsJson = False
) -> None:
    """Send a post back to its author."""
    with opened() as office:
        actions.request_changes(office, post_id, caller(office, token, "decide"), Surface.CLI, revision, reason)
        _print(office, post_id, as_json=as_json, done=f"You requested changes to post {post_id}.")


def edit(
    post_id: PostNumber,
    text: Annotated[str | None, typer.Option(help="The new text of every channel without one of its own.")] = None,
    link: Annotated[str | None, typer.Option(help="The new link.")] = None,
    context: Annotated[str | None, typer.Option(help="The new words for reviewers.")] = None,
    variant: Annotated[list[str] | None, typer.Option(help="CHANNEL=TEXT, a text of its own for a channel.")] = None,
    revision: Annotated[int | None, typer.Option(help="Only if this is still the newest revision.", min=1)] = None,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Change a post; changed content takes it back to draft."""
    own = dict(part.split("=", 1) for part in variant or () if "=" in part)
    writing = Writing(text=text, link=link, context=context, variants=own or None)
    with opened() as office:
        actions.change(office, post_id, caller(office, token, "draft"), Surface.CLI, writing, revision)
        _print(office, post_id, as_json=as_json, done=f"Post {post_id} is saved.")


def unschedule(post_id: PostNumber, reason: Reason = "", token: Token = "", as_json: AsJson = False) -> None:
    """Take the publication time away; the approvals stay."""
    with opened() as office:
        actions.unschedule(office, post_id, caller(office, token, "draft"), Surface.CLI, reason)
        _print(office, post_id, as_json=as_json, done=f"Post {post_id} has no time any more.")


def duplicate(post_id: PostNumber, token: Token = "", as_json: AsJson = False) -> None:
    """Start a new draft with the content of a post."""
    with opened() as office:
        twin = actions.duplicate(office, post_id, caller(office, token, "draft"), Surface.CLI)
        _print(office, twin, as_json=as_json, done=f"Post {twin} is a copy of post {post_id}.")


def settle(
    post_id: PostNumber,
    outcome: Annotated[str, typer.Argument(help="published or publish_failed")],
    reason: Reason,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Say what became of a publication whose answer was lost."""
    with opened() as office:
        actions.settle(office, post_id, caller(office, token, "draft"), Surface.CLI, outcome, reason)
        _print(office, post_id, as_json=as_json, done=f"Post {post_id} is settled.")


def schedule(
    post_id: PostNumber,
    at: Annotated[str, typer.Argument(help="An RFC 3339 time such as 2027-03-01T09:30:00+00:00, or: now")],
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Give an approved post its publication time."""
    with opened() as office:
        who, now = caller(office, token, "draft"), at == "now"
        actions.schedule(office, post_id, who, Surface.CLI, None if now else instant(at), immediately=now)
        _print(office, post_id, as_json=as_json, done=f"Post {post_id} is scheduled.")


def withdraw(post_id: PostNumber, reason: Reason = "", token: Token = "", as_json: AsJson = False) -> None:
    """Take a post back for good."""
    with opened() as office:
        actions.withdraw(office, post_id, caller(office, token, "draft"), Surface.CLI, reason)
        _print(office, post_id, as_json=as_json, done=f"Post {post_id} is withdrawn.")


def _print(office: Office, post_id: int, *, as_json: bool, done: str = "") -> None:
    with office.database.reading() as connection:
        document = post_document(connection, office, post_id, office.clock.now())
        post = views.post_view(connection, office, post_id, office.clock.now())
    lines = [done] if done else []
    show(document, [*lines, *_lines(document), *explain_post(post, post.zone)], as_json=as_json)


def _lines(post: dict[str, Any]) -> list[str]:
    lines = [f"Post {post['id']} · {post['brand']} · {post['status']} · revision {post['revision']}"]
    lines += [f"  [{channel}] {post['variants'].get(channel, post['text'])}" for channel in post["channels"]]
    lines += [f"  {f['severity']}: {f['message']} ({f['rule']}, {f['channel']})" for f in post["findings"]]
    lines += [
        f"  {entry['at'][:19]}Z  {entry['action']:<16} {entry['from'] or '-'} → {entry['to']}  by {entry['actor']}"
        for entry in post["history"]
    ]
    return lines
