"""Puts the commands together, and turns errors into a sentence and an exit code."""

import logging
import sys

import typer
from pydantic import ValidationError

from models.errors import ConfigError, DatabaseTrouble, SignoffError
from workflows.cli import audit, operations, people_commands, policy_commands, posts, workflow_commands

app = typer.Typer(
    help="Signoff: an approval workflow engine for outgoing brand posts.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
operations.register(app)
posts.register(app)
app.add_typer(policy_commands.app, name="policy", help="Check texts against the policy, test it, show it.")
app.add_typer(workflow_commands.app, name="workflow", help="Draw the state machine.")
app.add_typer(people_commands.app, name="people", help="Import people and roles, deactivate, delegate.")
app.add_typer(people_commands.tokens, name="token", help="Bearer tokens for the API and the command line.")
app.add_typer(audit.app, name="audit", help="Verify and export the audit log.")
app.add_typer(operations.db, name="db", help="The database's schema.")


def main() -> None:
    """The entry point. Exit codes: 0 done, 1 refused or wrong input, 2 wrong configuration or database trouble."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        app()
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        print(f"signoff: SIGNOFF_{name.upper()}: {first['msg']}", file=sys.stderr)
        sys.exit(2)
    except (ConfigError, DatabaseTrouble) as error:
        print(f"signoff: {error.message}", file=sys.stderr)
        sys.exit(2)
    except SignoffError as error:
        where = f" [{error.field}]" if error.field else ""
        print(f"signoff: {error.message}{where}", file=sys.stderr)
        sys.exit(1)
