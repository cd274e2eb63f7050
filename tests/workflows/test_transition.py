"""The one transition: everything of it is written, or nothing; and never over a change that it has not seen."""

from typing import Any

import pytest
from sqlalchemy import text

from models.errors import ChangedMeanwhile
from tests.world import World
from workflows import audit_log, notices, revisions, transition


def state(world: World, post: int) -> dict[str, list[Any]]:
    tables = ("post", "decision", "audit_record", "outbox", "timer", "revision", "variant")
    return {table: world.rows(table) for table in tables}


def test_a_post_that_changed_since_it_was_read_is_left_alone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The row lock makes this impossible from outside; the version guards it all the same."""
    post = world.submit()
    before = state(world, post)
    decide = transition.decide

    def meanwhile(*arguments: Any) -> Any:
        with world.office.database.unit_of_work() as work:
            work.connection.execute(text("UPDATE post SET version = version + 1 WHERE id = :post"), {"post": post})
        return decide(*arguments)

    monkeypatch.setattr(transition, "decide", meanwhile)
    with pytest.raises(ChangedMeanwhile):
        world.approve(post)
    assert state(world, post) == before


@pytest.mark.parametrize(
    ("place", "name"), [(audit_log, "append"), (notices, "write"), (transition, "_set_timer"), (transition, "_decide")]
)
def test_whatever_breaks_in_the_middle_nothing_is_written(
    world: World, monkeypatch: pytest.MonkeyPatch, place: Any, name: str
) -> None:
    post = world.submit()
    before = state(world, post)

    def breaks(*arguments: Any) -> None:
        raise RuntimeError("the machine died here")

    monkeypatch.setattr(place, name, breaks)
    with pytest.raises(RuntimeError, match="died here"):
        world.approve(post)
    monkeypatch.undo()
    assert state(world, post) == before
    world.approve(post)
    assert world.status(post) == "approved"


def test_an_edit_that_breaks_leaves_no_half_revision(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    post = world.submit()
    before = state(world, post)

    def breaks(*arguments: Any) -> None:
        raise RuntimeError("the machine died here")

    monkeypatch.setattr(revisions, "add", breaks)
    with pytest.raises(RuntimeError, match="died here"):
        world.edit(post, text="Other words.")
    assert state(world, post) == before


def test_every_transition_has_its_record_and_every_record_its_transition(world: World) -> None:
    post = world.submit()
    world.approve(post)
    row = world.rows("post")[0]
    records = [record for record in world.rows("audit_record") if record.chain == f"post/{post}"]
    assert len(records) == row.version == row.audit_seq
    assert records[-1].hash == row.audit_head
