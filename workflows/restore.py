"""Fills an empty installation from a backup, and lets nothing out that may have gone out since the backup was made."""

import base64
import hashlib
import json
import logging
import secrets
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import LargeBinary, bindparam, delete, insert, select, text, update
from sqlalchemy.types import NullType, TypeEngine

from models.actors import system
from models.columns import JSON_VALUE, UtcDateTime
from models.errors import BadInput, ConfigError
from models.state import Action
from models.statuses import ActionName, Status
from models.tables import (
    api_tokens,
    decision_links,
    marks,
    metadata,
    outbox,
    people,
    posts,
    publications,
    sign_in_links,
)
from notifiers.webhook import Unknown
from workflows import audit_log, publication, schema, transition
from workflows.backup import BATCH, FLEETING, FORMAT
from workflows.database import Database, Work
from workflows.office import Office

RESTORE = system("restore")
RESTORING = "restoring"
log = logging.getLogger("signoff.backup")
_TYPES: dict[str, TypeEngine[Any]] = {
    "moment": UtcDateTime(),
    "octets": LargeBinary(),
    "document": JSON_VALUE,
    "plain": NullType(),
}


@dataclass(frozen=True)
class Held:
    """What a restore kept from going out: posts that may have gone out, and posts that need their time again."""

    rows: int
    unknown: list[int]
    untimed: list[int]


def _decode(kind: str, value: Any) -> Any:
    if value is None or kind in ("plain", "document"):
        return value
    return datetime.fromisoformat(value) if kind == "moment" else base64.b64decode(value)


def restore(office: Office, file: Path) -> Held:
    """Fills an empty installation from a backup, brings the schema up to date and holds back what may be out.

    Raises BadInput for a file that is no backup, is damaged, or is of a newer Signoff, and for a database in use.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            manifest = json.loads(archive.read("manifest.json"))
            _check(office.database, archive, manifest)
            made_at, is_current = datetime.fromisoformat(manifest["at"]), manifest["schema"] == schema.versions()[-1]
            _read_media(office, archive)
            _make_room(office.database, manifest["schema"])
            with office.database.unit_of_work() as work:
                for table in manifest["tables"]:
                    _read_table(work, archive, table)
                _count_on(work, office.database, manifest)
                work.connection.execute(insert(marks), {"name": RESTORING, "value": manifest["at"]})
                held = hold_back(office, made_at) if is_current else None
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise BadInput(f"{file} is no backup of Signoff, or it is damaged ({error}).") from error
    schema.upgrade(office.database)
    unknown, untimed = held or hold_back(office, made_at)
    return Held(sum(table["rows"] for table in manifest["tables"]), unknown, untimed)


def _check(database: Database, archive: zipfile.ZipFile, manifest: dict[str, Any]) -> None:
    if manifest["format"] != FORMAT or manifest["schema"] not in schema.versions():
        raise BadInput(f"This backup is of a newer Signoff (schema {manifest['schema']}); install that version first.")
    for table in manifest["tables"]:
        known = metadata.tables[table["name"]].columns.keys() if table["name"] not in FLEETING else ()
        if not set(table["columns"]) <= set(known):
            raise ValueError(f"{table['name']} has columns that Signoff does not know")
    if damaged := archive.testzip():
        raise BadInput(f"The backup is damaged at {damaged}; take another one.")
    if schema.current(database) is not None and not _is_empty(database):
        raise BadInput("The database is not empty; restore into a new one (SIGNOFF_DATABASE_URL, SIGNOFF_DATA_DIR).")


def _is_empty(database: Database) -> bool:
    with database.reading() as connection:
        return all(connection.execute(select(table.c.id).limit(1)).first() is None for table in (people, posts))


def _make_room(database: Database, version: str) -> None:
    """Empty tables in the backup's version of the schema."""
    if schema.current(database) not in (None, version):
        schema.downgrade(database, "base")
    schema.upgrade(database, version)


def refuse_half_restored(database: Database) -> None:
    """Raises ConfigError while a restore is under way, or when it was broken off: nothing was held back yet."""
    with database.reading() as connection:
        found = connection.execute(select(marks.c.value).where(marks.c.name == RESTORING)).scalar()
    if found is not None:
        raise ConfigError(f"the restore of the backup of {found} was not finished; restore it again", file="database")


def _read_table(work: Work, archive: zipfile.ZipFile, table: dict[str, Any]) -> None:
    columns: dict[str, str] = table["columns"]
    names, places = ", ".join(f'"{name}"' for name in columns), ", ".join(f":{name}" for name in columns)
    sql = f'INSERT INTO "{table["name"]}" ({names}) VALUES ({places})'  # noqa: S608  (checked in _check)
    statement = text(sql).bindparams(*(bindparam(name, type_=_TYPES[kind]) for name, kind in columns.items()))
    read = 0
    for batch in _batches(archive, table["name"], columns):
        work.connection.execute(statement, batch)
        read += len(batch)
    if read != table["rows"]:
        raise ValueError(f"{table['name']} has {read} rows instead of {table['rows']}")


def _batches(archive: zipfile.ZipFile, name: str, columns: dict[str, str]) -> Iterator[list[dict[str, Any]]]:
    batch: list[dict[str, Any]] = []
    with archive.open(f"tables/{name}.jsonl") as lines:
        for line in lines:
            values = zip(columns.items(), json.loads(line), strict=True)
            batch.append({column: _decode(kind, value) for (column, kind), value in values})
            if len(batch) == BATCH:
                yield batch
                batch = []
    if batch:
        yield batch


def _count_on(work: Work, database: Database, manifest: dict[str, Any]) -> None:
    """PostgreSQL's counters go on after the highest number that was restored."""
    if database.is_sqlite:
        return
    for table in manifest["tables"]:
        if "id" in table["columns"]:
            highest = f'coalesce(max(id), 0) + 1, false) FROM "{table["name"]}"'
            counter = text(f"SELECT setval(pg_get_serial_sequence(:name, 'id'), {highest}")
            work.connection.execute(counter, {"name": table["name"]})


def _read_media(office: Office, archive: zipfile.ZipFile) -> None:
    folder = office.settings.media_dir
    folder.mkdir(parents=True, exist_ok=True)
    for name in archive.namelist():
        if name.startswith("media/"):
            data, sha256 = archive.read(name), Path(name).name
            if hashlib.sha256(data).hexdigest() == sha256:
                (folder / sha256).write_bytes(data)
            else:
                log.error("the image %s is not what it was, and is left out; posts that show it cannot go out", sha256)


# --- what a restored copy must not do -------------------------------------------------------------------------


def hold_back(office: Office, made_at: datetime) -> tuple[list[int], list[int]]:
    """Nothing that may have gone out since the backup goes out again by itself, and nobody is signed in.

    Posts that were due or on their way become `publish_unknown`: a person looks, and settles them. Posts that were
    timed for later are taken off the schedule: somebody may have moved them meanwhile. Messages that waited count as
    possibly sent. Sessions, links and tokens end, since some may have been revoked after the backup.
    """
    now, day = office.clock.now(), f"{made_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    with office.database.unit_of_work() as work:
        unknown, untimed = _lose_open(work, office, day), list[int]()
        for row in work.connection.execute(select(posts).where(posts.c.status == Status.SCHEDULED)).all():
            if row.publish_after <= now:
                if _lose_due(office, row.id, day):
                    unknown.append(row.id)
            else:
                reason = f"Restored from a backup of {day}. It was timed for {row.publish_after:%Y-%m-%d %H:%M} UTC."
                action = Action(ActionName.UNSCHEDULE, reason=reason)
                transition.apply(work, office.house, row.id, action, RESTORE, now)
                untimed.append(row.id)
        _sign_everybody_out(work, now)
        record = {"actor": {"id": None, "name": RESTORE.name}, "action": "restore", "backup_of": made_at.isoformat()}
        audit_log.append_to_organisation(work.connection, now, record)
    return sorted(unknown), untimed


def _lose_open(work: Work, office: Office, day: str) -> list[int]:
    reason = f"Restored from a backup of {day}, which was made while this post was on its way."
    lost = []
    for row in work.connection.execute(select(publications).where(publications.c.ended_at.is_(None))).all():
        action = Action(ActionName.LOSE_PUBLISH, reason=reason)
        if not publication.end(office, row.id, row.post_id, action, office.clock.now()):
            raise ValueError(f"post {row.post_id} is on its way, and cannot be held back")
        lost.append(row.post_id)
    return lost


def _lose_due(office: Office, post_id: int, day: str) -> bool:
    """Whether the post may have gone out; one that was not fit to is `publish_failed` now, and says why."""
    claimed = publication.claim(office, post_id)
    if claimed is None:
        return False
    may_be_out = Unknown(f"Restored from a backup of {day}; it may have gone out since.")
    if not publication.record(office, claimed, may_be_out):
        raise ValueError(f"post {post_id} is due, and cannot be held back")
    return True


def _sign_everybody_out(work: Work, now: datetime) -> None:
    work.connection.execute(update(people).values(signed_out_at=now))
    work.connection.execute(update(api_tokens).where(api_tokens.c.revoked_at.is_(None)).values(revoked_at=now))
    work.connection.execute(update(sign_in_links).where(sign_in_links.c.used_at.is_(None)).values(used_at=now))
    work.connection.execute(delete(decision_links))
    work.connection.execute(delete(marks))
    work.connection.execute(insert(marks), {"name": "epoch", "value": secrets.token_hex(16)})
    work.connection.execute(update(outbox).where(outbox.c.ended_at.is_(None)).values(unsure=True, leased_by=None))
