"""The pages in a real Chromium: the whole path, on a phone, in the dark, without scripts, and under attack."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.conftest import chromium
from tests.world import World

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
PHONE = {"width": 390, "height": 844}
Open = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def open_page(browser: Browser, sqlite_world: World) -> Iterator[Open]:
    """Opens a page of its own browser profile; fails when a script of ours failed."""
    opened, errors = [], []

    def make(**options: Any) -> Page:
        context = browser.new_context(base_url=sqlite_world.url, **options)
        opened.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("dialog", lambda dialog: errors.append(f"a dialog opened: {dialog.message}"))
        page.on("console", lambda line: errors.append(line.text) if "Content Security" in line.text else None)
        return page

    yield make
    for context in opened:
        context.close()
    assert errors == []


def sign_in(page: Page, world: World, name: str) -> None:
    page.goto("/sign-in")
    page.fill("#email", f"{name}@acme.example")
    page.click("text=Send me a link")
    world.work()
    page.goto(world.mailbox.link(world.mailbox.expect(name, "Sign in")))
    page.click("main button")


def write(page: Page, text: str) -> None:
    page.goto("/posts/new")
    page.check("input[name=channels][value=x]")
    page.fill("#text", text)


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_post_is_written_submitted_and_approved_on_slack(
    open_page: Open, sqlite_world: World, *, scripts: bool
) -> None:
    page = open_page(java_script_enabled=scripts)
    sign_in(page, sqlite_world, "ana")
    write(page, "Our spring range is here.")
    page.click("text=Save and submit")
    expect(page.locator("h1")).to_have_text("Our spring range is here.")
    sqlite_world.work()
    page.goto("/sandbox/slack?user=U0LEE&channel=acme-approvals")
    page.click("button:has-text('Approve')")
    sqlite_world.work()
    page.goto("/posts/1")
    expect(page.locator("main")).to_contain_text("Lee Lindqvist approved revision 1 in Slack")
    expect(page.locator("main .badge").first).to_have_text("Approved, not scheduled")


def test_the_modal_asks_for_a_reason_and_the_author_reads_it(open_page: Open, sqlite_world: World) -> None:
    post = sqlite_world.submit()
    page = open_page()
    page.goto("/sandbox/slack?user=U0LIN&channel=acme-approvals")
    page.click("button:has-text('Request changes')")
    page.fill("#modal-reason", "Name the source, please.")
    page.click(".modal button.main")
    expect(page.locator(".modal")).to_have_count(0)
    assert sqlite_world.status(post) == "draft"
    sign_in(page, sqlite_world, "ana")
    page.goto(f"/posts/{post}")
    expect(page.locator("main")).to_contain_text("Name the source, please.")


def test_an_open_page_shows_a_decision_by_itself(open_page: Open, sqlite_world: World) -> None:
    post = sqlite_world.submit()
    page = open_page()
    sign_in(page, sqlite_world, "ana")
    page.goto(f"/posts/{post}")
    sqlite_world.approve(post)
    expect(page.locator("main")).to_contain_text("Lee Lindqvist approved revision 1", timeout=10_000)


def test_an_approver_on_a_phone_decides_with_the_code_from_the_mail(open_page: Open, sqlite_world: World) -> None:
    post = sqlite_world.submit()
    mail = sqlite_world.mailbox.expect("lee", "your decision is needed")
    page = open_page(viewport=PHONE, color_scheme="dark")
    page.goto(sqlite_world.mailbox.link(mail))
    page.click("button:has-text('Approve')")
    expect(page.locator("[role=alert]")).to_contain_text("Type the code")
    page.fill("#code", sqlite_world.mailbox.code(mail))
    page.click("button:has-text('Approve')")
    expect(page.locator("main")).to_contain_text("You approved post")
    assert sqlite_world.status(post) == "approved"


def test_a_wrong_form_keeps_what_was_typed(open_page: Open, sqlite_world: World) -> None:
    page = open_page()
    sign_in(page, sqlite_world, "ana")
    write(page, "Every word of this stays.")
    page.fill("#link", "no address")
    page.fill("#context", "And this too.")
    page.click("text=Save and submit")
    expect(page.locator("[role=alert]").first).to_contain_text("starts with https")
    expect(page.locator("#text")).to_have_value("Every word of this stays.")
    expect(page.locator("#context")).to_have_value("And this too.")
    expect(page.locator("input[name=channels][value=x]")).to_be_checked()


def test_a_mail_in_the_sandbox_opens_the_decision(open_page: Open, sqlite_world: World) -> None:
    sqlite_world.submit()
    page = open_page()
    page.goto("/sandbox/mail?to=lee@acme.example")
    page.locator(".queue a.row").first.click()
    expect(page.frame_locator("iframe").locator("h1")).to_contain_text("your decision is needed")
    page.frame_locator("iframe").locator("a.button").click()
    expect(page.locator("h1")).to_contain_text("your decision")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, {"width": 1280, "height": 900}], ids=["phone", "wide"])
def test_no_page_is_wider_than_its_window(
    open_page: Open, sqlite_world: World, scheme: Any, size: dict[str, int]
) -> None:
    world = sqlite_world
    hostile = "x" * 400 + " <script>alert(1)</script> <img src=x onerror=alert(2)> " + "\u202e" + "ש" * 200
    post = world.submit(hostile, channels=("linkedin",), context=hostile, at=world.clock.now() + timedelta(days=1))
    world.submit("Our spring range is here.")
    mail = world.mailbox.expect("lee", "your decision is needed")
    page = open_page(viewport=size, color_scheme=scheme)
    paths = ["/sign-in", "/sandbox/slack?channel=acme-approvals", "/sandbox/mail", "/sandbox/receiver",
             "/sandbox/clock", "/nowhere", world.mailbox.link(mail)]  # fmt: skip
    for path in paths:
        check_width(page, path)
    sign_in(page, world, "lee")
    for path in ("/", "/?view=all", "/?view=mine", f"/posts/{post}", "/posts/4711"):
        check_width(page, path)
    sign_in(page, world, "ana")
    for path in ("/posts/new", f"/posts/{post}/edit", f"/posts/{post}"):
        check_width(page, path)


def check_width(page: Page, path: str) -> None:
    page.goto(path)
    wide, window = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert wide <= window, f"{path} is {wide} pixels wide in a window of {window}"
