"""Characters and requests that no database, header or page may choke on."""

import json
from email import message_from_bytes, policy
from typing import Any

import pytest

from notifiers.mail import Letter, compose
from notifiers.wording import Wording
from tests.world import World
from web.sandbox.slack_pages import signed_headers

NEW: dict[str, Any] = {"brand": "acme", "channels": ["x"], "text": "Hello."}


@pytest.mark.parametrize("bad", ["a\x00b", "\ud800"])
@pytest.mark.parametrize("field", ["brand", "lane", "channels", "variants", "media", "scheduled_for", "context"])
def test_what_cannot_be_stored_is_named_by_field(world: World, field: str, bad: str) -> None:
    value: Any = {"channels": [bad], "variants": {bad: "x"}, "media": [{"sha256": bad}]}.get(field, bad)
    body = json.dumps({**NEW, field: value}).encode()
    for path in ("/posts", "/policy/check"):
        answer = world.api("ana").post(path, content=body, headers={"content-type": "application/json"})
        assert answer.status_code == 422, answer.text
        assert answer.json()["field"]


@pytest.mark.parametrize("path", ["/?view=all&status=%00", "/media/%00", "/?status=%ED%A0%80", "/posts/new?brand=%00"])
def test_odd_characters_in_an_address_break_nothing(world: World, path: str) -> None:
    assert world.browser("ana").get(path).status_code in (200, 404, 422)


@pytest.mark.parametrize("field", ["brand", "lane", "channels", "keep_media", "zone", "link", "revision"])
def test_a_form_field_with_nul_is_refused(world: World, field: str) -> None:
    ana = world.browser("ana")
    ana.get("/posts/new")
    assert ana.post("/posts/new", {"brand": "acme", "channels": "x", "text": "Hi.", field: "a\x00b"}).status_code == 422


def test_a_body_of_unknown_length_is_not_read(sqlite_world: World) -> None:
    answer = sqlite_world.http.post("/sign-in", content=(b"x" * 1_000 for _ in range(10)))
    assert answer.status_code == 411


def test_a_body_that_is_too_large_is_not_read(sqlite_world: World) -> None:
    assert sqlite_world.http.post("/sign-in", content=b"x" * 5_000_001).status_code == 413


@pytest.mark.parametrize(
    "text",
    [
        "Hi\r\nBcc: evil@example.com",
        "=?utf-8?q?Hi=0D=0ABcc:_evil@example.com?=",
        "a\u2028b",
        "=?utf-8?b?DQpCY2M6IGFAYi5j?=",
    ],
)
def test_a_mail_header_is_one_line_and_nobody_is_added(text: str) -> None:
    letter = Letter("lee@acme.example", text, "UTC", Wording(text, text), unique="1")
    raw = compose(letter, f"{text} <signoff@localhost>" if "\r" not in text else "signoff@localhost", 0.0).as_bytes()
    parsed = message_from_bytes(raw, policy=policy.default)
    assert parsed["Bcc"] is None
    assert [address.addr_spec for address in parsed["To"].addresses] == ["lee@acme.example"]
    assert parsed["Subject"] and "\n" not in parsed["Subject"]


def test_a_hostile_headline_reaches_the_subject_harmlessly(sqlite_world: World) -> None:
    sqlite_world.submit("=?utf-8?q?Hi=0D=0ABcc:_evil@x.example=0D=0A=0D=0AGo?=")
    mail = sqlite_world.mailbox.expect("lee", "your decision is needed")
    assert "Bcc" not in mail["headers"]
    assert len(sqlite_world.store.all("mail", "evil@x.example")) == 0


def test_somebody_of_another_brand_learns_nothing_from_the_policy_check(sqlite_world: World) -> None:
    answers = [
        sqlite_world.api("gus").post("/policy/check", json={**NEW, "brand": brand}) for brand in ("acme", "none")
    ]
    assert {answer.status_code for answer in answers} == {422}
    assert answers[0].json()["detail"].replace("acme", "none") == answers[1].json()["detail"]


def test_a_deactivated_person_reads_nothing_by_slash_command(sqlite_world: World) -> None:
    post = sqlite_world.submit()
    sqlite_world.deactivate("lee")
    body = f"user_id=U0LEE&text={post}"
    answer = sqlite_world.http.post("/slack/commands", content=body, headers=signed_headers(sqlite_world.office, body))
    assert "deactivated" in answer.json()["text"]


def test_a_command_of_a_thousand_fields_is_refused(sqlite_world: World) -> None:
    body = "&".join(f"a{number}=1" for number in range(1_000))
    answer = sqlite_world.http.post("/slack/commands", content=body, headers=signed_headers(sqlite_world.office, body))
    assert answer.status_code == 422
