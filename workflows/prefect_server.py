"""A Prefect server of our own, as a child process that cannot outlive us. Bound to loopback.

It keeps the record of our flow runs in SQLite, without Prefect's background services: with them, every third run was
answered 503 after two seconds (measured with 3.8.8). Deployments want a Prefect server with PostgreSQL.

Run as a module it becomes that child: it asks the kernel to be ended with its parent, then turns into Prefect.
"""

import ctypes
import os
import signal
import socket
import subprocess
import sys

from config.settings import Settings

STOP_SECONDS = 8
PR_SET_PDEATHSIG = 1


def prefect_environment(api_url: str, home: str) -> dict[str, str]:
    """How Prefect is set wherever we start or call it: no telemetry, no server of its own, no long waits."""
    return {
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false",
        "PREFECT_API_URL": api_url,
        "PREFECT_HOME": home,
        "PREFECT_CLIENT_MAX_RETRIES": "0",
        "PREFECT_API_REQUEST_TIMEOUT": "5",
        "PREFECT_LOGGING_LEVEL": "ERROR",
        "PREFECT_LOGGING_TO_API_ENABLED": "false",
    }


def configure(settings: Settings, api_url: str) -> None:
    """Sets this process up for Prefect at `api_url` (empty: none); to be called before Prefect is imported."""
    os.environ.update(prefect_environment(api_url, str((settings.data_dir / "prefect").absolute())))


class PrefectServer:
    """The child process. `api_url` is where it will answer, about ten seconds after its first start."""

    def __init__(self, settings: Settings) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = int(probe.getsockname()[1])
        self._home = str((settings.data_dir / "prefect").absolute())
        self._log = settings.data_dir / "prefect.log"
        self.api_url = f"http://127.0.0.1:{self._port}/api"
        self._process: subprocess.Popen[bytes] | None = None
        configure(settings, self.api_url)

    def start(self) -> None:
        """Starts it; to be called from the main thread, whose end also ends the child."""
        os.makedirs(self._home, exist_ok=True)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603  (our own interpreter and module)
                [sys.executable, "-m", "workflows.prefect_server", str(self._port), str(os.getpid())],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def stop(self) -> None:
        """Ends it, and what it started."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._process = None


def _become_prefect(port: str, parent: str) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != int(parent):
        sys.exit("the parent has ended already")
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1"]
    command += ["--port", port, "--no-services"]
    os.execv(sys.executable, command)  # noqa: S606  (no shell)


if __name__ == "__main__":
    _become_prefect(sys.argv[1], sys.argv[2])
