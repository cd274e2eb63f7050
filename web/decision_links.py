"""Decision links from mails. Opening one shows the post and decides nothing: mail scanners open links, run scripts
and press buttons. Deciding needs a POST, and the session of the person whom the link is for or the code in the mail.
"""

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from models.errors import BadInput, LinkDead, Refusal, Refused, SignoffError
from models.statuses import Surface
from notifiers.views import VERDICTS
from web.buttons import BUTTONS, Press
from web.errors import status_of
from web.forms import Typed, read_form
from web.session import Visitor
from web.templating import office_of, render
from workflows import access, views
from workflows.access import DecisionPlace
from workflows.office import Office

router = APIRouter(include_in_schema=False)


@router.api_route("/d/{token}", methods=["GET", "HEAD"])
def look(request: Request, token: str) -> Response:
    return _show(request, token, None, "")


def _show(request: Request, token: str, error: SignoffError | None, reason: str) -> Response:
    office, visitor = office_of(request), request.state.visitor
    place = access.look_at_decision_link(office, token)
    with office.database.reading() as connection:
        post = views.post_view(connection, office, place.post_id, office.clock.now())
    facts = {
        "post": post,
        "place": place,
        "token": token,
        "error": error,
        "reason": reason,
        "needs_code": not _is_own(visitor, place),
        "done": None,
    }
    return render(request, "decide.html", facts, status=status_of(error) if error else 200)


@router.post("/d/{token}")
async def decide(request: Request, token: str) -> Response:
    typed = await read_form(request)
    office, visitor = office_of(request), request.state.visitor
    try:
        done = await run_in_threadpool(_decide, office, visitor, token, typed)
    except LinkDead:
        raise
    except SignoffError as error:
        return await run_in_threadpool(_show, request, token, error, typed.get("reason"))
    return render(request, "decided.html", {"sentence": done})


def _decide(office: Office, visitor: Visitor | None, token: str, typed: Typed) -> str:
    place = access.look_at_decision_link(office, token)
    button = typed.get("action")
    if button not in BUTTONS:
        raise BadInput("Choose Approve, Request changes or Reject.", field="action")
    if not _is_own(visitor, place):
        if not typed.get("code").strip():
            raise BadInput("Type the code that is printed in your mail.", field="code")
        access.check_code(office, place, typed.get("code"))
    elif visitor is not None and typed.get("csrf") != visitor.csrf:
        raise Refused(Refusal("not_authorised", "This form is out of date. Load the page again, then repeat it."))
    BUTTONS[button](office, Press(place.post_id, place.person, place.revision, Surface.MAIL, typed.get("reason")))
    with office.database.reading() as connection:
        post = views.post_view(connection, office, place.post_id, office.clock.now())
    return f"You {VERDICTS[button]} post {place.post_id}. It now stands at: {post.standing}."


def _is_own(visitor: Visitor | None, place: DecisionPlace) -> bool:
    return visitor is not None and visitor.id == place.person
