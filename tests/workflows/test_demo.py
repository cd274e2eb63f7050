"""`signoff demo` walks the whole path on both databases, and says so when a step fails."""

from collections.abc import Callable
from typing import Any

import pytest

from web.serve import Server
from workflows import demo


def make(settings: Any, **options: Any) -> Server:
    return Server(settings, **options)


def test_the_demo_passes(
    database_kind: str, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    create: Callable[[str], str] = request.getfixturevalue("postgres")
    url = create("template0") if database_kind == "postgresql" else ""
    assert demo.run(make, url, prefect=False)
    told = capsys.readouterr().out
    assert told.count("✔") == 8
    assert "✘" not in told


def test_a_step_that_fails_fails_the_demo(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fails(_demo: demo.Demo) -> str:
        raise demo.DemoFailed("on purpose")

    monkeypatch.setattr(demo.Demo, "blocked", fails)
    assert not demo.run(make, "", prefect=False)
    assert "on purpose" in capsys.readouterr().out
