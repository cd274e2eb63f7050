"""The command line: every step of the path, exit codes, errors with file and line."""

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from workflows.cli import main

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def signoff(
    tmp_path: Path, furnished: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Runs a command in this process; returns exit code, output, errors."""
    shutil.copytree(furnished, tmp_path / "data")
    monkeypatch.setenv("SIGNOFF_DATA_DIR", str(tmp_path / "data"))

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["signoff", *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        out, err = capsys.readouterr()
        return code, out, err

    return run


def token(signoff: Run, name: str) -> str:
    return signoff("token", "create", f"{name}@acme.example")[1].splitlines()[-1]


def write(folder: Path, text: str, name: str = "post.yaml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_the_whole_path_by_command(signoff: Run, tmp_path: Path) -> None:
    ana, lee = token(signoff, "ana"), token(signoff, "lee")
    file = write(tmp_path, "brand: acme\nchannels: [x]\ntext: Hello.\nscheduled_for: 2099-01-01T09:00:00Z\n")
    assert signoff("submit", file, "--token", ana)[0] == 1  # more than two years away
    file = write(tmp_path, "brand: acme\nchannels: [x]\ntext: Hello.\n")
    code, out, _ = signoff("submit", file, "--token", ana, "--json")
    assert (code, json.loads(out)["status"]) == (0, "policy_check")
    _judge(tmp_path)
    assert "Who can give it: Lee Lindqvist, Lin Liang." in signoff("explain", 1)[1]
    assert "Hello." in signoff("queue", "--token", lee)[1]
    assert signoff("approve", 1, "--revision", 1, "--token", ana)[0] == 1
    assert signoff("request-changes", 1, "--revision", 1, "--reason", "Longer.", "--token", lee)[0] == 0
    assert signoff("edit", 1, "--text", "Hello, world.", "--token", ana)[0] == 0
    assert json.loads(signoff("show", 1, "--json")[1])["text"] == "Hello, world."
    assert signoff("duplicate", 1, "--token", ana)[0] == 0
    assert signoff("withdraw", 1, "--token", ana)[0] == 0
    assert signoff("edit", 1, "--text", "Again.", "--token", ana)[0] == 1
    assert signoff("audit", "verify")[0] == 0


def _judge(folder: Path) -> None:
    from config.settings import Settings
    from workflows import installation, judging

    office = installation.open_office(Settings(data_dir=folder / "data"))
    for post in judging.waiting(office):
        judging.judge(office, post)
    office.close()


def test_nobody_acts_without_saying_who(signoff: Run) -> None:
    code, _, err = signoff("approve", 1, "--revision", 1)
    assert code == 1
    assert "SIGNOFF_TOKEN" in err


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("brand: acme\nchannels: [x]\ntext: [\n", 4, ""),
        ("brand: acme\nchannels: [x]\ntext: Hi\ncolour: red\n", 4, "colour"),
        ("brand: acme\ntext: Hi\n", 1, "channels"),
        ("brand: acme\nbrand: x\n", 2, "stands twice"),
        ("? [a]\n: b\n", 1, "plain text"),
    ],
)
def test_a_broken_file_is_told_with_its_line(signoff: Run, tmp_path: Path, text: str, line: int, words: str) -> None:
    code, _, err = signoff("submit", write(tmp_path, text), "--token", "x")
    assert code == 2
    assert f"post.yaml:{line}: " in err
    assert words in err


def test_a_team_is_imported_again_and_again(signoff: Run, tmp_path: Path) -> None:
    team = "- {email: zoe@acme.example, name: Zoe, slack_id: U0ZOE, roles: [{role: legal, brand: acme}]}\n"
    file = write(tmp_path, team, "team.yaml")
    assert "1 added, 0 changed, 0 unchanged" in signoff("people", "import", file)[1]
    assert "0 added, 0 changed, 1 unchanged" in signoff("people", "import", file)[1]
    write(tmp_path, team.replace("role: legal", "role: author"), "team.yaml")
    assert "0 added, 1 changed, 0 unchanged" in signoff("people", "import", file)[1]
    assert "author (acme)" in signoff("people", "list")[1]


@pytest.mark.parametrize(
    ("team", "words"),
    [
        ("- {email: zoe, name: Zoe}", "team.yaml:1"),
        ("- {email: zoe@acme.example, name: Zoe, roles: [{role: legal, brand: nike}]}", "no brand “nike”"),
        ("- {email: zoe@acme.example, name: Zoe, slack_id: U0LEE}", "belongs to lee@acme.example"),
        ("- {email: zoe@acme.example, name: Zoe, timezone: Mars}", "no time zone"),
        ("- {email: zoe@acme.example, name: \"Zoe\\r\\nBcc: x\"}", "team.yaml:1"),
        ("- {email: a@acme.example, name: A}\n- {email: a@acme.example, name: B}", "stands twice"),
    ],
)  # fmt: skip
def test_a_wrong_team_file_changes_nobody(signoff: Run, tmp_path: Path, team: str, words: str) -> None:
    before = signoff("people", "list")[1]
    code, _, err = signoff("people", "import", write(tmp_path, team, "team.yaml"))
    assert code in (1, 2)
    assert words in err
    assert signoff("people", "list")[1] == before


def test_texts_are_checked_with_an_exit_code_for_ci(signoff: Run, tmp_path: Path) -> None:
    fine = write(tmp_path, "Our spring range is here.", "fine.txt")
    rude = write(tmp_path, json.dumps([{"id": "a", "text": "Only an idiot."}, {"id": "b", "text": "Hi."}]), "rude.json")
    assert signoff("policy", "check", fine)[0] == 0
    code, out, _ = signoff("policy", "check", rude, "--json")
    assert code == 1
    first, second = [json.loads(line) for line in out.splitlines()]
    assert first["id"] == "a"
    assert first["findings"][0].keys() >= {"rule", "severity", "category", "start", "end", "text", "message", "fix"}
    assert second["findings"] == []


def test_the_policy_tests_itself_and_a_failing_example_is_told_with_its_line(signoff: Run, tmp_path: Path) -> None:
    assert "all hold" in signoff("policy", "test")[1]
    broken = Path("config/policy.yaml").read_text().replace("complies: [Hello!,", "complies: [Wow!!!!!,")
    code, _, err = signoff("policy", "test", "--policy", write(tmp_path, broken, "policy.yaml"))
    assert code == 2
    assert "policy.yaml:" in err
    assert "should comply" in err


def test_the_log_is_verified_offline_and_tampering_is_named(signoff: Run, tmp_path: Path) -> None:
    ana = token(signoff, "ana")
    signoff("submit", write(tmp_path, "brand: acme\nchannels: [x]\ntext: Hello.\n"), "--token", ana)
    file = tmp_path / "log.jsonl"
    assert signoff("audit", "export", file)[0] == 0
    assert signoff("audit", "verify", "--file", file)[0] == 0
    lines = file.read_text().splitlines()
    changed = [line.replace("Ana Alves", "Eve Evil") if '"record"' in line else line for line in lines]
    cut = [line for line in lines if not ('"post/1"' in line and '"seq": 2' in line)]
    for broken in (changed, cut):
        file.write_text("\n".join(broken))
        code, out, _ = signoff("audit", "verify", "--file", file)
        assert code == 1
        assert "post/1 record" in out


def test_the_doctor_says_what_is_wrong(signoff: Run) -> None:
    code, out, _ = signoff("doctor")
    assert code == 1
    assert "No worker is running" in out


def test_a_setting_that_is_wrong_is_told_in_a_sentence(signoff: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGNOFF_PORT", "abc")
    code, _, err = signoff("people", "list")
    assert code == 2
    assert "SIGNOFF_PORT" in err
    assert os.environ["SIGNOFF_PORT"] == "abc"


def test_outside_the_sandbox_a_key_is_needed(signoff: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGNOFF_SMTP_URL", "smtp://127.0.0.1:25")
    code, _, err = signoff("people", "list")
    assert code == 2
    assert "SIGNOFF_SECRET_KEY" in err
