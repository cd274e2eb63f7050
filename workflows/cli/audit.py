"""Commands about the audit log."""

from pathlib import Path
from typing import Annotated

import typer

from models.errors import BadInput
from workflows import sealing
from workflows.cli.shared import AsJson, opened, show

app = typer.Typer(no_args_is_help=True)
EXIT_FAULTS = 1


@app.command()
def verify(
    file: Annotated[Path | None, typer.Option(help="An exported log; needs no database.", exists=True)] = None,
    as_json: AsJson = False,
) -> None:
    """Verify every chain. Exit code 1 when something was changed, deleted, swapped, cut or re-linked."""
    if file is None:
        with opened() as office:
            faults = sealing.verify(office)
    else:
        try:
            with file.open(encoding="utf-8") as lines:
                faults = sealing.verify_export(lines)
        except (ValueError, KeyError, TypeError) as error:
            raise BadInput(f"{file}: this is no exported log ({error}).") from error
    lines_out = [f"{fault.chain} record {fault.seq}: {fault.problem}" for fault in faults]
    show([vars(fault) for fault in faults], lines_out or ["The log is intact."], as_json=as_json)
    if faults:
        raise typer.Exit(EXIT_FAULTS)


@app.command()
def export(file: Annotated[Path, typer.Argument(help="Where to write the log, as JSON lines.")]) -> None:
    """Write the whole log to a file, after a checkpoint over what moved."""
    with opened() as office:
        sealing.seal_heads(office)
        count = 0
        with file.open("w", encoding="utf-8") as out:
            for line in sealing.export(office):
                out.write(f"{line}\n")
                count += 1
    print(f"{count} records and checkpoints written to {file}.")
