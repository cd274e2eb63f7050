"""Kind `terms`: words and phrases from a list, found in one pass by an Aho-Corasick automaton."""

from collections.abc import Iterable
from functools import cached_property
from typing import Any, Literal

import ahocorasick
from pydantic import Field, field_validator

from models.policy.rule import Rule
from models.policy.subject import Hit, Subject


class TermsRule(Rule):
    """Fires at each term that stands as a whole word, whatever its case; `allow` lists phrases that are harmless."""

    kind: Literal["terms"] = "terms"
    terms: tuple[str, ...] = Field(min_length=1, max_length=20_000)
    allow: tuple[str, ...] = ()

    @field_validator("terms", "allow")
    @classmethod
    def _no_blank(cls, terms: tuple[str, ...]) -> tuple[str, ...]:
        if any(not term.strip() for term in terms):
            raise ValueError("a term is empty")
        return terms

    @cached_property
    def _automaton(self) -> Any:
        automaton = ahocorasick.Automaton()
        for term in self.terms:
            automaton.add_word(_fold(term), (len(term), True))
        for phrase in self.allow:
            automaton.add_word(_fold(phrase), (len(phrase), False))
        automaton.make_automaton()
        return automaton

    def check(self, subject: Subject) -> Iterable[Hit]:
        text = _fold(subject.text)
        spans = [
            (end + 1 - length, end + 1, forbidden)
            for end, (length, forbidden) in self._automaton.iter(text)
            if _whole_word(text, end + 1 - length, end + 1)
        ]
        allowed = [(start, end) for start, end, forbidden in spans if not forbidden]
        for start, end, forbidden in spans:
            if forbidden and not any(a <= start and end <= b for a, b in allowed):
                yield Hit(start, end)


def _fold(text: str) -> str:
    """Lower case, one character for one, so that positions stay those of the text."""
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)


def _whole_word(text: str, start: int, end: int) -> bool:
    before = start == 0 or not (text[start - 1].isalnum() and text[start].isalnum())
    after = end == len(text) or not (text[end].isalnum() and text[end - 1].isalnum())
    return before and after
