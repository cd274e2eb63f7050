"""Kind `count`: how many hashtags, mentions, links, emoji or images a variant may have."""

from collections.abc import Iterable
from typing import Literal, Self

import regex
from pydantic import Field, model_validator

from models.policy.rule import Rule
from models.policy.subject import Hit, Subject

Countable = Literal["hashtags", "mentions", "links", "emoji", "media", "exclamation_marks"]

_PATTERNS = {
    "hashtags": regex.compile(r"(?<![\w&/])[#＃](?=[\w]*[^\W\d_])[\w]+"),
    "mentions": regex.compile(r"(?<![\w/@＠])[@＠][\w.]{1,64}"),
    "links": regex.compile(r"https?://\S+", regex.IGNORECASE),
    "emoji": regex.compile(r"\p{Extended_Pictographic}[\p{EMod}\uFE0F\u200D\p{Extended_Pictographic}]*|\p{RI}{2}"),
    "exclamation_marks": regex.compile(r"[!！]"),
}


class CountRule(Rule):
    """Fires when a variant has more than `max` or fewer than `min` of `what`; points at the first one too many."""

    kind: Literal["count"] = "count"
    what: Countable
    min: int = Field(default=0, ge=0)
    max: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.max is None and self.min == 0:
            raise ValueError("a count rule needs `min` or `max`")
        return self

    def check(self, subject: Subject) -> Iterable[Hit]:
        spans = self._spans(subject)
        if self.max is not None and len(spans) > self.max:
            start, end = spans[self.max]
            yield Hit(start, end, f"There are {len(spans)} {self._noun}; at most {self.max} are allowed.")
        if len(spans) < self.min:
            yield Hit(note=f"There are {len(spans)} {self._noun}; at least {self.min} are needed.")

    @property
    def _noun(self) -> str:
        return self.what.replace("_", " ")

    def _spans(self, subject: Subject) -> list[tuple[int | None, int | None]]:
        if self.what == "media":
            return [(None, None)] * len(subject.media)
        return [match.span() for match in _PATTERNS[self.what].finditer(subject.text)]
