"""Commands about the workflow: draw it."""

from typing import Annotated

import typer

from config.organisation_file import load_workflow
from config.settings import Settings
from workflows.cli.shared import AsJson, show
from workflows.drawing import as_mermaid, as_text, edges

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Draw the state machine."""


@app.command("show")
def show_workflow(
    mermaid: Annotated[bool, typer.Option("--mermaid", help="As a Mermaid state diagram.")] = False,
    as_json: AsJson = False,
) -> None:
    """Draw the state machine, the review stages and their ladders."""
    workflow = load_workflow(Settings().config_dir / "workflow.yaml")
    rows = [{"from": source, "action": action, "to": target} for source, action, target in edges()]
    show(rows, [as_mermaid() if mermaid else as_text(workflow)], as_json=as_json)
