"""The command line: `signoff`. Each command is a few lines around an action or a read."""

from workflows.cli.application import main

__all__ = ["main"]
