"""Flow `escalate`: fires the due rungs of the escalation ladders. Woken by the next due time."""

from asyncio import to_thread

from prefect import flow, task

from workflows import timers
from workflows.office import current
from workflows.orchestrated import attempt


@flow(name="escalate")
async def escalate(most: int = 100) -> int:
    """Fires up to `most` due rungs; returns how many fired. Running it twice does no harm."""
    due = await to_thread(timers.due, current(), most)
    return sum([await attempt(fire_rung, post_id, stage, rung) for post_id, stage, rung in due])


@task(name="fire-rung", task_run_name="fire-rung-{rung}-of-post-{post_id}")
async def fire_rung(post_id: int, stage: str, rung: int) -> str | None:
    """Fires one rung through the one transition; returns the action taken, None when it was pointless by then."""
    outcome = await to_thread(timers.fire, current(), post_id, stage, rung)
    return outcome.action if outcome else None
