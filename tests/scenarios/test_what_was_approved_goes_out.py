"""P1: what was approved is what goes out. Whatever is changed behind the publisher's back, nothing goes out."""

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from tests.world import World
from workflows import actions


def picture(colour: str = "red") -> bytes:
    out = BytesIO()
    Image.new("RGB", (20, 10), colour).save(out, "PNG")
    return out.getvalue()


def scheduled(world: World, **more: Any) -> int:
    post = world.submit(at=world.clock.now() + timedelta(hours=1), **more)
    world.approve(post)
    assert world.status(post) == "scheduled"
    return post


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE variant SET text = 'Buy now!' WHERE post_id = :post",
        "UPDATE variant SET link = 'https://evil.example' WHERE post_id = :post",
        "UPDATE variant SET disclosure = '' , text = text || ' ' WHERE post_id = :post",
        "UPDATE variant SET channel = 'linkedin' WHERE post_id = :post",
        "DELETE FROM variant WHERE post_id = :post",
        "UPDATE post SET digest = '0' WHERE id = :post",
        "UPDATE decision SET digest = '0' WHERE post_id = :post",
        "DELETE FROM decision WHERE post_id = :post",
        "UPDATE decision SET person_id = (SELECT author_id FROM post WHERE id = :post) WHERE post_id = :post",
    ],
)
def test_a_row_that_was_changed_meanwhile_stops_the_publication(world: World, statement: str) -> None:
    post = scheduled(world)
    world.tamper(statement, post=post)
    world.fast_forward(hours=2)
    assert world.status(post) == "publish_failed"
    assert world.published() == []
    assert world.actions_of(post)[-1] == "fail_publish"
    world.mailbox.expect("ana", "Publishing failed: nothing went out")


def test_a_media_file_that_was_changed_meanwhile_stops_the_publication(world: World) -> None:
    sha256 = actions.keep_image(world.office, world.ids["ana"], picture(), "lorry.png")
    post = scheduled(world, media=((sha256, "A red lorry"),))
    (world.office.settings.media_dir / sha256).write_bytes(picture("blue"))
    world.fast_forward(hours=2)
    assert world.status(post) == "publish_failed"
    assert world.published() == []


def test_a_media_file_that_is_still_the_same_goes_out_and_can_be_fetched(world: World) -> None:
    sha256 = actions.keep_image(world.office, world.ids["ana"], picture(), "lorry.png")
    post = scheduled(world, media=((sha256, "A red lorry"),))
    world.fast_forward(hours=2)
    assert world.status(post) == "published"
    media = world.published()[0]["variants"][0]["media"][0]
    assert media["alt"] == "A red lorry"
    assert world.http.get(f"/media/{media['sha256']}").content == picture()


def test_an_edit_of_a_scheduled_post_takes_it_back_to_draft_and_its_approval_is_gone(world: World) -> None:
    post = scheduled(world)
    world.edit(post, text="Our winter range is here.")
    assert world.status(post) == "draft"
    world.work()
    world.mailbox.expect("lee", "was edited")
    world.fast_forward(hours=2)
    assert world.published() == []
    assert world.refusal(world.act, actions.schedule, post, "ana", None, immediately=True) == "wrong_status"


def test_only_one_channel_edited_is_an_edit(world: World) -> None:
    post = scheduled(world, channels=("x", "linkedin"))
    world.edit(post, variants={"linkedin": "Longer words for LinkedIn."})
    assert world.status(post) == "draft"
