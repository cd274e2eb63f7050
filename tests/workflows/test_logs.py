"""Log lines carry the ids of request, post and transition, and never a secret."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from config.settings import Settings
from tests.world import World
from workflows.logs import LineFormatter

SECRETS = {
    "secret_key": SecretStr("a-key-of-the-installation-that-is-long"),
    "slack_bot_token": SecretStr("token-without-any-known-form"),
    "smtp_url": SecretStr("smtp://user:mail-password@host:587"),
    "database_url": "postgresql+psycopg://signoff:db-password@host/signoff",
}


@pytest.fixture
def formatter(tmp_path: Path) -> LineFormatter:
    return LineFormatter(Settings(data_dir=tmp_path, **SECRETS), as_json=True)  # type: ignore[arg-type]


class Lines(logging.Handler):
    """The finished lines of a world's log."""

    def __init__(self, world: World) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(LineFormatter(world.office.settings, as_json=True))
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
def lines(sqlite_world: World) -> Iterator[list[str]]:
    handler, logger = Lines(sqlite_world), logging.getLogger()
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    logging.getLogger("signoff").setLevel(logging.DEBUG)
    yield handler.lines
    logger.removeHandler(handler)
    logger.setLevel(before)
    logging.getLogger("signoff").setLevel(logging.NOTSET)


def test_a_decision_is_logged_with_request_post_and_transition(sqlite_world: World, lines: list[str]) -> None:
    post = sqlite_world.submit()
    lee = sqlite_world.api("lee")
    answer = lee.post(
        f"/posts/{post}/actions/approve", json={"revision": 1}, headers={"X-Request-ID": "press-of-a-button"}
    )
    assert answer.headers["X-Request-ID"] == "press-of-a-button"
    found = [json.loads(line) for line in lines]
    [decision] = [line for line in found if line["message"] == "transition" and line["action"] == "approve"]
    assert (decision["post"], decision["version"], decision["request"]) == (post, 4, "press-of-a-button")
    [request] = [line for line in found if line["message"] == "request" and line.get("request") == "press-of-a-button"]
    assert (request["route"], request["status"]) == ("/api/v1/posts/{post_id}/actions/{action}", 200)


def test_no_secret_is_in_the_log_of_a_whole_day(sqlite_world: World, lines: list[str]) -> None:
    world = sqlite_world
    token = world.token("lee")
    post = world.submit()
    mail = world.mailbox.expect("lee", "decision")
    link, code = world.mailbox.link(mail), world.mailbox.code(mail)
    world.http.post(link, data={"action": "approve", "code": code})
    world.browser("ana").get(f"/posts/{post}")
    world.http.get("/api/v1/posts", headers={"Authorization": f"Bearer {token}"})
    world.http.get(f"/api/v1/posts?token={token}")
    logging.getLogger("signoff.test").error("somebody logged %s and %s", token, world.url + link)
    everything = "\n".join(lines)
    settings = world.office.settings
    assert settings.slack_signing_secret is not None
    for secret in (token, link.rsplit("/", 1)[1], settings.key, settings.slack_signing_secret.get_secret_value()):
        assert secret not in everything
    assert code not in [line for line in lines if "code" in line]
    assert "[secret]" in everything


@pytest.mark.parametrize(
    "secret",
    ["a-key-of-the-installation-that-is-long", "token-without-any-known-form", "mail-password", "db-password",
     "xoxb-12345-abcdef", "whsec_MfKQ9r8GKYqrTwjU"],
)  # fmt: skip
def test_a_secret_in_a_message_is_blotted_out(formatter: LineFormatter, secret: str) -> None:
    record = logging.LogRecord("signoff", logging.ERROR, "", 0, "it was //u:%s@h and Bearer %s", (secret, secret), None)
    assert secret not in formatter.format(record)


def test_a_secret_that_json_writes_otherwise_is_blotted_out_too(tmp_path: Path) -> None:
    secret = 'with-"quotes"-and-\\backslashes-of-32-characters'
    formatter = LineFormatter(Settings(data_dir=tmp_path, secret_key=SecretStr(secret)), as_json=True)
    line = formatter.format(logging.LogRecord("signoff", logging.ERROR, "", 0, "it was %s", (secret,), None))
    assert "backslashes" not in line


def test_a_message_of_several_lines_forges_no_line(tmp_path: Path) -> None:
    formatter = LineFormatter(Settings(data_dir=tmp_path), as_json=False)
    line = formatter.format(logging.LogRecord("signoff", logging.ERROR, "", 0, "said 250\n2026 ERROR fake", (), None))
    assert "\n" not in line


def test_a_traceback_is_one_line_and_blotted_out_too(formatter: LineFormatter) -> None:
    try:
        raise ValueError("smtp://user:mail-password@host:587")
    except ValueError as error:
        info = (type(error), error, error.__traceback__)
    line = formatter.format(logging.LogRecord("signoff", logging.ERROR, "", 0, "broke", (), info))
    assert "\n" not in line
    assert "mail-password" not in line
    assert "ValueError" in json.loads(line)["error"]
