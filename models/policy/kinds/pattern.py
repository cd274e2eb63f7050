"""Kind `pattern`: a regular expression."""

from collections.abc import Iterable
from itertools import islice
from typing import Literal

from models.policy.patterns import PatternText, compiled
from models.policy.rule import Rule
from models.policy.subject import Hit, Subject

MAX_HITS = 50


class PatternRule(Rule):
    """Fires at each match of `pattern`, and not inside a match of `allow`. Write (?i) to ignore case."""

    kind: Literal["pattern"] = "pattern"
    pattern: PatternText
    allow: PatternText | None = None

    def check(self, subject: Subject) -> Iterable[Hit]:
        return islice(self._hits(subject.text), MAX_HITS)

    def _hits(self, text: str) -> Iterable[Hit]:
        allowed = [match.span() for match in compiled(self.allow).finditer(text)] if self.allow else []
        for match in compiled(self.pattern).finditer(text):
            start, end = match.span()
            if start < end and not any(a <= start and end <= b for a, b in allowed):
                yield Hit(start, end)
