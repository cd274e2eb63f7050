"""The policy check, per post, on real brand posts where they lie beside the checkout, else on a few of our own."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from benchmarks.place import Place
from benchmarks.table import Line, clock, limit
from config.policy_file import load_policy
from config.settings import SHIPPED_CONFIG
from models.policy.subject import Subject

REAL = Path(__file__).parents[2] / "shared" / "data" / "corporate-posts.jsonl"
OWN = [
    "Our spring range is here: https://acme.example/spring #spring #newin",
    "We are sorry for the delays this morning. Trains run again from 10:00. 🚆",
    "Thank you to everybody who came to the opening in Leeds last night! #ad",
]


def run(_place: Place) -> Iterator[Line]:
    """The line of the table; the floor is one pass of a trivial regular expression over the same texts."""
    texts = [json.loads(line)["text"] for line in REAL.open()] if REAL.exists() else OWN * 500
    policy = load_policy(SHIPPED_CONFIG / "policy.yaml")
    subjects = [[Subject(text=words, region="GB")] for words in texts]
    ours = clock(lambda: [policy.check(subject) for subject in subjects], 3) / len(texts)
    words = re.compile(r"\w+")
    floor = clock(lambda: [words.findall(text) for text in texts], 3) / len(texts)
    source = f"{len(texts):,} {'real posts' if REAL.exists() else 'posts'}"
    yield limit(f"policy check, {len(policy.rules)} rules, {source}", ours * 1e6, 150, "µs", floor * 1e6)
