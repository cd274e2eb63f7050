"""Configurable regular expressions, by RE2: their running time is linear whatever the pattern and the text."""

from functools import lru_cache
from typing import Annotated, Any

import re2
from pydantic import AfterValidator, Field

MAX_MEMORY = 8 << 20


@lru_cache(maxsize=4_096)
def compiled(pattern: str) -> Any:
    """An RE2 expression; raises ValueError for what RE2 cannot run in linear time."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = MAX_MEMORY
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0].decode() if isinstance(error.args[0], bytes) else error.args[0]
        raise ValueError(f"pattern {pattern!r} cannot be used: {reason}") from error


def _compiles(pattern: str) -> str:
    compiled(pattern)
    return pattern


PatternText = Annotated[str, Field(min_length=1, max_length=2_000), AfterValidator(_compiles)]


def first_span(pattern: str | None, text: str) -> tuple[int, int] | None:
    """Where a pattern first matches; without a pattern, nowhere."""
    match = compiled(pattern).search(text) if pattern else None
    return match.span() if match else None
