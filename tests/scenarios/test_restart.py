"""A second start on the same data goes on where the first stopped; nothing is forgotten, nothing repeated."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from models.statuses import Surface
from tests.world import MONDAY, World
from workflows import actions


def test_what_was_under_way_goes_on_after_a_restart(new_database: Callable[[], tuple[Path, str]]) -> None:
    folder, url = new_database()
    first = World(folder, url)
    silent = first.submit("Nobody answers this.")
    timed = first.submit("This is for later.", at=MONDAY + timedelta(hours=3))
    first.approve(timed)
    unsent = len(first.rows("outbox", "ended_at IS NULL"))
    unchecked = first.draft("Not checked yet.")
    actions.submit(first.office, unchecked, first.ids["ana"], Surface.WEB)
    first.close()
    assert unsent

    second = World(folder, url)
    try:
        second.work()
        assert second.status(unchecked) == "legal_review"
        assert second.rows("outbox", "ended_at IS NULL") == []
        second.fast_forward(hours=4)
        assert second.status(timed) == "published"
        assert len(second.store.all("handover")) == 1
        second.mailbox.expect("lee", "Reminder")
        second.mailbox.expect("hugo", "Escalated to you")
        assert second.status(silent) == "legal_review"
    finally:
        second.close()
