"""The documentation says what is: diagram, commands, settings, files and promises are held to the code."""

import re
from pathlib import Path

import pytest
from typer.main import get_command

from config.settings import Settings
from workflows.cli.application import app
from workflows.drawing import as_mermaid

README = Path("README.md").read_text()


def test_the_readmes_diagram_is_the_state_machine() -> None:
    found = re.search(r"```mermaid\n(.*?)\n```", README, re.S)
    assert found
    assert found[1] == as_mermaid()


def test_every_file_that_the_readme_names_is_there() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert Path(target).exists(), target
    for name in re.findall(r"`((?:web|workflows|notifiers|config|models|tests)/[\w./-]+\.\w+)", README):
        assert Path(name).exists(), name


def test_every_function_in_the_where_is_table_is_there() -> None:
    rows = re.findall(r"`(\w+)` in `([\w./]+\.py)`", README)
    assert rows
    for function, file in rows:
        assert re.search(rf"(def|class) {function}\b|^{function}\b", Path(file).read_text(), re.M), (function, file)


def test_the_environment_table_equals_the_settings() -> None:
    table = dict(re.findall(r"^\| `SIGNOFF_(\w+)` \| (.*?) \|$", README, re.M))
    expected = {name.upper(): field.description for name, field in Settings.model_fields.items()}
    assert table == expected


def test_every_command_that_the_readme_shows_exists() -> None:
    root = get_command(app)
    for line in re.findall(r"signoff ([a-z][a-z -]*[a-z])", README):
        command = root
        for word in line.split():
            inner = getattr(command, "commands", {}).get(word)
            if inner is None:
                break
            command = inner
        assert command is not root, line


@pytest.mark.parametrize("record", sorted(Path("docs/decisions").glob("*.md")), ids=lambda path: path.stem)
def test_a_decision_has_its_four_parts(record: Path) -> None:
    text = record.read_text()
    for part in ("Context", "Decision", "Consequence", "Enforced by"):
        assert f"**{part}.**" in text, part
    assert len(text.splitlines()) <= 20


def test_the_changelog_knows_the_version() -> None:
    changelog = Path("CHANGELOG.md").read_text()
    assert "## [Unreleased]" in changelog or "## [0.1.0]" in changelog
