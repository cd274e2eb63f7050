"""Parameters that several routes take."""

from typing import Annotated

from fastapi import Path, Query

PostNumber = Annotated[int, Path(ge=1, le=2**31 - 1, description="The post's number.")]
Before = Annotated[int | None, Query(ge=1, le=2**31 - 1, description="Only posts with smaller numbers.")]
