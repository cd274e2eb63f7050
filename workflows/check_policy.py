"""Flow `check-policy`: judges the posts that wait for the policy check. Woken by submission."""

from asyncio import to_thread

from prefect import flow, task

from workflows import judging
from workflows.office import current
from workflows.orchestrated import attempt


@flow(name="check-policy")
async def check_policy(most: int = 50) -> int:
    """Judges up to `most` waiting posts; returns how many moved on. Running it twice does no harm."""
    waiting = await to_thread(judging.waiting, current(), most)
    return sum([await attempt(judge_post, post_id) for post_id in waiting])


@task(name="judge-post", task_run_name="judge-post-{post_id}")
async def judge_post(post_id: int) -> str | None:
    """Judges one post; returns the status that it went to, None when somebody else was faster."""
    outcome = await to_thread(judging.judge, current(), post_id)
    return outcome.target if outcome else None
