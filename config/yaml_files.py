"""YAML files into checked values; each error names the file and the line."""

from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError

from models.errors import ConfigError

Value = TypeVar("Value")
MAX_BYTES = 5_000_000


def read(path: Path, kind: type[Value]) -> Value:
    """The file as a value of `kind`; raises ConfigError with the first error's file and line."""
    return parse(read_text(path), kind, str(path))


def read_text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", file=str(path)) from error
    if len(raw) > MAX_BYTES:
        raise ConfigError(f"is larger than {MAX_BYTES:,} bytes", file=str(path))
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise ConfigError("is not UTF-8 text", file=str(path), line=line) from error


def parse(text: str, kind: type[Value], file: str) -> Value:
    """YAML text as a value of `kind`."""
    root = _compose(text, file)
    try:
        data = yaml.safe_load(text)
        return TypeAdapter(kind).validate_python(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = first["loc"]
        raise ConfigError(_sentence(place, first["msg"]), file=file, line=line_of(root, place)) from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise ConfigError(f"cannot be read as YAML: {error}", file=file) from error


def line_of_place(text: str, place: tuple[str | int, ...]) -> int | None:
    """The line (1-based) of a path of keys and indices in YAML text."""
    return line_of(yaml.compose(text), place)


def _compose(text: str, file: str) -> yaml.Node | None:
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "is not YAML"
        raise ConfigError(str(problem), file=file, line=mark.line + 1 if mark else None) from error
    except RecursionError as error:
        raise ConfigError("is nested too deeply", file=file) from error
    _refuse_doubles(root, file)
    return root


def _refuse_doubles(node: yaml.Node | None, file: str) -> None:
    """YAML lets the second of two equal keys win in silence; here that is an error, and so are anchors."""
    pending = [node] if node else []
    seen: set[int] = set()
    while pending:
        node = pending.pop()
        if id(node) in seen:
            raise ConfigError("aliases (*name) are not used here", file=file, line=node.start_mark.line + 1)
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            pending.extend(node.value)
        elif isinstance(node, yaml.MappingNode):
            keys: set[str] = set()
            for key, value in node.value:
                if not isinstance(key, yaml.ScalarNode):
                    raise ConfigError("a key must be plain text", file=file, line=key.start_mark.line + 1)
                if key.value in keys:
                    raise ConfigError(f"the key “{key.value}” stands twice", file=file, line=key.start_mark.line + 1)
                keys.add(str(key.value))
                pending.append(value)


def line_of(node: yaml.Node | None, place: tuple[str | int, ...]) -> int | None:
    """The line (1-based) of the deepest part of `place` that is in the file."""
    if node is None:
        return None
    line = node.start_mark.line + 1
    for step in place:
        if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line + 1
        elif isinstance(node, yaml.MappingNode):
            found = [(key, value) for key, value in node.value if key.value == step]
            if not found:
                continue
            key, node = found[0]
            line = key.start_mark.line + 1
    return int(line)


def _sentence(place: tuple[str | int, ...], message: str) -> str:
    where = ".".join(str(step) for step in place)
    message = message.removeprefix("Value error, ")
    return f"{where}: {message}" if where else message
