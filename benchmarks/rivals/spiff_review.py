"""How fast does SpiffWorkflow do a whole review? With its state in SQLite (WAL, synchronous FULL).

One review is one run of review.bpmn. SpiffWorkflow is a library and stores nothing by itself, so this does what a
server around it does: restore the run from its row, take one step, serialise it into the row, commit. Three steps,
three commits: submit (a new run with the text), check (the script task), approve (the user task, then the end). The
record of who approved is in the run's data.

Chosen in SpiffWorkflow's favour: the BPMN file is parsed once, and nothing but the run's row is written.

    python spiff_review.py [reviews]
"""

import json
import sqlite3
import statistics
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.util.task import TaskState

REVIEWS = int(sys.argv[1]) if len(sys.argv) > 1 else 3500
WARM_UP = 20
SERIALIZER = BpmnWorkflowSerializer()


def load(connection: sqlite3.Connection, key: int) -> BpmnWorkflow:
    (state,) = connection.execute("SELECT state FROM review WHERE id = ?", (key,)).fetchone()
    return SERIALIZER.deserialize_json(state)


def save(connection: sqlite3.Connection, key: int, run: BpmnWorkflow) -> None:
    with connection:
        connection.execute("INSERT OR REPLACE INTO review VALUES (?, ?)", (key, SERIALIZER.serialize_json(run)))


def submit(connection: sqlite3.Connection, key: int, spec: BpmnProcessSpec) -> None:
    run = BpmnWorkflow(spec)
    run.task_tree.set_data(text=f"Post number {key}")
    save(connection, key, run)


def check(connection: sqlite3.Connection, key: int) -> None:
    run = load(connection, key)
    run.do_engine_steps()
    save(connection, key, run)


def approve(connection: sqlite3.Connection, key: int, person: str) -> None:
    run = load(connection, key)
    task = run.get_next_task(state=TaskState.READY, spec_name="decide")
    if not task.data["passed"]:
        raise SystemExit("the check did not pass")
    task.set_data(status="approved", approved_by=person)
    task.run()
    run.do_engine_steps()
    save(connection, key, run)


def one_review(connection: sqlite3.Connection, key: int, spec: BpmnProcessSpec) -> float:
    """Do one review and say how many seconds its decision took."""
    submit(connection, key, spec)
    check(connection, key)
    start = time.perf_counter()
    approve(connection, key, "lee")
    return time.perf_counter() - start


def verify(connection: sqlite3.Connection, expected: int) -> None:
    """Read back that every run is over, approved, with its approver."""
    runs = [load(connection, key) for (key,) in connection.execute("SELECT id FROM review").fetchall()]
    done = [run for run in runs if run.completed and run.data["status"] == "approved" and run.data["approved_by"]]
    if len(done) != expected:
        raise SystemExit(f"{len(done)} of {expected} reviews are approved")


def main() -> None:
    parser = BpmnParser()
    parser.add_bpmn_file(str(Path(__file__).with_name("review.bpmn")))
    spec = parser.get_spec("review")
    with tempfile.TemporaryDirectory() as folder:
        connection = sqlite3.connect(Path(folder, "spiff.sqlite"))
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("CREATE TABLE review (id INTEGER PRIMARY KEY, state TEXT NOT NULL)")
        for key in range(WARM_UP):
            one_review(connection, key, spec)
        start = time.perf_counter()
        decisions = [one_review(connection, key, spec) for key in range(WARM_UP, WARM_UP + REVIEWS)]
        seconds = time.perf_counter() - start
        verify(connection, WARM_UP + REVIEWS)
        connection.close()
    result = {
        "rival": "SpiffWorkflow",
        "version": version("SpiffWorkflow"),
        "database": "sqlite",
        "reviews_per_s": round(REVIEWS / seconds, 1),
        "decision_ms_p50": round(statistics.median(decisions) * 1000, 2),
        "n": REVIEWS,
        "does": "A BPMN run of a script task and a user task, restored from its row and committed back at each of "
        "three steps, the approver kept in the run's data.",
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
