"""The JSON API: the contract of a post, problem+json errors, idempotency, tokens."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from models.statuses import Surface
from tests.world import World
from workflows import access

NEW = {"brand": "acme", "channels": ["x"], "text": "Our spring range is here."}


class TestCreating:
    def test_a_new_post_has_the_agreed_shape(self, world: World) -> None:
        answer = world.api("ana").post("/posts", json={**NEW, "lane": "standard", "context": "Why not."})
        assert answer.status_code == 201
        post = answer.json()
        wanted = {"id", "brand", "lane", "status", "revision", "digest", "findings", "decisions", "timers", "history"}
        assert wanted <= post.keys()
        assert post["status"] == "draft"
        assert post["history"][0].keys() >= {"at", "actor", "surface", "action", "from", "to", "reason"}
        assert post["history"][0]["at"].endswith("+00:00")

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({**NEW, "brand": "nike"}, "brand"),
            ({**NEW, "channels": ["myspace"]}, "channels"),
            ({**NEW, "lane": "fast"}, "lane"),
            ({**NEW, "text": "a\x00b"}, "text"),
            ({**NEW, "text": "x" * 1_000_000}, "text"),
            ({**NEW, "text": "\ud800"}, "text"),
            ({**NEW, "link": "javascript:alert(1)"}, "link"),
            ({**NEW, "media": [{"sha256": "../../etc/passwd"}]}, "media"),
            ({**NEW, "scheduled_for": "2026-11-23T08:00:00Z"}, "scheduled_for"),
            ({**NEW, "scheduled_for": "9999-12-31T23:59:59+00:00"}, "scheduled_for"),
            ({**NEW, "scheduled_for": "2026-12-24T10:00:00"}, "scheduled_for"),
            ({**NEW, "scheduled_for": "tomorrow"}, "scheduled_for"),
            ({**NEW, "variants": {"linkedin": "not chosen"}}, "variants"),
            ({**NEW, "colour": "red"}, "colour"),
            ({"channels": ["x"]}, "brand"),
            ({**NEW, "text": 7}, "text"),
        ],
    )
    def test_what_is_wrong_is_named_by_field(self, sqlite_world: World, body: dict[str, object], field: str) -> None:
        answer = sqlite_world.api("ana").post(
            "/posts", content=json.dumps(body).encode(), headers={"content-type": "application/json"}
        )
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["field"].split(".")[0] == field
        assert answer.json()["detail"]

    @pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"null", b"[" * 5_000])
    def test_a_body_that_is_no_json_is_refused(self, sqlite_world: World, content: bytes) -> None:
        answer = sqlite_world.api("ana").post("/posts", content=content, headers={"content-type": "application/json"})
        assert answer.status_code in (400, 422)
        assert answer.headers["content-type"] == "application/problem+json"

    @pytest.mark.parametrize("text", ["שלום עולם", "a\u200bb\u200d", "🎉🎉🎉", "@a " * 3_000, "\u202eevil"])
    def test_text_of_every_kind_is_kept_as_it_was_typed(self, world: World, text: str) -> None:
        post = world.api("ana").post("/posts", json={**NEW, "text": text}).json()
        assert post["text"] == text
        assert world.api("ana").post(f"/posts/{post['id']}/actions/submit").status_code == 200
        world.work()
        assert world.status(post["id"]) in ("draft", "legal_review")


class TestIdempotency:
    def test_a_repeated_key_gets_the_first_answer(self, world: World) -> None:
        client, headers = world.api("ana"), {"Idempotency-Key": "abc"}
        first = client.post("/posts", json=NEW, headers=headers)
        again = client.post("/posts", json=NEW, headers=headers)
        assert (first.status_code, first.json()) == (again.status_code, again.json())
        assert len(world.rows("post")) == 1

    def test_another_request_under_the_same_key_is_refused(self, sqlite_world: World) -> None:
        client, headers = sqlite_world.api("ana"), {"Idempotency-Key": "abc"}
        client.post("/posts", json=NEW, headers=headers)
        assert client.post("/posts", json={**NEW, "text": "Other."}, headers=headers).status_code == 422

    def test_ten_at_once_make_one_post(self, world: World) -> None:
        client, headers = world.api("ana"), {"Idempotency-Key": "abc"}
        with ThreadPoolExecutor(10) as pool:
            answers = list(pool.map(lambda _: client.post("/posts", json=NEW, headers=headers), range(10)))
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.json()["id"] for answer in answers}) == 1


class TestActions:
    def test_a_post_is_submitted_and_approved(self, world: World) -> None:
        post = world.api("ana").post("/posts", json=NEW).json()["id"]
        assert world.api("ana").post(f"/posts/{post}/actions/submit", json={}).json()["status"] == "policy_check"
        world.work()
        lee = world.api("lee")
        assert lee.post(f"/posts/{post}/actions/approve", json={"revision": 1}).json()["status"] == "approved"
        at = (world.clock.now() + timedelta(hours=1)).isoformat()
        ana = world.api("ana")
        answer = ana.post(f"/posts/{post}/actions/schedule", json={"scheduled_for": at})
        assert answer.json()["scheduled_for"] == at
        world.fast_forward(hours=1)
        assert ana.get(f"/posts/{post}").json()["status"] == "published"

    @pytest.mark.parametrize(
        ("action", "body", "status", "code"),
        [
            ("approve", {}, 422, "revision_required"),
            ("approve", {"revision": 9}, 409, "stale_revision"),
            ("reject", {"revision": 1}, 422, "reason_required"),
            ("request_changes", {"revision": 1, "reason": " "}, 422, "reason_required"),
            ("reject", {"revision": 1, "reason": "x" * 2_001}, 422, "bad_input"),
            ("schedule", {"scheduled_for": "2030-01-01T00:00:00Z"}, 403, "not_authorised"),
            ("explode", {}, 404, "not_found"),
            ("claim_publish", {}, 404, "not_found"),
            ("pass_policy", {}, 404, "not_found"),
        ],
    )
    def test_a_refusal_is_a_problem_with_its_code(
        self, sqlite_world: World, action: str, body: dict[str, object], status: int, code: str
    ) -> None:
        post = sqlite_world.submit()
        answer = sqlite_world.api("lee").post(f"/posts/{post}/actions/{action}", json=body)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert sqlite_world.status(post) == "legal_review"

    def test_a_withdrawal_of_a_revision_that_is_gone_is_refused(self, sqlite_world: World) -> None:
        post, ana = sqlite_world.draft(), sqlite_world.api("ana")
        ana.patch(f"/posts/{post}", json={"text": "New."})
        answer = ana.post(f"/posts/{post}/actions/withdraw", json={"revision": 1})
        assert (answer.status_code, answer.json()["code"]) == (409, "stale_revision")
        assert sqlite_world.status(post) == "draft"

    def test_patch_changes_what_it_names_and_refuses_an_old_revision(self, sqlite_world: World) -> None:
        post, ana = sqlite_world.draft(), sqlite_world.api("ana")
        changed = ana.patch(f"/posts/{post}", json={"text": "New.", "revision": 1}).json()
        assert (changed["text"], changed["revision"], changed["channels"]) == ("New.", 2, ["x"])
        assert ana.patch(f"/posts/{post}", json={"text": "Newer.", "revision": 1}).status_code == 409
        assert sqlite_world.post(post)["text"] == "New."

    def test_explain_says_what_is_missing_and_what_comes_next(self, sqlite_world: World) -> None:
        post = sqlite_world.submit()
        lines = "\n".join(sqlite_world.api("ana").get(f"/posts/{post}/explain").json()["lines"])
        assert "Missing: legal." in lines
        assert "Lee Lindqvist, Lin Liang" in lines
        assert "remind the approvers, on Mon 23 Nov 2026, 11:00 GMT" in lines


class TestAccess:
    @pytest.mark.parametrize("header", [None, "Bearer", "Bearer x", "Basic abc", "Bearer " + "x" * 9_000])
    def test_without_a_good_token_nothing_is_told(self, sqlite_world: World, header: str | None) -> None:
        post = sqlite_world.submit()
        answer = sqlite_world.http.get(f"/api/v1/posts/{post}", headers={"Authorization": header} if header else {})
        assert answer.status_code == 401

    def test_another_brand_sees_nothing(self, sqlite_world: World) -> None:
        post = sqlite_world.submit()
        gus = sqlite_world.api("gus")
        assert gus.get(f"/posts/{post}").status_code == 404
        assert gus.get("/posts").json()["posts"] == []
        assert gus.get(f"/posts/{post}/explain").status_code == 404

    def test_a_token_can_do_no_more_than_its_scopes(self, sqlite_world: World) -> None:
        post = sqlite_world.submit()
        token = access.create_token(sqlite_world.office, "lee@acme.example", "reader", ["read"])
        headers = {"Authorization": f"Bearer {token}"}
        url = f"/api/v1/posts/{post}"
        assert sqlite_world.http.get(url, headers=headers).status_code == 200
        answer = sqlite_world.http.post(f"{url}/actions/approve", json={"revision": 1}, headers=headers)
        assert answer.status_code == 403

    @pytest.mark.parametrize("number", ["0", "-1", "99999999999999999999", "abc", "1e9", "%00"])
    def test_a_number_that_no_post_has_is_not_found(self, sqlite_world: World, number: str) -> None:
        assert sqlite_world.api("ana").get(f"/posts/{number}").status_code in (404, 422)
        assert sqlite_world.browser("ana").get(f"/posts/{number}").status_code in (404, 422)

    def test_the_list_goes_page_by_page(self, sqlite_world: World) -> None:
        for number in range(55):
            sqlite_world.draft(f"Post number {number}")
        ana = sqlite_world.api("ana")
        first = ana.get("/posts").json()
        assert len(first["posts"]) == 50
        second = ana.get("/posts", params={"before": first["next"]}).json()
        assert len(second["posts"]) == 5
        assert second["next"] is None


def test_the_policy_can_be_asked_without_keeping_anything(sqlite_world: World) -> None:
    body = {"brand": "acme", "channels": ["x"], "text": "Only an idiot buys elsewhere."}
    findings = sqlite_world.api("ana").post("/policy/check", json=body).json()["findings"]
    assert findings[0]["rule"] == "offensive-language"
    assert body["text"][findings[0]["start"] : findings[0]["end"]] == "idiot"
    assert sqlite_world.rows("post") == []


def test_every_surface_is_kept_with_its_decision(sqlite_world: World) -> None:
    assert {surface.value for surface in Surface} == {"web", "slack", "mail", "api", "cli", "system"}
