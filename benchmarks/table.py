"""One line of a speed table, how it is measured, and how it is printed."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """What was measured: ours beside a floor, both with their unit, and the goal of the ratio or figure.

    `ratio` is ours as a share of the floor's speed where higher is better, and times the floor where lower is better.
    """

    what: str
    ours: str
    floor: str = ""
    ratio: float | None = None
    goal: str = ""
    met: bool | None = None


def rate(what: str, ours: float, floor: float, goal: float, unit: str = "/s") -> Line:
    """Two speeds; the goal is the share of the floor's."""
    ratio = ours / floor
    return Line(what, f"{ours:,.0f}{unit}", f"{floor:,.0f}{unit}", ratio, f"≥ {goal:g}", ratio >= goal)


def limit(what: str, ours: float, goal: float, unit: str, floor: float | None = None) -> Line:
    """A figure that should not be larger than its goal."""
    return Line(
        what,
        f"{ours:,.3g} {unit}",
        "" if floor is None else f"{floor:,.3g} {unit}",
        None if not floor else ours / floor,
        f"≤ {goal:g} {unit}",
        ours <= goal,
    )


def times(what: str, ours: float, floor: float, goal: float, unit: str) -> Line:
    """Two durations; the goal is how many times the floor ours may take."""
    ratio = ours / floor
    return Line(what, f"{ours:,.3g} {unit}", f"{floor:,.3g} {unit}", ratio, f"≤ {goal:g} ×", ratio <= goal)


def show(lines: Sequence[Line]) -> str:
    """The table in Markdown."""
    head = ("what", "Signoff", "floor", "ratio", "goal", "")
    rows = [
        (line.what, line.ours, line.floor, "" if line.ratio is None else f"{line.ratio:.2f}", line.goal,
         {True: "met", False: "**missed**", None: ""}[line.met])
        for line in lines
    ]  # fmt: skip
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, ("---",) * len(head), *rows))


def clock(function: Callable[[], object], repeat: int = 1) -> float:
    """The median of `repeat` runs, in seconds."""
    taken = []
    for _ in range(repeat):
        began = time.perf_counter()
        function()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0 to 1) of all are."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]
