"""Backup, restore and upgrade: nothing is lost, and a restored copy publishes nothing that already went out."""

import zipfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from config.settings import Settings
from models.errors import BadInput, ConfigError
from models.tables import metadata
from tests.crowd import multiply
from tests.faults.checker import gather, judge
from tests.world import World
from workflows import actions, backup, installation, publication, restore, schema
from workflows.office import Office


@pytest.fixture
def empty(database_kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Settings:
    """The settings of an installation that has nothing yet."""
    folder = tmp_path / "restored"
    folder.mkdir()
    url = "" if database_kind == "sqlite" else request.getfixturevalue("postgres")("template0")
    return Settings(data_dir=folder, database_url=url, port=1)


@pytest.fixture
def restored(empty: Settings, world: World, tmp_path: Path) -> Iterator[Callable[[], tuple[World, restore.Held]]]:
    """Takes a backup of the world, and makes a second world of it later."""
    made: list[World] = []
    file = tmp_path / "signoff.backup"
    backup.write(world.office, file)

    def make() -> tuple[World, restore.Held]:
        office = Office.open(empty, world.clock)
        held = restore.restore(office, file)
        office.close()
        second = World(empty.data_dir, empty.database_url)
        second.clock.set(world.clock.now())
        made.append(second)
        return second, held

    yield make
    for second in made:
        second.close()


@pytest.fixture
def world(new_world: Callable[..., World]) -> World:
    """Posts in every state, with the next few about to go out."""
    world = new_world()
    hour = world.clock.now() + timedelta(hours=1)
    for words, at in (("Out.", hour - timedelta(minutes=30)), ("Soon.", hour), ("Later.", hour + timedelta(days=3))):
        world.approve(world.submit(words, at=at))
    world.submit("Silent.")
    world.reject(world.submit("No."))
    world.fast_forward(minutes=40)
    on_its_way = world.submit("On its way.", at=world.clock.now() + timedelta(minutes=1))
    world.approve(on_its_way)
    world.clock.set(world.clock.now() + timedelta(minutes=1))
    assert publication.claim(world.office, on_its_way)
    world.token("lee")
    return world


def test_every_row_comes_back(world: World, restored: Callable[[], tuple[World, restore.Held]]) -> None:
    changed = {"post", "person", "api_token", "outbox", "audit_record", "publication", "sign_in_link", "decision_link"}
    second, held = restored()
    for name in metadata.tables:
        if name not in backup.FLEETING | changed:
            assert sorted(map(str, world.rows(name))) == sorted(map(str, second.rows(name))), name
    assert held.rows > 100
    assert len(world.rows("post")) == len(second.rows("post"))
    assert judge(gather(second.office, second.store), drained=False) == _missing_outside()


def _missing_outside() -> list[str]:
    """The copy's stand-ins are new ones, so what went out before is not in their logs."""
    return ["P1 post 1 is published, and the receiver never got it"]


def test_a_restored_copy_publishes_nothing_that_already_went_out(
    world: World, restored: Callable[[], tuple[World, restore.Held]]
) -> None:
    world.fast_forward(days=4)
    assert sorted(document["post"] for document in world.published()) == [1, 2, 3]
    second, held = restored()
    second.fast_forward(days=7)
    assert second.published() == []
    assert held.unknown == [2, 3, 6]
    assert "may have gone out since" in second.post(2)["history"][-1]["reason"]
    second.mailbox.expect("ana", "unknown")
    second.act(actions.settle, 2, "ana", "published", "I saw it on X.")
    assert second.status(2) == "published"


def test_what_was_timed_for_later_asks_for_its_time_again(
    world: World, restored: Callable[[], tuple[World, restore.Held]]
) -> None:
    second, held = restored()
    assert (held.unknown, held.untimed) == ([6], [2, 3])
    second.fast_forward(days=7)
    assert second.published() == []
    assert second.status(3) == "approved"
    second.act(actions.schedule, 3, "ana", second.clock.now() + timedelta(hours=1))
    second.fast_forward(hours=2)
    assert [document["post"] for document in second.published()] == [3]


def test_nobody_is_signed_in_and_no_token_lives(
    world: World, restored: Callable[[], tuple[World, restore.Held]]
) -> None:
    token = world.token("lee")
    second, _ = restored()
    assert second.http.get("/api/v1/posts", headers={"Authorization": f"Bearer {token}"}).status_code == 401
    assert {row.revoked_at is None for row in second.rows("api_token")} == {False}


def test_a_mailed_link_of_before_the_restore_opens_nothing_of_after(
    world: World, restored: Callable[[], tuple[World, restore.Held]]
) -> None:
    world.submit("Written after the backup.")
    mail = world.mailbox.all("lin")[-1]
    link, code = world.mailbox.link(mail), world.mailbox.code(mail)
    browser = world.browser("lin")
    second, _ = restored()
    post = second.submit("Written on the copy.")
    answer = second.http.post(link, data={"action": "approve", "code": code})
    assert answer.status_code in (404, 410)
    assert second.status(post) == "legal_review"
    cookies = {cookie.name: cookie.value or "" for cookie in browser.client.cookies.jar}
    assert "Send me a link" in second.client(base_url=second.url, cookies=cookies, follow_redirects=True).get("/").text


def test_a_restore_that_was_broken_off_lets_nothing_start(
    world: World, empty: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "b.backup"
    backup.write(world.office, file)
    office = Office.open(empty)
    with monkeypatch.context() as broken:
        broken.setattr("workflows.restore.hold_back", lambda *_: None)
        broken.setattr("workflows.restore.schema.upgrade", _only_the_first(schema.upgrade))
        with pytest.raises((KeyboardInterrupt, TypeError)):
            restore.restore(office, file)
    office.close()
    with pytest.raises(ConfigError, match="not finished"):
        installation.open_office(empty)


def _only_the_first(upgrade: Callable[..., None]) -> Callable[..., None]:
    calls: list[object] = []

    def once(*given: object) -> None:
        calls.append(given)
        if len(calls) > 1:
            raise KeyboardInterrupt
        upgrade(*given)

    return once


def test_an_upload_that_was_broken_off_spoils_no_backup(
    world: World, restored: Callable[[], tuple[World, restore.Held]]
) -> None:
    folder = world.office.settings.media_dir
    folder.mkdir(exist_ok=True)
    (folder / f".{'a' * 64}.part").write_bytes(b"half")
    backup.write(world.office, world.office.settings.data_dir.parent / "signoff.backup")
    second, _ = restored()
    assert second.rows("post")


def test_new_posts_get_new_numbers(world: World, restored: Callable[[], tuple[World, restore.Held]]) -> None:
    second, _ = restored()
    assert second.submit("After the restore.") == len(world.rows("post")) + 1


def test_a_database_in_use_and_a_file_that_is_no_backup_are_refused(
    world: World, empty: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "b.backup"
    backup.write(world.office, file)
    with pytest.raises(BadInput, match="not empty"):
        restore.restore(world.office, file)
    office = Office.open(empty)
    (tmp_path / "text").write_text("this is no backup")
    with pytest.raises(BadInput, match="no backup of Signoff"):
        restore.restore(office, tmp_path / "text")
    damaged = tmp_path / "damaged"
    with zipfile.ZipFile(file) as whole, zipfile.ZipFile(damaged, "w") as part:
        for name in whole.namelist():
            lines = whole.read(name)
            part.writestr(name, lines.splitlines(keepends=True)[0] if name == "tables/post.jsonl" else lines)
    with pytest.raises(BadInput, match="post has 1 rows instead of 6"):
        restore.restore(office, damaged)
    assert schema.current(office.database) is not None
    with office.database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(metadata.tables["post"])).scalar_one() == 0
    office.close()


def test_an_upgrade_with_ten_thousand_posts_in_flight_loses_nothing(world: World) -> None:
    database = world.office.database
    schema.downgrade(database, "0001")
    posts = multiply(database, 1_700)
    assert posts > 10_000
    with database.reading() as connection:
        before = {name: connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar_one() for name in _KEPT}
    schema.upgrade(database)
    with database.reading() as connection:
        after = {name: connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar_one() for name in _KEPT}
    assert before == after
    assert before["outbox"] > 50_000
    evidence = gather(world.office, world.store)
    assert [line for line in judge(evidence, drained=False) if "receiver never got it" not in line] == []
    copy = posts - 2  # a copy of the post that nobody has answered
    assert world.status(copy) == "legal_review"
    world.approve(copy)
    assert world.status(copy) == "approved"


_KEPT = ("post", "revision", "variant", "decision", "timer", "publication", "outbox", "audit_record", "person")
