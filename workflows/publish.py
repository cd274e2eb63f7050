"""Flow `publish`: hands due posts over to the publishing webhook. Woken by the next due time."""

from asyncio import Semaphore, gather, to_thread

from prefect import flow, task

from workflows import publication
from workflows.office import current
from workflows.orchestrated import attempt

AT_ONCE = 4


@flow(name="publish")
async def publish(most: int = 20) -> int:
    """Marks claims that ran out as unknown, then publishes up to `most` due posts; returns how many were touched."""
    office = current()
    lost = await to_thread(publication.lose_abandoned, office, most)
    due = await to_thread(publication.due, office, most)
    places = Semaphore(AT_ONCE)

    async def in_turn(post_id: int) -> bool:
        async with places:  # a claim runs out after a while, so only what can be sent now is claimed
            return await attempt(publish_post, post_id)

    return lost + sum(await gather(*(in_turn(post_id) for post_id in due)))


@task(name="publish-post", task_run_name="publish-post-{post_id}")
async def publish_post(post_id: int) -> str | None:
    """Claims, hands over and records one post; returns what came of it, None when it could not be claimed."""
    office = current()
    claimed = await to_thread(publication.claim, office, post_id)
    if claimed is None:
        return None
    answer = await to_thread(publication.hand_over, office, office.publisher, claimed)
    await to_thread(publication.record, office, claimed, answer)
    return type(answer).__name__
