"""The house rules that no linter knows: one writer, one committer, small files, names that are ours alone."""

import ast
import sys
from collections.abc import Iterator
from importlib.metadata import distributions, packages_distributions
from pathlib import Path

import pytest

PACKAGES = ("web", "workflows", "notifiers", "config", "models")
FILES = [path for package in PACKAGES for path in sorted(Path(package).rglob("*.py"))]
PRODUCT = [path for path in FILES if "migrations" not in path.parts]


def calls(path: Path) -> Iterator[tuple[ast.Call, str]]:
    """Every call in a file, with the name of the function or method that is called."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            yield node, name


def test_only_the_unit_of_work_commits() -> None:
    committing = {str(path) for path in PRODUCT for _, name in calls(path) if name in ("commit", "begin_nested")}
    assert committing == {"workflows/database.py"}


def test_only_the_transition_writes_posts() -> None:
    """`posts` is inserted and updated in one file; everything that changes a status goes through apply()."""
    writing = set()
    for path in PRODUCT:
        for node, name in calls(path):
            writes = name in ("insert", "update", "delete") and [
                argument.id for argument in node.args if isinstance(argument, ast.Name)
            ] == ["posts"]
            method = (
                name in ("insert", "update", "delete")
                and isinstance(node.func, ast.Attribute)
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id == "posts"
            )
            if writes or method:
                writing.add(str(path))
    assert writing == {"workflows/transition.py"}


def test_only_post_has_a_status() -> None:
    from models.tables import metadata

    having = {table.name for table in metadata.tables.values() if "status" in table.columns}
    assert having == {"post", "idempotency_record"}  # the latter is an HTTP status


@pytest.mark.parametrize("path", FILES, ids=str)
def test_a_file_fits_into_one_head(path: Path) -> None:
    if "migrations" in path.parts:
        return
    assert len(path.read_text().splitlines()) <= 300


def test_functions_are_short() -> None:
    lengths = []
    for path in PRODUCT:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or 0) - node.lineno + 1
                lengths.append(length)
                assert length <= 60, f"{path}:{node.lineno} {node.name} has {length} lines"
    lengths.sort()
    assert lengths[len(lengths) // 2] <= 10
    assert lengths[len(lengths) * 9 // 10] <= 30


@pytest.mark.parametrize("path", FILES, ids=str)
def test_every_module_says_what_it_owns(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text())), path


def test_nobody_else_owns_our_package_names() -> None:
    owners = packages_distributions()
    for package in PACKAGES:
        assert set(owners.get(package, ["signoff"])) == {"signoff"}, package
    assert any(found.metadata["Name"] == "signoff" for found in distributions())


def test_no_file_beside_the_flows_shadows_a_module() -> None:
    """Prefect puts the folder of a flow on sys.path."""
    installed = set(packages_distributions())
    for path in Path("workflows").iterdir():
        name = path.stem
        if name.startswith(("_", ".")):
            continue
        assert name not in sys.stdlib_module_names, name
        assert name not in PACKAGES, name
        assert name not in installed, name


def test_flow_files_hold_flows_and_tasks_only() -> None:
    for path in Path("workflows").glob("*.py"):
        tree = ast.parse(path.read_text())
        decorated = [node for node in tree.body if isinstance(node, ast.AsyncFunctionDef) and node.decorator_list]
        if "from prefect import flow" not in path.read_text():
            continue
        others = [node for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef)]
        assert decorated, path
        assert others == [], path


def test_no_registry_and_no_machine_is_named_in_the_lock() -> None:
    for line in Path("requirements.lock").read_text().splitlines():
        assert "://" not in line
        assert not line.startswith("-")
    assert not Path("uv.lock").exists()
