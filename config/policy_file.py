"""The policy file: parsed, checked, and proven by its own examples before anybody may use it."""

from pathlib import Path

from config.yaml_files import line_of_place, parse, read_text
from models.canonical import sha256_hex
from models.errors import ConfigError
from models.policy.engine import Policy, broken_examples


def load_policy(path: Path) -> Policy:
    """The policy of a file; raises ConfigError with file and line, also when an example fails."""
    return parse_policy(read_text(path), str(path))


def parse_policy(text: str, file: str) -> Policy:
    """The policy of YAML text, with the digest of that text."""
    policy = parse(text, Policy, file)
    ids = [rule.id for rule in policy.rules]
    for index, rule in enumerate(policy.rules):
        if rule.id in ids[:index]:
            line = line_of_place(text, ("rules", index, "id"))
            raise ConfigError(f"the rule id “{rule.id}” stands twice", file=file, line=line)
    for broken in broken_examples(policy):
        raise ConfigError(broken.message, file=file, line=line_of_place(text, broken.place))
    return policy.model_copy(update={"digest": sha256_hex(text.encode()), "source": text})
