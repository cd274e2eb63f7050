"""Backup: one file with every row and every media file, the same for SQLite and PostgreSQL; see workflows/restore.py.

It is one consistent view, taken while work goes on. It holds no secret key.
"""

import base64
import json
import re
import zipfile
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Connection, LargeBinary, Table, select
from sqlalchemy.types import TypeEngine

from models.columns import UtcDateTime
from models.tables import metadata
from workflows import schema
from workflows.office import Office

FORMAT = 1
BATCH = 1_000
_SHA256 = re.compile(r"[0-9a-f]{64}")
FLEETING = frozenset({"worker_beat", "alarm", "pace", "mark"})  # true of the moment only


def write(office: Office, file: Path) -> dict[str, int]:
    """Writes the backup; returns how many rows each table has. The file appears only when it is complete."""
    part = file.with_name(file.name + ".part")
    counts: dict[str, int] = {}
    tables = [table for table in metadata.sorted_tables if table.name not in FLEETING]
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        with office.database.snapshot() as connection:
            for table in tables:
                counts[table.name] = _write_table(archive, connection, table)
        for image in _images(office):
            archive.write(image, f"media/{image.name}")
        manifest = {
            "format": FORMAT,
            "schema": schema.current(office.database),
            "at": office.clock.now().isoformat(),
            "tables": [
                {"name": t.name, "rows": counts[t.name], "columns": {c.name: _kind(c.type) for c in t.columns}}
                for t in tables
            ],
        }
        archive.writestr("manifest.json", json.dumps(manifest, indent=2))
    part.replace(file)
    return counts


def _images(office: Office) -> list[Path]:
    """The kept images; what is still being uploaded has another name."""
    folder = office.settings.media_dir
    return sorted(file for file in folder.iterdir() if _SHA256.fullmatch(file.name)) if folder.exists() else []


def _write_table(archive: zipfile.ZipFile, connection: Connection, table: Table) -> int:
    count = 0
    kinds = [_kind(column.type) for column in table.columns]
    with archive.open(f"tables/{table.name}.jsonl", "w", force_zip64=True) as out:
        rows = connection.execution_options(yield_per=BATCH).execute(select(table).order_by(*table.primary_key))
        for row in rows:
            values = [_encode(kind, value) for kind, value in zip(kinds, row, strict=True)]
            out.write(json.dumps(values, ensure_ascii=False).encode() + b"\n")
            count += 1
    return count


def _kind(type_: TypeEngine[Any]) -> str:
    if isinstance(type_, UtcDateTime):
        return "moment"
    if isinstance(type_, LargeBinary):
        return "octets"
    return "document" if isinstance(type_, JSON) else "plain"


def _encode(kind: str, value: Any) -> Any:
    if value is None or kind in ("plain", "document"):
        return value
    return value.isoformat() if kind == "moment" else base64.b64encode(bytes(value)).decode()
