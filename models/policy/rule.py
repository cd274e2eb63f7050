"""What every rule has, whatever its kind. A kind is one file in models/policy/kinds with one subclass."""

from abc import abstractmethod
from collections.abc import Iterable
from datetime import date
from typing import Any, ClassVar, Literal

from pydantic import Field

from models.policy.subject import Finding, Hit, Severity, Subject
from models.workflow import Names, Strict

EXCERPT = 80


class Applies(Strict):
    """Selectors: a rule looks at a variant when every selector that is given names the variant's own value."""

    lane: Names = ()
    brand: Names = ()
    region: Names = ()
    channel: Names = ()
    network: Names = ()

    def to(self, subject: Subject) -> bool:
        return all(
            not wanted or getattr(subject, name) in wanted
            for name in Applies.model_fields
            if (wanted := getattr(self, name)) is not None
        )


class Example(Strict):
    """A variant that shows what the rule means; a plain string in YAML is its text."""

    text: str = ""
    network: str = "x"
    channel: str = "x"
    brand: str = ""
    region: str | None = None
    lane: str = "standard"
    link: str = ""
    media: tuple[dict[str, str], ...] = ()
    disclosure: str = ""
    consent: str = ""
    on: date | None = None


class Rule(Strict):
    """A rule of the policy. Subclasses add `kind` and their own fields, and say in `check` where the rule fires."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{1,60}$")
    severity: Severity
    category: str = Field(pattern=r"^[a-z][a-z_]{1,30}$")
    message: str = Field(min_length=1, max_length=500)
    why: str = Field(min_length=1)
    do: str = ""
    dont: str = ""
    fix: str = ""
    source: str = ""
    review_date: date
    mode: Literal["enforce", "shadow"] = "enforce"
    when: Applies = Applies()
    complies: tuple[Example | str, ...] = Field(min_length=1)
    violates: tuple[Example | str, ...] = Field(min_length=1)

    kinds: ClassVar[dict[str, type["Rule"]]] = {}

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        Rule.kinds[cls.model_fields["kind"].default] = cls

    @abstractmethod
    def check(self, subject: Subject) -> Iterable[Hit]:
        """Where the rule fires in one variant; pure, and linear in the length of the text."""

    def findings(self, subject: Subject) -> Iterable[Finding]:
        if not self.when.to(subject):
            return
        for hit in self.check(subject):
            yield self._finding(subject, hit)

    def _finding(self, subject: Subject, hit: Hit) -> Finding:
        excerpt = subject.text[hit.start : hit.end] if hit.start is not None else ""
        return Finding(
            rule=self.id,
            severity=self.severity,
            category=self.category,
            channel=subject.channel,
            start=hit.start,
            end=hit.end,
            text=excerpt if len(excerpt) <= EXCERPT else excerpt[: EXCERPT - 1] + "…",
            message=f"{self.message} {hit.note}".strip(),
            fix=self.fix,
        )
