"""A fleet: several `signoff web` and `signoff worker` processes on one database, to be killed, frozen and started."""

import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from config.organisation_file import load_organisation
from config.settings import Settings
from tests.faults.nursery import Nursery
from tests.faults.outside import Outside
from tests.faults.proxy import Proxy
from workflows import access, installation, organisation
from workflows.office import Office
from workflows.prefect_server import PrefectServer

KEY = "k" * 40
LEASE = 3.0


def until(found: Callable[[], Any], seconds: float = 30, what: str = "it") -> Any:
    """What `found` returns as soon as that is something."""
    end = time.monotonic() + seconds
    while not (result := found()):
        assert time.monotonic() < end, f"{what} did not happen within {seconds} s"
        time.sleep(0.02)
    return result


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Fleet:
    """Processes by name (`web-1`, `worker-2`, …) with the outside world that they talk to."""

    def __init__(self, folder: Path, nursery: Nursery, database_url: str, *, webs: int = 2, workers: int = 2,
                 lease: float = LEASE) -> None:  # fmt: skip
        self.folder, self._nursery, self._lease = folder, nursery, lease
        self.outside = Outside(folder / "outside")
        self.settings = self._settings(database_url)
        self.office: Office = installation.open_office(self.settings, self.outside.clock)
        if organisation.is_empty(self.office):
            organisation.import_organisation(
                self.office, load_organisation(self.settings.config_dir / "organisation.yaml")
            )
        self.ports = [free_port() for _ in range(webs)]
        self.pids: dict[str, int] = {}
        self.kills = 0
        self._names = [f"web-{n + 1}" for n in range(webs)] + [f"worker-{n + 1}" for n in range(workers)]
        self.prefect_api_url = ""
        self.prefect: Proxy | None = None
        self._prefect: PrefectServer | None = None
        self.poll = 0.0
        self.pace = 0.02

    def _settings(self, database_url: str) -> Settings:
        self.environment = {
            **self.outside.environment,
            "SIGNOFF_DATA_DIR": str(self.folder / "data"),
            "SIGNOFF_DATABASE_URL": database_url,
            "SIGNOFF_SECRET_KEY": KEY,
            "DO_NOT_TRACK": "1",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        }
        names = {name.removeprefix("SIGNOFF_").lower(): value for name, value in self.environment.items()
                 if name.startswith("SIGNOFF_") and value}  # fmt: skip
        return Settings(**names)  # type: ignore[arg-type]

    def start_prefect(self) -> None:
        """A Prefect server for the workers that are started from now on; behind a proxy."""
        self._prefect = PrefectServer(Settings(data_dir=self.folder / "prefect", sandbox=True, port=1))
        self._prefect.start()
        self.prefect = Proxy(("127.0.0.1", int(self._prefect.api_url.split(":")[2].split("/")[0])))
        self.prefect_api_url = f"http://127.0.0.1:{self.prefect.port}/api"

    def kill_prefect(self) -> None:
        """SIGKILL, and a new start, which takes ten seconds; nobody waits for it."""
        assert self._prefect is not None
        assert self._prefect._process is not None
        self.kills += 1
        self._prefect._process.kill()
        self._prefect._process.wait()
        self._prefect.start()

    # --- processes --------------------------------------------------------------------------------------------

    @property
    def names(self) -> list[str]:
        return list(self._names)

    def start(self, name: str, *, crash: str = "", settings: dict[str, str] | None = None) -> int:
        kind, number = name.split("-")
        env = {**self.environment, "SIGNOFF_PREFECT_API_URL": self.prefect_api_url, **(settings or {})}
        if kind == "web":
            env["SIGNOFF_PORT"] = str(self.ports[int(number) - 1])
        bent = {"lease": self._lease, "poll": self.poll, "pace": self.pace, "clock": str(self.outside.clock.file)}
        self.pids[name] = self._nursery.start([kind], env, self.folder / f"{name}.log", crash=crash, **bent)
        return self.pids[name]

    def start_all(self) -> None:
        for name in self._names:
            self.start(name)
        until(self.all_answer, what="the web processes' first answer")

    def all_answer(self) -> bool:
        with contextlib.suppress(httpx.HTTPError):
            return all(httpx.get(f"{url}/healthz", trust_env=False).is_success for url in self.urls)
        return False

    @property
    def urls(self) -> list[str]:
        return [f"http://127.0.0.1:{port}" for port in self.ports]

    def kill(self, name: str) -> None:
        """SIGKILL, and waits until the process is gone."""
        self.kills += 1
        self._signal(name, signal.SIGKILL)
        until(lambda: not alive(self.pids[name]), 10, f"the end of {name}")

    def freeze(self, name: str) -> None:
        self.kills += 1
        self._signal(name, signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        self._signal(name, signal.SIGCONT)

    def freeze_for(self, name: str, seconds: float) -> None:
        """The process sleeps through its leases, then goes on as if nothing had been: a zombie."""
        pid = self.pids[name]
        self.freeze(name)
        threading.Timer(seconds, lambda: _send(pid, signal.SIGCONT)).start()

    def _signal(self, name: str, number: int) -> None:
        _send(self.pids[name], number)

    def log(self, name: str) -> str:
        file = self.folder / f"{name}.log"
        return file.read_text() if file.exists() else ""

    def token(self, person: str) -> str:
        return access.create_token(self.office, f"{person}@acme.example", "fleet", access.SCOPES)

    def close(self) -> None:
        for pid in self.pids.values():
            _send(pid, signal.SIGKILL)
        if self._prefect and self.prefect:
            self.prefect.close()
            self._prefect.stop()
        self.office.close()
        self.outside.close()


def _send(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def alive(pid: int) -> bool:
    """Whether a process runs; a dead one that nobody has buried yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False
