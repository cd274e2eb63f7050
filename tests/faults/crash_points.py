"""Crash points: places at which a process ends itself by SIGKILL. They are not in the product: a process of the fleet
puts them around the product's functions when its order names one, as `NAME:N` (the N-th time, counted from 1).
"""

import importlib
import itertools
import os
import signal
from collections.abc import Callable
from typing import Any

# name: (module, attribute, before or after the call)
POINTS: dict[str, tuple[str, str, str]] = {
    "before_statement": ("workflows.statements", "Statement._call", "before"),
    "after_statement": ("workflows.statements", "Statement._call", "after"),
    "before_commit": ("sqlalchemy.engine", "RootTransaction.commit", "before"),
    "after_commit": ("sqlalchemy.engine", "RootTransaction.commit", "after"),
    "leased": ("workflows.outbox", "lease", "after"),
    "before_send": ("workflows.sending", "send", "before"),
    "sent": ("workflows.sending", "send", "after"),
    "card_posted": ("workflows.sending", "_remember_card", "before"),
    "recorded": ("workflows.outbox", "record", "after"),
    "claimed": ("workflows.publication", "claim", "after"),
    "handed_over": ("workflows.publication", "hand_over", "after"),
    "rung_fired": ("workflows.timers", "fire", "after"),
    "judged": ("workflows.judging", "_check", "after"),
}


def install(order: str) -> None:
    """Switches one point on, as `name:n`; empty switches none on."""
    if not order:
        return
    name, _, number = order.partition(":")
    module, path, when = POINTS[name]
    owner: Any = importlib.import_module(module)
    *classes, attribute = path.split(".")
    for part in classes:
        owner = getattr(owner, part)
    setattr(owner, attribute, _deadly(getattr(owner, attribute), when, int(number or 1)))


def _deadly(function: Callable[..., Any], when: str, number: int) -> Callable[..., Any]:
    calls = itertools.count(1)

    def call(*args: Any, **kwargs: Any) -> Any:
        last = next(calls) == number  # several threads call at once
        if last and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = function(*args, **kwargs)
        if last and when == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return call
