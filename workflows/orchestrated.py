"""Calls a Prefect task inside a flow run, and its plain function where no flow run is: Prefect may be away."""

from collections.abc import Awaitable, Callable
from typing import Any, ParamSpec, cast

from prefect import Task
from prefect.context import FlowRunContext

P = ParamSpec("P")


async def call(task: Task[P, Any], *args: P.args, **kwargs: P.kwargs) -> Any:
    """The task's result, by Prefect if this is a flow run that Prefect knows of."""
    if FlowRunContext.get() is None:
        return await cast(Callable[..., Awaitable[Any]], task.fn)(*args, **kwargs)
    return await cast(Callable[..., Awaitable[Any]], task)(*args, **kwargs)
