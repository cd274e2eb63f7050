"""Kind `required_field`: something besides the text that a variant must have."""

from collections.abc import Iterable
from typing import Literal

from models.policy.patterns import PatternText, first_span
from models.policy.rule import Rule
from models.policy.subject import Hit, Subject

Required = Literal["text", "link", "media", "alt", "disclosure", "consent", "context"]


class RequiredFieldRule(Rule):
    """Fires when `field` is empty and `trigger` matches the text (or always, without one). `alt`: of every image."""

    kind: Literal["required_field"] = "required_field"
    field: Required
    trigger: PatternText | None = None

    def check(self, subject: Subject) -> Iterable[Hit]:
        span = first_span(self.trigger, subject.text)
        if (self.trigger and span is None) or self._filled(subject):
            return
        yield Hit(*(span or (None, None)))

    def _filled(self, subject: Subject) -> bool:
        if self.field == "media":
            return bool(subject.media)
        if self.field == "alt":
            return all(item.alt.strip() for item in subject.media)
        return bool(getattr(subject, self.field).strip())
