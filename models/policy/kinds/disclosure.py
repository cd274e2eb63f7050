"""Kind `disclosure`: advertising must say so, in the right words and in the right place."""

from collections.abc import Iterable
from typing import Literal

from pydantic import Field

from models.policy.patterns import PatternText, first_span
from models.policy.rule import Rule
from models.policy.subject import Hit, Subject


class DisclosureRule(Rule):
    """When `trigger` matches (or always, without one), a label must stand within the first `within` characters.

    A label set in the network's own disclosure field counts as well.
    """

    kind: Literal["disclosure"] = "disclosure"
    trigger: PatternText | None = None
    labels: tuple[str, ...] = Field(min_length=1)
    within: int = Field(default=125, ge=1)

    def check(self, subject: Subject) -> Iterable[Hit]:
        span = first_span(self.trigger, subject.text)
        if (self.trigger and span is None) or self._disclosed(subject):
            return
        start, end = span or (None, None)
        yield Hit(start, end, f"Put {' or '.join(self.labels)} within the first {self.within} characters.")

    def _disclosed(self, subject: Subject) -> bool:
        labels = [label.lower() for label in self.labels]
        head = subject.text[: self.within].lower()
        return subject.disclosure.strip().lower() in labels or any(_stands_in(label, head) for label in labels)


def _stands_in(label: str, head: str) -> bool:
    """The label as a whole word: `#ad` is not in `#adventure`."""
    start = head.find(label)
    while start != -1:
        end = start + len(label)
        free_before = start == 0 or not (head[start - 1].isalnum() and label[0].isalnum())
        if free_before and (end == len(head) or not (head[end].isalnum() or head[end] == "_")):
            return True
        start = head.find(label, start + 1)
    return False
