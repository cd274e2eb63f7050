"""The pages: signing in, the form that keeps what was typed, and what nobody from outside may do."""

import socket
from io import BytesIO

import pytest
from PIL import Image

from tests.world import World
from workflows import actions

FORM = {"brand": "acme", "lane": "standard", "channels": "x", "text": "Hello.", "context": "Because."}


def png(size: tuple[int, int] = (4, 4)) -> bytes:
    out = BytesIO()
    Image.new("RGB", size).save(out, "PNG")
    return out.getvalue()


class TestSigningIn:
    def test_the_link_signs_in_once_and_only_by_its_button(self, sqlite_world: World) -> None:
        world = sqlite_world
        world.http.post("/sign-in", data={"email": "ana@acme.example"})
        world.work()
        link = world.mailbox.link(world.mailbox.expect("ana", "Sign in"))
        assert "ana@acme.example" in world.http.get(link).text
        assert world.http.post(link).status_code == 303
        assert world.http.post(link).status_code == 410

    def test_the_link_is_dead_after_a_quarter_of_an_hour(self, sqlite_world: World) -> None:
        world = sqlite_world
        world.http.post("/sign-in", data={"email": "ana@acme.example"})
        world.work()
        link = world.mailbox.link(world.mailbox.expect("ana", "Sign in"))
        world.fast_forward(minutes=16)
        assert world.http.post(link).status_code == 410

    @pytest.mark.parametrize("email", ["nobody@acme.example", "", "x" * 400, "a\r\nBcc: b@example.com"])
    def test_an_unknown_address_gets_no_mail_and_no_hint(self, sqlite_world: World, email: str) -> None:
        answer = sqlite_world.http.post("/sign-in", data={"email": email})
        assert answer.status_code in (200, 422)
        sqlite_world.work()
        assert sqlite_world.store.all("mail") == []

    def test_a_flood_of_requests_sends_five_links(self, sqlite_world: World) -> None:
        for _ in range(12):
            sqlite_world.http.post("/sign-in", data={"email": "ana@acme.example"})
        sqlite_world.work()
        assert len(sqlite_world.mailbox.all("ana")) == 5

    def test_a_stranger_is_led_to_the_sign_in_page_and_back_again(self, sqlite_world: World) -> None:
        post = sqlite_world.submit()
        answer = sqlite_world.http.get(f"/posts/{post}")
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")

    @pytest.mark.parametrize("cookie", ["x", "eyJ9.forged", "a" * 3_000])
    def test_a_forged_session_is_nobody(self, sqlite_world: World, cookie: str) -> None:
        answer = sqlite_world.http.get("/", headers={"cookie": f"signoff_session={cookie}"})
        assert answer.headers["location"] == "/sign-in"


class TestForm:
    def test_a_draft_is_written_and_submitted(self, world: World) -> None:
        ana = world.browser("ana")
        ana.get("/posts/new")
        page = ana.post("/posts/new", {**FORM, "then": "submit"})
        assert page.url.path == "/posts/1"
        world.work()
        assert world.status(1) == "legal_review"

    @pytest.mark.parametrize(
        ("wrong", "words"),
        [
            ({"text": "x" * 1_000_000}, "1,000,000 characters"),
            ({"text": "bell \x07"}, "control character"),
            ({"text.x": "y" * 20_000}, "20,000 characters"),
            ({"channels": "myspace"}, "is no channel"),
            ({"brand": "nike"}, "There is no brand"),
            ({"link": "ftp://x"}, "starts with https"),
            ({"scheduled_for": "2020-01-01T10:00", "zone": "Europe/London"}, "in the past"),
            ({"scheduled_for": "2031-01-01T10:00", "zone": "Europe/London"}, "two years"),
            ({"scheduled_for": "2027-03-28T02:30", "zone": "Europe/Berlin"}, "does not exist"),
            ({"scheduled_for": "2027-10-31T02:30", "zone": "Europe/Berlin"}, "happens twice"),
            ({"scheduled_for": "2027-10-31T02:30", "zone": "Mars/Phobos"}, "is no time zone"),
            ({"scheduled_for": "soon"}, "no date and time"),
            ({"context": "x" * 10_001}, "10,001 characters"),
        ],
    )
    def test_what_is_wrong_is_said_and_what_was_typed_stays(
        self, sqlite_world: World, wrong: dict[str, str], words: str
    ) -> None:
        ana = sqlite_world.browser("ana")
        ana.get("/posts/new")
        page = ana.post("/posts/new", {**FORM, "consent": "Jo agreed", **wrong})
        assert page.status_code == 422
        assert words in page.text
        assert "Jo agreed" in page.text
        assert "Because." in page.text or "context" in wrong
        assert sqlite_world.rows("post") == []

    def test_a_time_that_happens_twice_is_settled_by_choosing(self, sqlite_world: World) -> None:
        ana = sqlite_world.browser("ana")
        for fold, offset in (("0", "00:30"), ("1", "01:30")):
            ana.get("/posts/new")
            ana.post("/posts/new", {**FORM, "scheduled_for": "2027-10-31T02:30", "zone": "Europe/Berlin", "fold": fold})
            assert f"T{offset}" in sqlite_world.post(len(sqlite_world.rows("post")))["scheduled_for"]

    def test_a_refused_submission_keeps_the_draft_and_says_why(self, sqlite_world: World) -> None:
        for name in ("lee", "lin", "hugo"):
            sqlite_world.deactivate(name)
        ana = sqlite_world.browser("ana")
        ana.get("/posts/new")
        page = ana.post("/posts/new", {**FORM, "then": "submit"})
        assert "Legal review needs" in page.text
        assert "Hello." in page.text
        assert sqlite_world.status(1) == "draft"


class TestImages:
    @pytest.mark.parametrize(
        ("name", "data", "words"),
        [
            ("empty.png", b"", "is empty"),
            ("text.png", b"hello", "no PNG, JPEG, GIF or WebP"),
            ("x.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "no PNG, JPEG"),
            ("cut.png", png((64, 64))[:60], "damaged"),
            ("huge.png", b"\x89PNG\r\n\x1a\n" + b"\0" * 10_000_001, "at most 10,000,000"),
        ],
    )
    def test_what_is_no_image_is_refused_by_name(self, sqlite_world: World, name: str, data: bytes, words: str) -> None:
        ana = sqlite_world.browser("ana")
        ana.get("/posts/new")
        page = ana.post("/posts/new", FORM, files={"files": (name, data, "image/png")})
        assert page.status_code == 422
        assert words in page.text
        assert "Because." in page.text

    def test_a_hundred_megabytes_are_refused_and_the_text_stays(self, sqlite_world: World) -> None:
        ana = sqlite_world.browser("ana")
        ana.get("/posts/new")
        page = ana.post("/posts/new", FORM, files={"files": ("big.png", b"\0" * 100_000_000, "image/png")})
        assert page.status_code == 422
        assert "Because." in page.text

    def test_an_image_is_kept_under_its_digest_whatever_its_file_name(self, sqlite_world: World) -> None:
        ana = sqlite_world.browser("ana")
        ana.get("/posts/new")
        name = "../../../../etc/cron.d/evil\x00.png"
        ana.post("/posts/new", {**FORM, "new_alt": "A square"}, files={"files": (name, png(), "text/html")})
        media = sqlite_world.post(1)["media"]
        assert media[0]["alt"] == "A square"
        answer = sqlite_world.http.get(f"/media/{media[0]['sha256']}")
        assert answer.headers["content-type"] == "image/png"
        assert sorted(path.name for path in sqlite_world.office.settings.media_dir.iterdir()) == [media[0]["sha256"]]


class TestGuards:
    def test_a_form_without_its_token_is_refused(self, sqlite_world: World) -> None:
        post = sqlite_world.submit()
        lee = sqlite_world.browser("lee")
        lee.client.post(f"/posts/{post}/approve", data={"revision": "1"})
        assert sqlite_world.status(post) == "legal_review"

    @pytest.mark.parametrize("headers", [{"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}])
    def test_a_form_from_another_site_is_refused(self, sqlite_world: World, headers: dict[str, str]) -> None:
        post = sqlite_world.submit()
        lee = sqlite_world.browser("lee")
        lee.get(f"/posts/{post}")
        answer = lee.client.post(f"/posts/{post}/approve", data={"revision": "1", "csrf": lee.csrf}, headers=headers)
        assert answer.status_code == 403
        assert sqlite_world.status(post) == "legal_review"

    def test_nothing_that_a_user_wrote_becomes_html(self, sqlite_world: World) -> None:
        nasty = "<script>alert(1)</script><img src=x onerror=alert(1)>{{ 7 * 7 }}"
        post = sqlite_world.submit(nasty, context=nasty)
        page = sqlite_world.browser("ana").get(f"/posts/{post}").text
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "{{ 7 * 7 }}" in page

    def test_no_page_can_be_framed_or_run_foreign_scripts(self, sqlite_world: World) -> None:
        policy = sqlite_world.http.get("/sign-in").headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy
        assert "script-src 'self'" in policy

    @pytest.mark.parametrize("path", ["/nowhere", "/posts/abc", "/static/../../etc/passwd", "/posts/1/explode"])
    def test_an_unknown_address_is_a_page_not_a_crash(self, sqlite_world: World, path: str) -> None:
        assert sqlite_world.browser("ana").get(path).status_code in (404, 405, 422)

    def test_a_page_says_when_no_worker_runs(self, sqlite_world: World) -> None:
        assert "No worker is running" in sqlite_world.http.get("/sign-in").text


def test_a_decision_on_the_page_needs_a_reason_and_keeps_it(sqlite_world: World) -> None:
    post = sqlite_world.submit()
    lee = sqlite_world.browser("lee")
    lee.get(f"/posts/{post}")
    assert "the author needs a reason" in lee.post(f"/posts/{post}/reject", {"revision": "1", "reason": ""}).text
    lee.post(f"/posts/{post}/request_changes", {"revision": "1", "reason": "Say it shorter."})
    assert sqlite_world.status(post) == "draft"


def test_the_queue_shows_what_waits_for_me_and_nothing_else(sqlite_world: World) -> None:
    sqlite_world.submit("Waiting for the lawyers.")
    sqlite_world.draft("Still a draft.")
    lee = sqlite_world.browser("lee").get("/").text
    assert "Waiting for the lawyers." in lee
    assert "Still a draft." not in lee
    assert "Nothing waits for you." in sqlite_world.browser("ana").get("/").text
    assert "Still a draft." in sqlite_world.browser("ana").get("/?view=mine").text
    assert "Waiting for the lawyers." not in sqlite_world.browser("gus").get("/?view=all").text


class TestButtonsOfThePostPage:
    """Each button presses the same action as every other surface, and is kept as coming from the web."""

    def press(self, world: World, post: int, action: str, **data: str) -> str:
        ana = world.browser("ana")
        ana.get(f"/posts/{post}")
        return ana.post(f"/posts/{post}/{action}", data).text

    def approved(self, world: World) -> int:
        post = world.submit()
        world.approve(post)
        return post

    def test_schedule_unschedule_and_publish_now(self, sqlite_world: World) -> None:
        world = sqlite_world
        post = self.approved(world)
        assert "Choose a publication time" in self.press(world, post, "schedule", scheduled_for="")
        self.press(world, post, "schedule", scheduled_for="2026-12-24T09:30", zone="Europe/London")
        assert (world.status(post), world.post(post)["history"][-1]["surface"]) == ("scheduled", "web")
        assert world.post(post)["scheduled_for"] == "2026-12-24T09:30:00+00:00"
        self.press(world, post, "unschedule")
        assert world.status(post) == "approved"
        self.press(world, post, "schedule", immediately="1")
        world.work()
        assert world.status(post) == "published"

    def test_withdraw_and_duplicate(self, sqlite_world: World) -> None:
        post = self.approved(sqlite_world)
        self.press(sqlite_world, post, "withdraw", reason="Not needed.", revision="1")
        assert sqlite_world.status(post) == "withdrawn"
        self.press(sqlite_world, post, "duplicate")
        assert sqlite_world.status(post + 1) == "draft"

    def test_settle(self, sqlite_world: World) -> None:
        post = self.approved(sqlite_world)
        sqlite_world.store.faults.plan("receiver", "500")
        self.press(sqlite_world, post, "schedule", immediately="1")
        sqlite_world.work()
        assert sqlite_world.status(post) == "publish_unknown"
        self.press(sqlite_world, post, "settle", settled="published", reason="It is there.")
        assert sqlite_world.status(post) == "published"

    def test_whoever_may_not_write_cannot_open_the_form(self, sqlite_world: World) -> None:
        post = sqlite_world.submit()
        lee = sqlite_world.browser("lee")
        assert lee.get(f"/posts/{post}/edit").status_code == 403
        assert lee.get("/posts/new").status_code == 403

    def test_the_page_shows_the_next_rung_and_whom_it_was_escalated_to(self, sqlite_world: World) -> None:
        post = sqlite_world.submit()
        assert "remind the approvers" in sqlite_world.browser("ana").get(f"/posts/{post}").text
        sqlite_world.fast_forward(hours=4)
        page = sqlite_world.browser("ana").get(f"/posts/{post}").text
        assert "Lee Lindqvist, Lin Liang, Hugo Hale" in page
        assert "page the person of last resort" in page


def test_a_request_without_a_body_need_not_say_its_length(sqlite_world: World) -> None:
    post = sqlite_world.draft()
    request = (
        f"POST /api/v1/posts/{post}/actions/submit HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        f"Authorization: Bearer {sqlite_world.token('ana')}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", sqlite_world.office.settings.port), 10) as connection:
        connection.sendall(request.encode())
        assert b" 200 OK" in connection.recv(4_096)


def test_all_mails_of_a_post_are_one_thread(sqlite_world: World) -> None:
    post = sqlite_world.submit("First words.")
    sqlite_world.edit(post, text="Other words.")
    sqlite_world.act(actions.submit, post, "ana")
    sqlite_world.work()
    mails = [mail for mail in sqlite_world.mailbox.all("lee") if "decision is needed" in mail["text"]]
    assert len(mails) == 2
    assert mails[0]["references"] == mails[1]["references"] != "None"
    assert mails[0]["subject"] == mails[1]["subject"] == "[Acme] Post 1: First words."
    assert mails[0]["message_id"] != mails[1]["message_id"]
