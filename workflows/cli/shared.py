"""What the commands share: the office, who is asking, and how results are printed."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from config.settings import Settings
from models.errors import NotSignedIn
from workflows import access, installation
from workflows.office import Office

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Token = Annotated[str, typer.Option(envvar="SIGNOFF_TOKEN", help="Your token, from: signoff token create EMAIL")]
PostNumber = Annotated[int, typer.Argument(metavar="ID", help="The post's number.", min=1, max=2**31 - 1)]
File = Annotated[Path, typer.Argument(help="A file.", exists=True, dir_okay=False, readable=True)]


@contextmanager
def opened() -> Iterator[Office]:
    """The installation that the environment names, its schema up to date."""
    office = installation.open_office(Settings())
    try:
        yield office
    finally:
        office.close()


def caller(office: Office, token: str, scope: str) -> int:
    """The person behind a token; raises NotSignedIn without one."""
    if not token:
        raise NotSignedIn(
            "Say who you are: set SIGNOFF_TOKEN, or pass --token. Make one with: signoff token create EMAIL"
        )
    bearer = access.bearer(office, token)
    bearer.require(scope)
    return bearer.person


def show(value: Any, lines: Any, *, as_json: bool) -> None:
    """Prints JSON, or the lines for people."""
    if as_json:
        print(json.dumps(value, ensure_ascii=False, indent=2, default=str))
    else:
        for line in lines:
            print(line)
