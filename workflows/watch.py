"""Flow `watch`: looks for what is overdue, raises alarms, gives the sign of life. Woken every half minute."""

from asyncio import to_thread

from prefect import flow

from workflows import watching
from workflows.office import current


@flow(name="watch")
async def watch() -> int:
    """One round of the watch; returns how many things are wrong."""
    return len(await to_thread(watching.watch, current(), heartbeat=True))
