"""Flow `deliver`: sends what is due in the outbox. Woken by any transition."""

from asyncio import Semaphore, gather, to_thread
from collections import defaultdict

from prefect import flow, task

from workflows import delivery, outbox
from workflows.office import current
from workflows.orchestrated import attempt
from workflows.outbox import Leased

AT_ONCE = 8


@flow(name="deliver")
async def deliver(most: int = 50) -> int:
    """Leases up to `most` due messages and sends them; returns how many. Those of one Slack post go in order."""
    leased = await to_thread(outbox.lease, current(), most)
    queues: dict[object, list[Leased]] = defaultdict(list)
    for message in leased:
        queues[("slack", message.post_id) if message.medium == "slack" else message.id].append(message)
    places = Semaphore(AT_ONCE)

    async def work_off(queue: list[Leased]) -> None:
        async with places:
            for message in queue:
                await attempt(send_message, message)

    await gather(*(work_off(queue) for queue in queues.values()))
    return len(leased)


@task(name="send-message", task_run_name="send-{message.kind}-{message.id}")
async def send_message(message: Leased) -> str:
    """Sends one message and records what came of it; returns that in one word."""
    return await to_thread(delivery.deliver_one, current(), message)
