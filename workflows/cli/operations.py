"""Commands that run an installation: up, web, worker, demo, doctor, init, db."""

import signal
import sys
import threading
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from config.sandbox import furnished
from config.settings import Settings, kept_secret
from notifiers.examples import previews
from workflows import backup as backups
from workflows import installation, logs
from workflows.cli.shared import AsJson, File, opened, show
from workflows.database import Database
from workflows.doctor import troubles
from workflows.office import Office
from workflows.outbox import requeue_dead
from workflows.prefect_server import configure
from workflows.restore import restore
from workflows.schema import check_not_newer, current, upgrade
from workflows.worker import Worker

db = typer.Typer(no_args_is_help=True)
EXIT_TROUBLE = 1


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    for command in (up, web, worker, demo, doctor, init, preview, backup):
        app.command()(command)
    app.command("restore")(restore_backup)


def _server(settings: Settings, *, worker: bool, prefect: bool) -> Any:
    """The web server stands above this package, so it is found by name (docs/decisions/0003)."""
    return import_module("web.serve").Server(settings, worker=worker, prefect=prefect)


def _logged(settings: Settings) -> Settings:
    """The settings, once the log lines of this process look as they say."""
    logs.set_up(settings)
    return settings


def up(
    prefect: Annotated[bool, typer.Option(help="Start a Prefect server beside it.")] = True,
) -> None:
    """Serve the pages with a worker and a Prefect server, until Ctrl-C."""
    server = _server(_logged(Settings()), worker=True, prefect=prefect)
    print(f"Signoff serves {server.url}", flush=True)
    if server.office.settings.in_sandbox:
        print(f"Sandbox: Slack, mail and publishing are local stand-ins, see {server.url}/sandbox/slack", flush=True)
    if server.prefect:
        print(f"Prefect is starting at {server.prefect.api_url.removesuffix('/api')}", flush=True)
    print("Ctrl-C stops everything.", flush=True)
    server.run()


def web() -> None:
    """Serve the pages alone; `signoff worker` does the work."""
    server = _server(_logged(Settings()), worker=False, prefect=False)
    print(f"Signoff serves {server.url} without a worker; start one with: signoff worker", flush=True)
    server.run()


def worker() -> None:
    """Do the work alone, until Ctrl-C; several workers share it."""
    settings = _logged(Settings())
    if settings.in_sandbox:
        settings = furnished(settings)
    configure(settings, settings.prefect_api_url)
    office = installation.open_office(settings)
    running = Worker(office, settings.prefect_api_url)
    ended = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: ended.set())
    running.start()
    print("The worker works. Ctrl-C stops it.", flush=True)
    ended.wait()
    running.stop()
    office.close()


def demo(
    database_url: Annotated[str, typer.Option(help="An empty database; a SQLite file of its own unless given.")] = "",
    prefect: Annotated[bool, typer.Option(help="Run the flows by a Prefect server.")] = True,
) -> None:
    """Walk the whole path on an instance of its own, and say how long each step takes."""
    passed = import_module("workflows.demo").run(_server, database_url, prefect=prefect)
    if not passed:
        raise typer.Exit(EXIT_TROUBLE)


def init() -> None:
    """Make the data folder, its secret key and the database."""
    settings = Settings()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    kept_secret(settings.data_dir / "secret-key")
    with opened():
        print(f"Ready: {settings.data_dir.absolute()}")


def preview(
    kind: Annotated[str, typer.Argument(help="A kind of message; all of them unless given.")] = "",
    as_json: AsJson = False,
) -> None:
    """Show each message as people would get it, about an example post."""
    shown = {name: text for name, text in previews().items() if kind in ("", name)}
    lines = [line for name, text in shown.items() for line in (f"=== {name}", text, "")]
    show(shown, lines or [f"There is no message {kind}; there are: {', '.join(previews())}"], as_json=as_json)


def doctor(
    requeue: Annotated[bool, typer.Option("--requeue", help="Give dead letters another day first.")] = False,
    as_json: AsJson = False,
) -> None:
    """Look for what is wrong: workers, Prefect, Slack, mail, dead letters, stuck posts, the log. Exit code 1 if any."""
    with opened() as office:
        if requeue:
            print(f"{requeue_dead(office)} dead letters are sent again.", file=sys.stderr)
        found = troubles(office)
    show(found, [f"✘ {trouble}" for trouble in found] or ["✔ Nothing is wrong."], as_json=as_json)
    if found:
        raise typer.Exit(EXIT_TROUBLE)


def backup(file: Annotated[Path, typer.Argument(help="Where to write it.", dir_okay=False)]) -> None:
    """Write every row and media file to one file, while work goes on. The secret key is not in it: keep that apart."""
    with opened() as office:
        counts = backups.write(office, file)
    print(f"{sum(counts.values()):,} rows, {counts['post']:,} posts among them, are in {file}.")


def restore_backup(file: File, as_json: AsJson = False) -> None:
    """Fill an empty database from a backup. Nothing that may have gone out since goes out again by itself."""
    office = Office.open(Settings())
    try:
        held = restore(office, file)
    finally:
        office.close()
    lines = [
        f"{held.rows:,} rows are restored. Everybody is signed out, and every token is revoked.",
        f"{len(held.unknown)} posts may have gone out since the backup; look at the channels, then settle each: "
        f"{', '.join(map(str, held.unknown)) or 'none'}",
        f"{len(held.untimed)} posts need their publication time again: {', '.join(map(str, held.untimed)) or 'none'}",
        "People and roles are those of the backup: look through `signoff people list` before you let anybody in.",
    ]
    show(vars(held), lines, as_json=as_json)


@db.callback()
def _group() -> None:
    """The database's schema."""


@db.command("upgrade")
def upgrade_database() -> None:
    """Bring the database's schema up to date."""
    database = Database(Settings().database)
    check_not_newer(database)
    before = current(database)
    upgrade(database)
    print(f"Schema {before or 'none'} → {current(database)}.")
    database.close()
