"""The rule kinds, the counters, and the shipped rules on real posts."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from config.policy_file import load_policy, parse_policy
from models.content import Media
from models.counting import COUNTERS, graphemes, mastodon, x_weighted
from models.errors import ConfigError
from models.policy.engine import Policy, verdict
from models.policy.rule import Rule
from models.policy.subject import Hit, Severity, Subject

SHARED = Path("../shared/data")
SHIPPED = load_policy(Path("config/policy.yaml"))


def conformance_cases() -> list[tuple[str, int]]:
    """X's published cases where they lie beside this checkout, and some of our own."""
    cases = [("Hi http://test.co", 26), ("💩", 2), ("あいうえお", 10), ("Hello, world", 12)]
    published = SHARED / "twitter-text/validate.yml"
    if published.exists():
        tests = yaml.safe_load(published.read_text())["tests"]
        for name in ("WeightedTweetsWithDiscountedEmojiCounterTest", "UnicodeDirectionalMarkerCounterTest"):
            cases += [(case["text"], case["expected"]["weightedLength"]) for case in tests[name]]
    return cases


def corporate_posts() -> list[str]:
    """Real posts where they lie beside this checkout, and some of our own."""
    posts = ["Our results are out: https://acme.example/ir", "Meet us at the fair in Hanover.", "Thank you, Leeds!"]
    published = SHARED / "corporate-posts.jsonl"
    lines = published.read_text().splitlines() if published.exists() else []
    return [*posts, *(json.loads(line)["text"] for line in lines)]


def rule(kind: str, **fields: Any) -> Rule:
    base = {"id": "a-rule", "kind": kind, "severity": "warn", "category": "style", "message": "No.", "why": "Because.",
            "review_date": "2027-01-01", "complies": ["x"], "violates": ["y"]}  # fmt: skip
    return Rule.kinds[kind].model_validate({**base, **fields})


def hits(checked: Rule, text: str = "", **facts: Any) -> list[str]:
    """The places where a rule fires, as text; the note where it fires at no place."""
    found: list[Hit] = list(checked.check(Subject(text=text, **facts)))
    return [text[hit.start : hit.end] if hit.start is not None else hit.note for hit in found]


class TestTerms:
    def test_whole_words_whatever_their_case(self) -> None:
        terms = rule("terms", terms=["ass", "screw you"])
        assert hits(terms, "Ass! class assess SCREW YOU screw youth") == ["Ass", "SCREW YOU"]

    def test_an_allowed_phrase_covers_the_term_inside_it(self) -> None:
        assert hits(rule("terms", terms=["stupid"], allow=["stupid simple"]), "stupid simple, stupid") == ["stupid"]

    @given(st.text(max_size=200))
    def test_positions_are_those_of_the_text(self, text: str) -> None:
        for found in hits(rule("terms", terms=["a", "i̇", "ß"]), text):
            assert found.lower()


class TestPattern:
    def test_matches_outside_what_is_allowed(self) -> None:
        assert hits(rule("pattern", pattern=r"\d+", allow=r"no \d+"), "no 1 but 2") == ["2"]

    @pytest.mark.parametrize("pattern", ["(", "(?=x)", r"(a)\1", "[z-a]", "a{1001}"])
    def test_what_re2_cannot_run_is_refused(self, pattern: str) -> None:
        with pytest.raises(ValueError, match="cannot be used"):
            rule("pattern", pattern=pattern)

    def test_catastrophic_backtracking_does_not_happen(self) -> None:
        assert hits(rule("pattern", pattern="(a+)+$"), "a" * 100_000 + "!") == []


class TestCount:
    @pytest.mark.parametrize(
        ("what", "text", "count"),
        [
            ("hashtags", "#one #two #3 a#b &#x; #four5", 3),
            ("mentions", "@a hi @b.c mail@example.com", 2),
            ("links", "https://a.example http://b.example c.example", 2),
            ("emoji", "👨‍👩‍👧‍👦 🇬🇧 ❤️ ok", 3),
            ("exclamation_marks", "a! b!! c！", 4),
        ],
    )
    def test_what_is_counted(self, what: str, text: str, count: int) -> None:
        assert hits(rule("count", what=what, max=count), text) == []
        assert len(hits(rule("count", what=what, max=count - 1), text)) == 1

    def test_too_few(self) -> None:
        assert "at least 1" in hits(rule("count", what="media", min=1))[0]
        assert hits(rule("count", what="media", min=1), media=(Media("", "image/png"),)) == []


class TestDisclosure:
    RULE = rule("disclosure", trigger="(?i)gifted", labels=["#ad"], within=20)

    @pytest.mark.parametrize("text", ["#ad gifted to us", "Our new mug", "Gifted #ad", "#AD! gifted"])
    def test_a_label_in_its_place(self, text: str) -> None:
        assert hits(self.RULE, text) == []

    @pytest.mark.parametrize("text", ["gifted", "gifted #adventure", "gifted " + "x" * 30 + " #ad", "bad gifted #ads"])
    def test_a_missing_or_hidden_label(self, text: str) -> None:
        assert hits(self.RULE, text)

    def test_the_networks_own_label_counts(self) -> None:
        assert hits(self.RULE, "gifted", disclosure="#ad") == []


class TestLength:
    def test_the_limit_in_force_on_the_day_counts(self) -> None:
        length = next(found for found in SHIPPED.rules if found.id == "length")
        text = "x" * 2_000
        assert hits(length, text, network="linkedin", on=date(2026, 1, 1)) == []
        assert hits(length, text, network="linkedin", on=date(2020, 1, 1))
        assert hits(length, text, network="unheard-of") == []

    @pytest.mark.parametrize(
        ("text", "count"),
        [("", 0), ("abc", 3), ("漢字", 4), ("👨‍👩‍👧‍👦", 2), ("https://example.com/" + "x" * 99, 23),
         ("a.b example.com.", 28),
         ("e\u0301", 1), ("\u200d", 1), ("user@example.com", 16)],
    )  # fmt: skip
    def test_x_counts_links_emoji_and_wide_characters(self, text: str, count: int) -> None:
        assert x_weighted(text) == count

    def test_x_agrees_with_the_published_conformance_cases(self) -> None:
        for text, weight in conformance_cases():
            assert x_weighted(text) == weight, text

    def test_families_and_flags_are_one_grapheme(self) -> None:
        assert graphemes("👨‍👩‍👧‍👦🇬🇧e\u0301") == 3
        assert mastodon("see https://example.com/" + "x" * 300) == 27

    @given(st.text(max_size=300))
    def test_no_counter_fails_or_goes_below_zero(self, text: str) -> None:
        assert all(count(text) >= 0 for count in COUNTERS.values())


class TestRequiredField:
    def test_alternative_text_of_every_image(self) -> None:
        alt = rule("required_field", field="alt")
        assert hits(alt, media=(Media("", "image/png", "A"),)) == []
        assert len(hits(alt, media=(Media("", "image/png", "A"), Media("", "image/png", "  ")))) == 1

    def test_only_where_the_trigger_matches(self) -> None:
        consent = rule("required_field", field="consent", trigger="(?i)our intern")
        assert hits(consent, "Meet our intern.") == ["our intern"]
        assert hits(consent, "Meet our intern.", consent="Sam agreed") == []
        assert hits(consent, "Meet the team.") == []


class TestPolicyFile:
    TEXT = Path("config/policy.yaml").read_text()

    def test_the_shipped_policy_has_enough_rules_and_each_has_examples(self) -> None:
        assert len(SHIPPED.rules) >= 15
        assert {found.kind for found in SHIPPED.rules} == set(Rule.kinds)  # type: ignore[attr-defined]
        assert all(found.complies and found.violates and found.why for found in SHIPPED.rules)

    @pytest.mark.parametrize(
        ("old", "new", "line_of", "words"),
        [
            ("kind: count", "kind: cuont", "- id: many-hashtags", "unknown kind “cuont”"),
            ("what: hashtags", "wat: hashtags", "- id: many-hashtags", "what"),
            ("severity: info", "severity: loud", "severity: loud", "severity"),
            ("complies: [Hello!, Come", "complies: [Wow!!!!!, Come", "complies: [Wow!!!!!", "should comply"),
            ("violates: [\"http://acme.example/spring\"]", "violates: [fine]", "violates: [fine]", "should violate"),
            ("- id: shouting", "- id: many-hashtags", "", "stands twice"),
            ("owner: ada", "owner: ada\nowner: bob", "owner: bob", "stands twice"),
            ("- id: politics", "- id: politics\n    colour: red", "colour: red", "colour"),
        ],
    )  # fmt: skip
    def test_what_is_wrong_is_told_with_file_and_line(self, old: str, new: str, line_of: str, words: str) -> None:
        text = self.TEXT.replace(old, new, 1)
        assert text != self.TEXT
        with pytest.raises(ConfigError) as error:
            parse_policy(text, "policy.yaml")
        assert words in error.value.message
        assert error.value.line is not None
        assert error.value.message.startswith(f"policy.yaml:{error.value.line}: ")
        if line_of:
            start = text[: text.index(line_of)].count("\n") + 1
            assert start <= error.value.line <= start + 3

    @pytest.mark.parametrize(
        "text", ["", "[", "- a", "rules: 7", "\x00", "a: &x [*x]", "a: &x 1\nb: *x", "rules: []\nowner: x", "{" * 3_000]
    )
    def test_a_file_that_is_no_policy_is_refused(self, text: str) -> None:
        with pytest.raises(ConfigError):
            parse_policy(text, "policy.yaml")


class TestEngine:
    def test_the_worst_finding_comes_first(self) -> None:
        found = SHIPPED.check([Subject(text="Only an idiot clicks http://x.example!!!!")])
        assert [finding.severity for finding in found] == ["block", "warn", "info"]
        assert verdict(found) == Severity.BLOCK

    def test_selectors_keep_a_rule_to_its_region(self) -> None:
        sponsored = "Love this mug! #sponsored"
        british = {found.rule for found in SHIPPED.check([Subject(text=sponsored, region="GB")])}
        american = {found.rule for found in SHIPPED.check([Subject(text=sponsored, region="US")])}
        assert "advertising-uk" in british
        assert not {"advertising-uk", "advertising-us"} & american

    @given(st.text(max_size=500))
    def test_a_finding_points_at_the_text_that_it_quotes(self, text: str) -> None:
        for finding in SHIPPED.check([Subject(text=text, region="GB")]):
            if finding.start is not None and finding.end is not None:
                assert finding.text.rstrip("…") in text[finding.start : finding.end]

    def test_ten_thousand_mentions_and_a_megabyte_are_judged(self) -> None:
        assert SHIPPED.check([Subject(text="@a " * 10_000)])
        assert SHIPPED.check([Subject(text="a. " * 350_000)])

    def test_hardly_any_real_corporate_post_is_blocked(self) -> None:
        posts = corporate_posts()
        blocked = [text for text in posts if verdict(SHIPPED.check([Subject(text=text)])) == Severity.BLOCK]
        assert len(blocked) <= len(posts) / 100


def test_a_new_kind_is_one_new_file() -> None:
    kinds = {path.stem for path in Path("models/policy/kinds").glob("*.py")} - {"__init__"}
    assert kinds == set(Rule.kinds)
    assert isinstance(SHIPPED, Policy)
