"""Reads browser forms: bounded in size, all fields as typed, so that a wrong one can be shown again as it was."""

from dataclasses import dataclass, field

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException

from models.errors import BadInput

MAX_FIELD_BYTES = 4_000_000
TEXTS = frozenset({"text", "context", "reason"})  # their own check names the place and keeps what was typed


@dataclass
class Typed:
    """The fields of a form, and its files that are not empty. `fields` keeps the last of equal names."""

    fields: dict[str, str] = field(default_factory=dict)
    lists: dict[str, list[str]] = field(default_factory=dict)
    files: list[UploadFile] = field(default_factory=list)

    def get(self, name: str) -> str:
        return self.fields.get(name, "")

    def number(self, name: str) -> int | None:
        text = self.get(name).strip()
        if not text:
            return None
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise BadInput(f"“{text[:20]}” is no number.", field=name)
        return int(text)


async def read_form(request: Request) -> Typed:
    """The form of a request; raises BadInput for one that cannot be read."""
    typed = Typed()
    try:
        form = await request.form(max_files=20, max_fields=200, max_part_size=MAX_FIELD_BYTES)
    except (MultiPartException, ValueError, UnicodeDecodeError) as error:
        raise BadInput(f"This form could not be read: {error}.") from error
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            if value.filename:
                typed.files.append(value)
        elif "\0" in name or ("\0" in value and name not in TEXTS):
            raise BadInput(f"The field {name[:30]!r} has a NUL character.")
        else:
            typed.fields[name] = value
            typed.lists.setdefault(name, []).append(value)
    return typed
