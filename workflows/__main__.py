"""`python -m workflows` is `signoff`."""

from workflows.cli import main

main()
