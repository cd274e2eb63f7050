"""Slack's endpoints. The signature is checked over the raw body, a decision is committed before it is acknowledged,
and who clicked is known from the signed payload alone: being in the channel gives no right.
"""

import json
import logging
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from fastapi import APIRouter, BackgroundTasks, Request, Response
from fastapi.responses import JSONResponse
from slack_sdk.signature import Clock, SignatureVerifier
from starlette.concurrency import run_in_threadpool

from models.errors import BadInput, NotSignedIn, Refusal, Refused, SignoffError
from models.machine import decide
from models.state import Action
from models.statuses import ActionName, Surface
from notifiers.cards import escape, reason_view
from notifiers.explain import explain
from web.buttons import BUTTONS, Press
from web.errors import status_of
from web.templating import office_of
from workflows import actions, people, views
from workflows.office import Office

router = APIRouter(prefix="/slack", include_in_schema=False)
log = logging.getLogger("signoff.slack")
MAX_BODY = 200_000


@dataclass(frozen=True)
class Click:
    """What a signed payload says: who (a Slack user), where, on which post and revision, with which reason."""

    user: str
    channel: str
    action: str
    post_id: int
    revision: int
    trigger: str = ""
    reason: str = ""


async def signed_body(request: Request) -> bytes:
    """The raw body, proven to come from Slack within five minutes; raises NotSignedIn for anything else."""
    secret = office_of(request).settings.slack_signing_secret
    body = await request.body()
    if secret is None or len(body) > MAX_BODY:
        raise NotSignedIn("This request is not signed by Slack.")
    try:
        verifier = SignatureVerifier(secret.get_secret_value(), clock=_OfficeClock(office_of(request)))
        valid = verifier.is_valid_request(body, dict(request.headers))
    except Exception:
        valid = False
    if not valid:
        raise NotSignedIn("This request is not signed by Slack.")
    return body


class _OfficeClock(Clock):
    """The verifier's clock, set to the installation's."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def now(self) -> float:
        return self._office.clock.now().timestamp()


@router.post("/interactivity")
async def interactivity(request: Request, background: BackgroundTasks) -> Response:
    """A button or a modal. Answers 200 once the decision is committed, or with a private word why it is not."""
    body = await signed_body(request)
    office = office_of(request)
    payload = _payload(body)
    if payload.get("type") == "view_submission":
        return await _submitted(office, _from_view(payload))
    click = _from_block(payload)
    if click is None:
        return Response()
    if click.action in ("request_changes", "reject"):
        background.add_task(_ask_for_reason, office, click)
        return Response()
    refusal = await run_in_threadpool(_press, office, click)
    if refusal:
        background.add_task(_whisper, office, click, refusal)
    return Response()


async def _submitted(office: Office, click: Click) -> Response:
    refusal = await run_in_threadpool(_press, office, click)
    if refusal:
        return JSONResponse({"response_action": "errors", "errors": {"reason": refusal[:150]}})
    return JSONResponse({"response_action": "clear"})


def _press(office: Office, click: Click) -> str | None:
    """Carries out a press; None when it is done, else the sentence that its presser alone gets to read."""
    try:
        person = _person(office, click.user)
        press = Press(click.post_id, person, click.revision, Surface.SLACK, click.reason)
        BUTTONS[click.action](office, press)
    except SignoffError as error:
        if status_of(error) >= 500:
            raise
        return error.message
    return None


def _person(office: Office, slack_id: str) -> int:
    with office.database.reading() as connection:
        row = people.person_by_slack(connection, slack_id)
    if row is not None and row.deactivated_at is not None:
        raise Refused(Refusal("deactivated", "Your account is deactivated; ask an administrator."))
    if row is None:
        message = "Your Slack account is not linked to anybody in Signoff; ask an administrator."
        raise Refused(Refusal("unknown_person", message))
    return int(row.id)


def _ask_for_reason(office: Office, click: Click) -> None:
    """Opens the modal after the acknowledgement; Slack allows three seconds for it."""
    if office.senders.slack is None:
        return
    try:
        _may_decide(office, click)
    except SignoffError as refused:
        _whisper(office, click, refused.message)
        return
    view = reason_view(click.action, click.post_id, click.revision)
    result = office.senders.slack.open_view(click.trigger, view)
    log.info("modal for post %s: %s", click.post_id, result)


def _may_decide(office: Office, click: Click) -> None:
    """Raises Refused before anybody types a reason that would be refused."""
    now, action = office.clock.now(), Action(ActionName(click.action), reason="later", revision=click.revision)
    person = _person(office, click.user)
    with office.database.reading() as connection:
        actor = people.actor(connection, person, now)
        actions.require_sight(connection, actor, click.post_id)
        state = views.post_state(connection, click.post_id, now)
    answer = decide(state, action, actor, office.house.workflow, now)
    if isinstance(answer, Refusal):
        raise Refused(answer)


def _whisper(office: Office, click: Click, sentence: str) -> None:
    if office.senders.slack is not None:
        office.senders.slack.whisper(click.channel, click.user, escape(sentence))


# --- reading payloads -----------------------------------------------------------------------------------------


def _payload(body: bytes) -> dict[str, Any]:
    try:
        fields = parse_qs(body.decode(), max_num_fields=20)
        payload = json.loads(fields["payload"][0])
    except (ValueError, KeyError, RecursionError) as error:
        raise _garbled() from error
    if not isinstance(payload, dict):
        raise _garbled()
    return payload


def _from_block(payload: dict[str, Any]) -> Click | None:
    """The press that a block action tells of; None for links and for what is not ours."""
    try:
        action = payload["actions"][0]
        if action["action_id"] not in BUTTONS:
            return None
        place = json.loads(action["value"])
        return Click(
            user=str(payload["user"]["id"]),
            channel=str(payload.get("channel", {}).get("id", payload["user"]["id"])),
            action=action["action_id"],
            post_id=_number(place["post"]),
            revision=_number(place["revision"]),
            trigger=str(payload.get("trigger_id", "")),
        )
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise _garbled() from error


def _from_view(payload: dict[str, Any]) -> Click:
    """The press that a submitted modal tells of."""
    try:
        view = payload["view"]
        place = json.loads(view["private_metadata"])
        if view["callback_id"] not in BUTTONS:
            raise _garbled()
        return Click(
            user=str(payload["user"]["id"]),
            channel=str(payload["user"]["id"]),
            action=view["callback_id"],
            post_id=_number(place["post"]),
            revision=_number(place["revision"]),
            reason=str(view["state"]["values"]["reason"]["reason"].get("value") or ""),
        )
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise _garbled() from error


def _number(value: object) -> int:
    """A positive integer of a size that databases hold."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 2**31:
        raise ValueError("no number of ours")
    return value


def _garbled() -> SignoffError:
    return BadInput("This payload is not one that Signoff's cards send.")


@router.post("/commands")
async def commands(request: Request) -> Response:
    """`/signoff 42` explains a post to whoever may see it; the answer is private."""
    body = await signed_body(request)
    try:
        fields = parse_qs(body.decode(errors="replace"), max_num_fields=100)
    except ValueError as error:
        raise _garbled() from error
    user, text = fields.get("user_id", [""])[0], fields.get("text", [""])[0].strip()
    answer = await run_in_threadpool(_explain, office_of(request), user, text)
    return JSONResponse({"response_type": "ephemeral", "text": escape(answer), "mrkdwn": False})


def _explain(office: Office, user: str, text: str) -> str:
    number = text.removeprefix("explain").strip().lstrip("#")
    if not number.isascii() or not number.isdigit() or len(number) > 9:
        return "Write the number of a post, such as: /signoff 42"
    now = office.clock.now()
    try:
        person = _person(office, user)
        with office.database.reading() as connection:
            actor = people.actor(connection, person, now)
            actions.require_sight(connection, actor, int(number))
            zone = people.person_by_id(connection, person).timezone
            post = views.post_view(connection, office, int(number), now)
    except SignoffError as error:
        return error.message
    return "\n".join(explain(post, zone))


@router.post("/events")
async def events(request: Request) -> Response:
    """Slack's handshake; Signoff subscribes to no events yet."""
    body = await signed_body(request)
    try:
        challenge = json.loads(body).get("challenge", "")
    except (ValueError, AttributeError, RecursionError):
        challenge = ""
    return JSONResponse({"challenge": str(challenge)})
