"""What happens: the one transition, the actions, the reads, the Prefect flows, the worker, the CLI."""
