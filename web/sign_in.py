"""Signing in by an e-mailed link. Opening the link shows a button; only pressing it signs in."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import select
from starlette.concurrency import run_in_threadpool

from models.tables import people
from web import session
from web.forms import read_form
from web.templating import office_of, render
from workflows import access, organisation

router = APIRouter(include_in_schema=False)


@router.get("/sign-in")
def sign_in_page(request: Request) -> Response:
    office, cast = office_of(request), []
    if office.settings.in_sandbox:
        with office.database.reading() as connection:
            rows = connection.execute(select(people).where(people.c.deactivated_at.is_(None)).order_by(people.c.id))
            cast = [
                {"email": row.email, "name": row.name, "roles": organisation.roles_of(connection, row.id)}
                for row in rows.fetchmany(20)
            ]
    return render(request, "sign_in.html", {"cast": cast, "sent_to": None})


@router.post("/sign-in")
async def send_link(request: Request) -> Response:
    """Answers the same whether the address is known or not."""
    email = (await read_form(request)).get("email")
    await run_in_threadpool(access.send_sign_in_link, office_of(request), email)
    return render(request, "sign_in.html", {"cast": [], "sent_to": email})


@router.get("/sign-in/{token}")
def confirm_page(request: Request, token: str) -> Response:
    email = access.look_at_sign_in_link(office_of(request), token)
    return render(request, "sign_in_confirm.html", {"email": email, "token": token})


@router.post("/sign-in/{token}")
def sign_in(request: Request, token: str) -> Response:
    office = office_of(request)
    person = access.use_sign_in_link(office, token)
    response = RedirectResponse(session.wanted_page(request), status_code=303)
    response.delete_cookie(session.WANTED)
    session.begin(office, response, person)
    return response


@router.post("/sign-out")
async def sign_out(request: Request) -> Response:
    session.require_own_form(request, (await read_form(request)).get("csrf"))
    response = RedirectResponse("/sign-in", status_code=303)
    session.end(response)
    return response
