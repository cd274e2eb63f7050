"""Starts everything that `signoff up` and `signoff web` run, and stops all of it again."""

import logging
import socket
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

import uvicorn

from config.sandbox import furnish
from config.settings import Settings
from models.errors import ConfigError
from web.app import create_app
from web.sandbox.mailbox import start_smtp
from web.sandbox.store import SandboxStore
from workflows import installation, watching
from workflows.clock import Clock
from workflows.office import Office
from workflows.prefect_server import PrefectServer, configure
from workflows.worker import Worker

SHUTDOWN_SECONDS = 3
WATCH_SECONDS = 60.0
log = logging.getLogger("signoff.watch")


class _Uvicorn(uvicorn.Server):
    """Does something of ours before it stops serving; a second signal stops it at once."""

    def __init__(self, before_exit: Callable[[], None], config: uvicorn.Config) -> None:
        super().__init__(config)
        self._before_exit = before_exit
        self._asked = False

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self._asked:
            super().handle_exit(sig, frame)
            return
        self._asked = True
        threading.Thread(target=self._exit, args=(sig, frame), name="signoff-exit").start()

    def _exit(self, sig: int, frame: FrameType | None) -> None:
        self._before_exit()
        super().handle_exit(sig, frame)


class Watchman:
    """Keeps watch from the web process too: it notices when no worker lives to do so."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._keep_watch, name="signoff-watch", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(2)

    def _keep_watch(self) -> None:
        while not self._ended.wait(WATCH_SECONDS):
            try:
                watching.watch(self._office, heartbeat=False)
            except Exception:
                log.exception("the watch broke; it goes on")


class Server:
    """The web server, with what belongs to it: stand-ins in the sandbox, and on demand a worker and Prefect."""

    def __init__(self, settings: Settings, *, worker: bool, prefect: bool, clock: Clock | None = None) -> None:
        self._socket = _listen(settings.host, settings.port)
        port = int(self._socket.getsockname()[1])
        settings = settings.model_copy(update={"port": port})
        self._smtp: Any = None
        store: SandboxStore | None = None
        if settings.in_sandbox:
            store = SandboxStore(settings.data_dir)
            self._smtp = start_smtp(store)
            settings = furnish(settings, port, int(self._smtp.port))
        self.office: Office = installation.open_office(settings, clock)
        self.prefect = PrefectServer(settings) if prefect and not settings.prefect_api_url else None
        api_url = settings.prefect_api_url or (self.prefect.api_url if self.prefect else "")
        configure(settings, api_url)
        self.worker = Worker(self.office, api_url) if worker else None
        self._watchman = Watchman(self.office)
        self._uvicorn = _Uvicorn(
            self._wind_down,
            uvicorn.Config(
                create_app(self.office, store),
                log_config=None,
                access_log=False,
                timeout_graceful_shutdown=SHUTDOWN_SECONDS,
                timeout_keep_alive=30,
            ),
        )

    def _wind_down(self) -> None:
        """The worker stops first: what it sends goes to stand-ins that are still there."""
        if self.worker:
            self.worker.stop()

    @property
    def url(self) -> str:
        return self.office.settings.url

    def run(self) -> None:
        """Serves until a signal comes, then stops all that was started."""
        try:
            if self.prefect:
                self.prefect.start()
            if self.worker:
                self.worker.start()
            self._watchman.start()
            self._uvicorn.run(sockets=[self._socket])
        except KeyboardInterrupt:
            pass  # uvicorn raises the signal again once it has stopped
        finally:
            self.close()

    def start(self) -> threading.Thread:
        """Serves in a thread; for `signoff demo` and tests."""
        if self.prefect:
            self.prefect.start()
        if self.worker:
            self.worker.start()
        thread = threading.Thread(target=self._uvicorn.run, kwargs={"sockets": [self._socket]}, daemon=True)
        thread.start()
        return thread

    def stop(self, thread: threading.Thread) -> None:
        self._wind_down()
        self._uvicorn.should_exit = True
        thread.join(SHUTDOWN_SECONDS + 5)
        self.close()

    def close(self) -> None:
        self._watchman.stop()
        if self.worker:
            self.worker.stop()
        if self.prefect:
            self.prefect.stop()
        if self._smtp:
            self._smtp.stop(no_assert=True)
        self._socket.close()
        self.office.close()


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket; raises ConfigError when the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(2_048)
    except OSError as error:
        listener.close()
        message = f"port {port} on {host} cannot be used ({error.strerror}); choose another, as in: make run PORT=8123"
        raise ConfigError(message, file="SIGNOFF_PORT") from error
    return listener
