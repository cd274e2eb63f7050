"""Slack's endpoints: signed, replay-proof, private to whoever may not decide, and deaf to garbage."""

import json
from urllib.parse import urlencode

import pytest

from tests.world import World
from web.sandbox.slack_pages import signed_headers
from workflows import actions


class TestSignature:
    def test_an_unsigned_request_is_refused(self, sqlite_world: World) -> None:
        assert sqlite_world.http.post("/slack/interactivity", data={"payload": "{}"}).status_code == 401

    @pytest.mark.parametrize(
        "headers",
        [
            {"x-slack-request-timestamp": "not a number"},
            {"x-slack-request-timestamp": "9" * 400},
            {"x-slack-request-timestamp": "0"},
            {"x-slack-signature": "v0=forged"},
            {"x-slack-signature": ""},
        ],
    )
    def test_a_forged_or_stale_signature_is_refused(self, sqlite_world: World, headers: dict[str, str]) -> None:
        assert sqlite_world.slack.send({"type": "block_actions"}, **headers).status_code == 401

    def test_a_signature_with_odd_characters_is_refused(self, sqlite_world: World) -> None:
        headers = {**signed_headers(sqlite_world.office, "x=1"), "x-slack-signature": "v0=ö".encode("latin-1")}
        answer = sqlite_world.http.post("/slack/interactivity", content="x=1", headers=headers)
        assert answer.status_code == 401

    def test_a_body_that_is_no_text_is_refused(self, sqlite_world: World) -> None:
        headers = signed_headers(sqlite_world.office, "x=1")
        answer = sqlite_world.http.post("/slack/interactivity", content=b"\xff\xfe\x00", headers=headers)
        assert answer.status_code == 401

    def test_a_changed_body_is_refused(self, sqlite_world: World) -> None:
        headers = signed_headers(sqlite_world.office, "payload=%7B%7D")
        answer = sqlite_world.http.post("/slack/interactivity", content="payload=%7B%20%7D", headers=headers)
        assert answer.status_code == 401

    def test_a_press_from_six_minutes_ago_is_refused(self, sqlite_world: World) -> None:
        body = urlencode({"payload": "{}"})
        headers = signed_headers(sqlite_world.office, body)
        sqlite_world.fast_forward(minutes=6)
        answer = sqlite_world.http.post("/slack/interactivity", content=body, headers=headers)
        assert answer.status_code == 401


class TestButtons:
    def test_a_replayed_press_decides_once(self, world: World) -> None:
        post = world.submit()
        for _ in range(4):
            assert world.slack.press("approve", by="lee").status_code == 200
        assert len(world.post(post)["decisions"]) == 1

    def test_request_changes_asks_for_a_reason_in_a_modal(self, world: World) -> None:
        post = world.submit()
        world.slack.press("request_changes", by="lee")
        answer = world.slack.answer_modal("", by="lee")
        assert "reason" in answer.json()["errors"]
        assert world.status(post) == "legal_review"
        assert world.slack.answer_modal("Name the source.", by="lee").json() == {"response_action": "clear"}
        assert world.status(post) == "draft"
        world.work()
        world.mailbox.expect("ana", "Name the source.")
        assert "Name the source." in world.slack.text(world.slack.card())

    def test_reject_asks_too_and_ends_the_post(self, world: World) -> None:
        post = world.submit()
        world.slack.press("reject", by="lin")
        world.slack.answer_modal("Not in our name.", by="lin")
        assert world.status(post) == "rejected"

    def test_a_member_of_the_channel_without_the_role_is_told_in_private(self, sqlite_world: World) -> None:
        post = sqlite_world.submit()
        for who, words in (("ben", "needs the role"), ("ana", "You wrote this post"), ("stranger", "not linked")):
            assert sqlite_world.slack.press("approve", by=who).status_code == 200
            assert any(words in line for line in sqlite_world.slack.whispers(who)), who
        assert sqlite_world.status(post) == "legal_review"

    def test_an_old_card_cannot_approve_new_words(self, sqlite_world: World) -> None:
        post = sqlite_world.submit()
        old = sqlite_world.slack.card()
        sqlite_world.edit(post, text="Other words.")
        sqlite_world.act(actions.submit, post, "ana")
        sqlite_world.work()
        sqlite_world.slack.press("approve", by="lee", message=old)
        assert sqlite_world.status(post) == "legal_review"
        assert any("has changed" in line for line in sqlite_world.slack.whispers("lee"))

    def test_the_card_loses_its_buttons_after_a_decision_on_another_surface(self, sqlite_world: World) -> None:
        post = sqlite_world.submit()
        assert "approve" in sqlite_world.slack.buttons(sqlite_world.slack.card())
        sqlite_world.reject(post, by="lin", reason="No.")
        sqlite_world.work()
        assert sqlite_world.slack.buttons(sqlite_world.slack.card()) == ["open"]
        assert "Lin Liang rejected revision 1 on the web" in sqlite_world.slack.text(sqlite_world.slack.card())


class TestGarbage:
    @pytest.mark.parametrize(
        "payload",
        [
            {}, [], "text", None, 7, {"type": "block_actions"}, {"type": "block_actions", "actions": []},
            {"type": "block_actions", "user": {"id": "U0LEE"}, "actions": [
                {"action_id": "approve", "value": "no json"}]},
            {"type": "block_actions", "actions": [{"action_id": "approve", "value": "[1]"}], "user": {"id": "U0LEE"}},
            {"type": "block_actions", "actions": [{"action_id": "approve", "value": '{"post": "1", "revision": 1}'}]},
            {"type": "block_actions", "user": {"id": "U0LEE"}, "actions": [
                {"action_id": "approve", "value": '{"post": 99999999999999999999, "revision": 1}'}]},
            {"type": "block_actions", "user": {"id": "U0LEE"}, "actions": [
                {"action_id": "approve", "value": '{"post": true, "revision": -1}'}]},
            {"type": "view_submission"}, {"type": "view_submission", "view": {"private_metadata": "{}"}},
            {"type": "view_submission", "user": {"id": "U0LEE"}, "view": {
                "callback_id": "explode", "private_metadata": '{"post": 1, "revision": 1}', "state": {"values": {}}}},
        ],
    )  # fmt: skip
    def test_a_signed_payload_of_nonsense_is_answered_and_changes_nothing(
        self, sqlite_world: World, payload: object
    ) -> None:
        post = sqlite_world.submit()
        assert sqlite_world.slack.send(payload).status_code in (200, 422)
        assert sqlite_world.status(post) == "legal_review"

    def test_deeply_nested_json_is_answered(self, sqlite_world: World) -> None:
        body = urlencode({"payload": "[" * 50_000})
        answer = sqlite_world.http.post(
            "/slack/interactivity", content=body, headers=signed_headers(sqlite_world.office, body)
        )
        assert answer.status_code == 422

    def test_a_press_for_a_post_that_does_not_exist_is_told_in_private(self, sqlite_world: World) -> None:
        value = json.dumps({"post": 4711, "revision": 1})
        payload = {"type": "block_actions", "user": {"id": "U0LEE"}, "channel": {"id": "acme-approvals"},
                   "actions": [{"action_id": "approve", "value": value}]}  # fmt: skip
        assert sqlite_world.slack.send(payload).status_code == 200
        assert sqlite_world.slack.whispers("lee") == ["There is no post 4711."]


class TestWhatUsersWrote:
    def test_nothing_that_a_user_wrote_mentions_links_or_formats(self, sqlite_world: World) -> None:
        nasty = "<!channel> <@U0LEE> <https://evil.example|click> *bold* :rocket: `code`"
        sqlite_world.submit(nasty, context=nasty)
        card = sqlite_world.slack.card()
        for block in card["blocks"]:
            for text in [block.get("text"), *block.get("elements", [])]:
                if text and "type" in text and text["type"] not in ("button",):
                    assert text["type"] == "plain_text"
                    assert text["emoji"] is False
        assert "<!channel>" not in card["text"]
        assert "&lt;!channel&gt;" in card["text"]

    def test_a_long_post_stays_within_slacks_limits(self, sqlite_world: World) -> None:
        post = sqlite_world.submit("ö" * 2_900, channels=("linkedin",), context="c" * 9_000)
        assert sqlite_world.status(post) == "legal_review"
        assert len(sqlite_world.slack.cards()) == 1


class TestCommand:
    def test_it_explains_a_post_to_whoever_may_see_it(self, sqlite_world: World) -> None:
        post = sqlite_world.submit()
        assert "Missing: legal." in _command(sqlite_world, "ana", str(post))
        assert "no post" in _command(sqlite_world, "gus", str(post))
        assert "not linked" in _command(sqlite_world, "stranger", str(post))
        assert "Write the number" in _command(sqlite_world, "ana", "hello")


def _command(world: World, who: str, text: str) -> str:
    body = urlencode({"user_id": world.slack.user(who), "text": text})
    answer = world.http.post("/slack/commands", content=body, headers=signed_headers(world.office, body))
    return str(answer.json()["text"])
