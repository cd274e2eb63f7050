"""Calls a Prefect task inside a flow run, and its plain function where no flow run is: Prefect may be away."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any, ParamSpec, cast

from prefect import Task
from prefect.context import FlowRunContext

P = ParamSpec("P")
log = logging.getLogger("signoff.flows")


async def attempt(task: Task[P, Any], *args: P.args, **kwargs: P.kwargs) -> bool:
    """Calls a task; whether it did something. One item that breaks is logged and does not stop those behind it."""
    try:
        return await call(task, *args, **kwargs) is not None
    except Exception:
        log.exception("%s%r broke; it is tried again", task.name, args)
        return False


async def call(task: Task[P, Any], *args: P.args, **kwargs: P.kwargs) -> Any:
    """The task's result, by Prefect if this is a flow run that Prefect knows of."""
    if FlowRunContext.get() is None:
        return await cast(Callable[..., Awaitable[Any]], task.fn)(*args, **kwargs)
    return await cast(Callable[..., Awaitable[Any]], task)(*args, **kwargs)
