"""Draws the state machine from its table, as text and as Mermaid."""

from collections.abc import Iterator

from models.machine import TRANSITIONS
from models.statuses import FINAL, Status
from models.workflow import Workflow, format_duration


def edges() -> Iterator[tuple[str, str, str]]:
    """(from, action, to) for every row of the table; `review` stands for every review stage."""
    for row in TRANSITIONS.values():
        for source in row.sources:
            for target in row.targets:
                yield str(source), str(row.action), str(target)


def as_text(workflow: Workflow) -> str:
    """The table and the stages, for a terminal."""
    lines = [f"{source:<16} --{action}-->  {target}" for source, action, target in edges()]
    lines += ["", "Review stages, in order:"]
    for stage in workflow.stages:
        where = {name: list(value) for name, value in stage.when.model_dump().items() if value}
        lines.append(f"  {stage.status}: {stage.title}, needs {stage.needs}" + (f", when {where}" if where else ""))
        for rung in stage.rungs:
            when = f"after {format_duration(rung.after)}" if rung.after is not None else ""
            if rung.before_publish is not None:
                when = f"{format_duration(rung.before_publish)} before publication"
            lines.append(f"    {when}: {rung}")
    return "\n".join(lines)


def as_mermaid() -> str:
    """A Mermaid state diagram; actions between the same two statuses share an arrow."""
    grouped: dict[tuple[str, str], list[str]] = {}
    for source, action, target in edges():
        grouped.setdefault((source, target), []).append(action)
    lines = ["stateDiagram-v2", f"    [*] --> {Status.DRAFT}"]
    lines += [f"    {source} --> {target}: {', '.join(actions)}" for (source, target), actions in grouped.items()]
    lines += [f"    {status} --> [*]" for status in sorted(FINAL)]
    return "\n".join(lines)
