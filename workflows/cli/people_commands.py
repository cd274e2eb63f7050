"""Commands about people, roles and tokens. They are for whoever operates the installation."""

from typing import Annotated

import typer
from sqlalchemy import select

from config.organisation_file import RoleEntry, load_organisation, load_team
from models.localtime import instant
from models.tables import people
from workflows import access, organisation
from workflows.cli.shared import AsJson, File, opened, show

app = typer.Typer(no_args_is_help=True)
tokens = typer.Typer(no_args_is_help=True)
Email = Annotated[str, typer.Argument(help="The person's e-mail address.")]


@app.command("import")
def import_team(file: File, as_json: AsJson = False) -> None:
    """Bring people and roles to what a team file says; repeatable, changes what differs."""
    team = load_team(file)
    with opened() as office:
        report = organisation.import_people(office, team)
    lines = [f"{len(report.added)} added, {len(report.changed)} changed, {len(report.unchanged)} unchanged."]
    show(vars(report), lines, as_json=as_json)


@app.command("import-organisation")
def import_organisation(file: File) -> None:
    """Bring brands, channels and people to what an organisation file says."""
    entries = load_organisation(file)
    with opened() as office:
        report = organisation.import_organisation(office, entries)
    print(f"{len(entries.brands)} brands; {len(report.added)} people added, {len(report.changed)} changed.")


@app.command("list")
def list_people(as_json: AsJson = False) -> None:
    """Everybody, with their roles."""
    with opened() as office, office.database.reading() as connection:
        rows = connection.execute(select(people).order_by(people.c.email)).all()
        team = [
            {
                "email": row.email,
                "name": row.name,
                "slack_id": row.slack_id,
                "active": row.deactivated_at is None,
                "roles": organisation.roles_of(connection, row.id),
            }
            for row in rows
        ]
    lines = [
        f"{p['email']:<28} {p['name']:<20} {', '.join(p['roles'])}{'' if p['active'] else '  (deactivated)'}"
        for p in team
    ]
    show(team, lines, as_json=as_json)


@app.command()
def deactivate(email: Email, reason: Annotated[str, typer.Option(help="Why.")] = "") -> None:
    """End a person's sessions, tokens, links and buttons at once."""
    with opened() as office:
        organisation.set_active(office, email, active=False, reason=reason)
    print(f"{email} is deactivated.")


@app.command()
def activate(email: Email, reason: Annotated[str, typer.Option(help="Why.")] = "") -> None:
    """Bring a person back."""
    with opened() as office:
        organisation.set_active(office, email, active=True, reason=reason)
    print(f"{email} is active.")


@app.command()
def delegate(
    lender: Annotated[str, typer.Argument(help="Who lends the role.")],
    borrower: Annotated[str, typer.Argument(help="Who gets it meanwhile.")],
    role: Annotated[str, typer.Option(help="The role.")],
    starts: Annotated[str, typer.Option(help="RFC 3339 time.")],
    ends: Annotated[str, typer.Option(help="RFC 3339 time.")],
    brand: Annotated[str | None, typer.Option(help="Only for this brand.")] = None,
) -> None:
    """Lend a person's role to another for a time."""
    during = (instant(starts, field="starts"), instant(ends, field="ends"))
    with opened() as office:
        organisation.delegate(office, lender, borrower, RoleEntry(role=role, brand=brand), during)
    print(f"{borrower} acts as {role} on behalf of {lender} from {starts} to {ends}.")


@tokens.callback()
def _group() -> None:
    """Bearer tokens for the API and the command line."""


@tokens.command("create")
def create_token(
    email: Email,
    label: Annotated[str, typer.Option(help="What it is for.")] = "command line",
    scope: Annotated[list[str] | None, typer.Option(help="read, draft, decide; all of them unless given.")] = None,
) -> None:
    """Make a token of a person; its last line is the token, which is shown only now."""
    with opened() as office:
        token = access.create_token(office, email, label, scope or access.SCOPES)
    print(f"A token for {email}; keep it secret, it is shown only now:")
    print(token)
