"""The image, the compose file and the guide name only what there is; the wheel that the image installs is whole."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml
from typer.main import get_command

from config.settings import Settings
from workflows.cli.application import app
from workflows.gauges import exposition
from workflows.office import Office

COMPOSE = yaml.safe_load(Path("compose.yaml").read_text())
GUIDE = Path("docs/many-machines.md").read_text()
KNOWN = {f"SIGNOFF_{name.upper()}" for name in Settings.model_fields}


def commands() -> set[str]:
    return set(getattr(get_command(app), "commands", {}))


@pytest.mark.parametrize("name", sorted(COMPOSE["services"]))
def test_a_service_runs_a_command_that_there_is(name: str) -> None:
    service = COMPOSE["services"][name]
    if service.get("entrypoint") or "image" in service:
        return
    assert service["command"][0] in commands()


@pytest.mark.parametrize("file", ["compose.yaml", "Dockerfile", "docs/many-machines.md"])
def test_every_setting_that_is_named_is_one(file: str) -> None:
    found = set(re.findall(r"SIGNOFF_[A-Z_]+", Path(file).read_text()))
    assert found
    assert found <= KNOWN


def test_whatever_a_service_depends_on_is_a_service() -> None:
    for service in COMPOSE["services"].values():
        assert set(service.get("depends_on", ())) <= COMPOSE["services"].keys()


def test_the_image_copies_what_there_is() -> None:
    for line in re.findall(r"^COPY (.*) \S+$", Path("Dockerfile").read_text(), re.M):
        for name in line.split():
            assert Path(name).exists(), name
            assert f"!{name}" in Path(".dockerignore").read_text().splitlines()


def test_the_wheel_has_every_file_that_the_packages_have(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "pip", "wheel", ".", "--no-deps", "--no-build-isolation", "-q", "-w", str(tmp_path)]
    subprocess.run(build, check=True, capture_output=True)
    [wheel] = tmp_path.glob("*.whl")
    packed = set(zipfile.ZipFile(wheel).namelist())
    listed = subprocess.run(["git", "ls-files", "web", "workflows", "notifiers", "config", "models"], check=True,
                            capture_output=True, text=True)  # fmt: skip
    assert set(listed.stdout.split()) <= packed


def test_the_guides_numbers_are_on_the_metrics_page(tmp_path: Path) -> None:
    office = Office.open(Settings(data_dir=tmp_path, sandbox=True))
    from workflows.schema import upgrade

    upgrade(office.database)
    shown = exposition(office).decode()
    office.close()
    for name in re.findall(r"`(signoff_\w+)`", GUIDE):
        assert name in shown, name
