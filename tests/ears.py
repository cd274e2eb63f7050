"""A small HTTP server that only listens: for alarms and signs of life."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any


class Ears:
    """What it heard, as (method, path, body)."""

    def __init__(self) -> None:
        heard = self.heard = list[tuple[str, str, str]]()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
                heard.append((self.command, self.path, body))
                self.send_response(204)
                self.end_headers()

            do_GET = do_POST  # noqa: N815

            def log_message(self, *_: Any) -> None:
                """Says nothing."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
