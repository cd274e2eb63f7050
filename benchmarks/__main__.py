"""`python -m benchmarks`: measures and prints one table. `--only reviews,policy` runs parts, `--rivals` the rivals."""

import argparse
import platform
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import place as places
from benchmarks import policy, reviews, rivals, service, volume
from benchmarks.place import Place
from benchmarks.table import Line, show

PARTS: dict[str, Callable[[Place], Iterator[Line]]] = {
    "reviews": reviews.run,
    "policy": policy.run,
    "volume": volume.run,
    "service": service.run,
}


def main() -> None:
    """Runs the parts that were asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--only", default=",".join(PARTS), help="parts, separated by commas")
    parser.add_argument("--rivals", action="store_true", help="rivals from PyPI, each in an environment of its own")
    parser.add_argument("--out", type=Path, help="also write the table to this file")
    chosen = parser.parse_args()
    lines: list[Line] = []
    with places.place() as place:
        parts = [rivals.run] if chosen.rivals else [PARTS[name] for name in chosen.only.split(",")]
        for part in parts:
            for line in part(place):
                print(f"  {line.what}: {line.ours}" + (f", floor {line.floor}" if line.floor else ""), flush=True)
                lines.append(line)
    table = f"Python {platform.python_version()}, {platform.machine()}\n\n{show(lines)}\n"
    print(f"\n{table}")
    if chosen.out:
        chosen.out.write_text(table)


if __name__ == "__main__":
    main()
