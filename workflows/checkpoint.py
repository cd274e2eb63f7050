"""Flow `checkpoint`: seals the audit heads. Woken every ten minutes, when something moved."""

from asyncio import to_thread

from prefect import flow

from workflows import sealing
from workflows.office import current


@flow(name="checkpoint")
async def checkpoint() -> int:
    """Writes a checkpoint if a chain moved; returns how many were written (0 or 1)."""
    return 1 if await to_thread(sealing.seal_heads, current()) else 0
