"""A whole policy: its rules, the check of one post, and the proof of each rule by its own examples."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

import models.policy.kinds  # noqa: F401  (registers every kind)
from models.content import Media
from models.policy.rule import Example, Rule
from models.policy.subject import Finding, Severity, Subject, worst_first
from models.workflow import Strict


def _by_kind(value: Any) -> Any:
    """The rule subclass that `kind` names; raises ValueError for an unknown one."""
    if isinstance(value, Rule):
        return value
    if not isinstance(value, dict) or "kind" not in value:
        raise ValueError(f"a rule needs a `kind`: one of {', '.join(sorted(Rule.kinds))}")
    kind = Rule.kinds.get(str(value["kind"]))
    if kind is None:
        raise ValueError(f"unknown kind “{value['kind']}”; the kinds are {', '.join(sorted(Rule.kinds))}")
    return kind.model_validate(value)


class Policy(Strict):
    """All rules in force, with the text that they were read from and its digest."""

    owner: str
    rules: tuple[Annotated[Rule, BeforeValidator(_by_kind)], ...] = Field(min_length=1)
    digest: str = ""
    source: str = ""

    def check(self, subjects: Iterable[Subject]) -> list[Finding]:
        """What the enforced rules find in a post's variants, worst first; one finding a rule and place."""
        found: dict[tuple[object, ...], Finding] = {}
        for subject in subjects:
            for rule in self.rules:
                if rule.mode == "enforce":
                    for finding in rule.findings(subject):
                        found.setdefault((finding.rule, finding.channel, finding.start, finding.message), finding)
        return worst_first(list(found.values()))


def verdict(findings: Iterable[Finding]) -> Severity | None:
    """The worst severity, None when nothing was found."""
    return next((finding.severity for finding in worst_first(list(findings))), None)


@dataclass(frozen=True)
class BrokenExample:
    """An example that its rule judges otherwise than it says. `place` is its path in the policy file."""

    rule: str
    place: tuple[str | int, ...]
    message: str


def broken_examples(policy: Policy) -> list[BrokenExample]:
    """Runs every rule's `complies` and `violates` examples; empty when all of them hold."""
    broken = []
    for index, rule in enumerate(policy.rules):
        for group, should_fire in (("complies", False), ("violates", True)):
            for number, example in enumerate(getattr(rule, group)):
                fired = list(rule.check(_subject(rule, example)))
                if bool(fired) != should_fire:
                    found = f"it fired at {fired[0]}" if fired else "it did not fire"
                    text = example if isinstance(example, str) else example.text
                    broken.append(
                        BrokenExample(
                            rule.id,
                            ("rules", index, group, number),
                            f"rule {rule.id}: the example “{text[:60]}” should "
                            f"{'violate' if should_fire else 'comply with'} it, but {found}",
                        )
                    )
    return broken


def _subject(rule: Rule, example: Example | str) -> Subject:
    """The example as a variant; what it leaves open takes a value that the rule applies to."""
    if isinstance(example, str):
        example = Example(text=example)
    given = example.model_dump(exclude_unset=True)
    defaults = {name: values[0] for name in ("lane", "brand", "region", "channel", "network")
                if (values := getattr(rule.when, name))}  # fmt: skip
    given["media"] = tuple(Media(**{"sha256": "", "content_type": "image/png", **item}) for item in example.media)
    given["on"] = example.on or date(2026, 1, 1)
    return Subject(**{"text": "", **defaults, **given})
