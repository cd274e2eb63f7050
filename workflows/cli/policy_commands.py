"""Commands about the policy: check texts, test the file, show the rules."""

import csv
import io
import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from config.policy_file import load_policy
from config.settings import Settings
from models.errors import BadInput
from models.policy.engine import Policy
from models.policy.rule import Rule
from models.policy.subject import Finding, Severity, Subject
from workflows.cli.shared import AsJson, show

app = typer.Typer(no_args_is_help=True)
PolicyFile = Annotated[Path | None, typer.Option("--policy", help="Another policy file than the installation's.")]
EXIT_BLOCKED = 1


def _policy(file: Path | None) -> Policy:
    return load_policy(file or Settings().config_dir / "policy.yaml")


@app.command()
def check(
    files: Annotated[
        list[Path], typer.Argument(help="Text, JSON (a list of posts), JSON lines, or CSV with a column `text`.")
    ],
    policy: PolicyFile = None,
    channel: Annotated[str, typer.Option(help="The network that the texts are for.")] = "x",
    region: Annotated[str, typer.Option(help="The region whose rules apply.")] = "",
    as_json: AsJson = False,
) -> None:
    """Check texts against the policy. Exit code 1 when a rule blocks one of them."""
    rules, blocked = _policy(policy), False
    for file in files:
        for number, fields in enumerate(_posts(file), start=1):
            subject = _subject(fields, channel, region)
            found = rules.check([subject])
            blocked |= any(finding.severity == Severity.BLOCK for finding in found)
            name = str(fields.get("id") or f"{file.name}:{number}")
            document = {"id": name, "findings": [vars(finding) for finding in found]}
            if as_json:
                print(json.dumps(document, ensure_ascii=False))
            else:
                show(None, _lines(name, found), as_json=False)
    if blocked:
        raise typer.Exit(EXIT_BLOCKED)


def _subject(fields: dict[str, Any], channel: str, region: str) -> Subject:
    network = str(fields.get("channel") or fields.get("network") or channel)
    return Subject(
        text=str(fields.get("text", "")),
        channel=network,
        network=network,
        region=str(fields.get("region") or region) or None,
        brand=str(fields.get("brand") or ""),
    )


def _lines(name: str, found: list[Finding]) -> list[str]:
    if not found:
        return [f"{name}: nothing found"]
    return [f"{name}: {f.severity} {f.rule}{f' “{f.text}”' if f.text else ''}: {f.message} {f.fix}" for f in found]


def _posts(file: Path) -> list[dict[str, Any]]:
    """The posts of a file, by its ending."""
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{file}: cannot be read as text ({error}).") from error
    try:
        return _parse(file.suffix.lower(), text)
    except ValueError as error:
        raise BadInput(f"{file}: {error}") from error


def _parse(ending: str, text: str) -> list[dict[str, Any]]:
    if ending == ".csv":
        rows = list(csv.DictReader(io.StringIO(text)))
        if rows and "text" not in rows[0]:
            raise ValueError("the CSV file has no column `text`")
        return [dict(row) for row in rows]
    if ending in (".jsonl", ".ndjson"):
        return [_object(json.loads(line)) for line in text.splitlines() if line.strip()]
    if ending == ".json":
        found = json.loads(text)
        return [_object(item) for item in (found if isinstance(found, list) else [found])]
    return [{"text": text.rstrip("\n")}]


def _object(value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        return {"text": value}
    if not isinstance(value, dict) or "text" not in value:
        raise ValueError("each post is an object with a `text`")
    return value


@app.command("test")
def run_examples(policy: PolicyFile = None) -> None:
    """Load the policy and run every rule's examples."""
    rules = _policy(policy).rules
    examples = sum(len(rule.complies) + len(rule.violates) for rule in rules)
    print(f"{len(rules)} rules, {examples} examples: all hold.")


@app.command("show")
def show_rules(policy: PolicyFile = None, as_json: AsJson = False) -> None:
    """Show the rules with why, fix, source and review date."""
    loaded = _policy(policy)
    document = [rule.model_dump(mode="json") for rule in loaded.rules]
    show(document, [line for rule in loaded.rules for line in _rule_lines(rule)], as_json=as_json)


def _rule_lines(rule: Rule) -> list[str]:
    where = {name: value for name, value in rule.when.model_dump().items() if value}
    scope = f"  applies where {where}" if where else "  applies everywhere"
    lines = [f"{rule.id}  [{rule.severity}, {rule.category}]  {rule.message}", f"  why: {rule.why}", scope]
    lines += [f"  fix: {rule.fix}"] if rule.fix else []
    lines += [f"  source: {rule.source}"] if rule.source else []
    return [*lines, f"  review by {rule.review_date}", ""]
