"""A TCP proxy that can be taken down, and that cuts a connection at a byte string: before it goes on, or after."""

import contextlib
import socket
import threading
from dataclasses import dataclass


@dataclass
class Cut:
    """Where to cut: at the `times` next client's packets that contain `sign`; `forwarded` ones still arrive."""

    sign: bytes
    forwarded: bool
    times: int


class Proxy:
    """Listens on a free loopback port and passes on to `target`: a (host, port), or the path of a Unix socket."""

    def __init__(self, target: tuple[str, int] | str) -> None:
        self._target = target
        self._lock = threading.Lock()
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._cut: Cut | None = None
        self.cuts = 0
        self.is_down = False
        self._listener = self._listen(0)
        self.port = int(self._listener.getsockname()[1])

    def _listen(self, port: int) -> socket.socket:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(256)
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return listener

    def down(self) -> None:
        """Nobody answers any more: open connections break, new ones are refused."""
        self.is_down = True
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.break_all()

    def up(self) -> None:
        if self.is_down:
            self.is_down = False
            self._listener = self._listen(self.port)

    def break_all(self) -> None:
        """Breaks every open connection."""
        with self._lock:
            pairs = list(self._pairs)
        for pair in pairs:
            self._break(pair)

    def cut_at(self, sign: bytes, *, forwarded: bool, times: int = 1) -> None:
        """Breaks the next connections at the moment at which the client sends `sign`."""
        self._cut = Cut(sign, forwarded, times)

    def close(self) -> None:
        self.down()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            try:
                server = self._connect()
            except OSError:
                client.close()
                continue
            pair = (client, server)
            with self._lock:
                self._pairs.add(pair)
            for source, sink, watched in ((client, server, True), (server, client, False)):
                threading.Thread(target=self._pump, args=(pair, source, sink, watched), daemon=True).start()

    def _connect(self) -> socket.socket:
        if isinstance(self._target, str):
            server = socket.socket(socket.AF_UNIX)
            server.connect(self._target)
            return server
        return socket.create_connection(self._target, timeout=5)

    def _pump(self, pair: tuple[socket.socket, socket.socket], source: socket.socket, sink: socket.socket,
              watched: bool) -> None:  # fmt: skip
        with contextlib.suppress(OSError):
            source.settimeout(None)
            while data := source.recv(65_536):
                if watched and self._hit(data):
                    if self._cut and self._cut.forwarded:
                        sink.sendall(data)
                    self.cuts += 1
                    break
                sink.sendall(data)
        self._break(pair)

    def _hit(self, data: bytes) -> bool:
        with self._lock:
            if self._cut is None or self._cut.times == 0 or self._cut.sign not in data:
                return False
            self._cut.times -= 1
            return True

    def _break(self, pair: tuple[socket.socket, socket.socket]) -> None:
        with self._lock:
            self._pairs.discard(pair)
        for end in pair:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
