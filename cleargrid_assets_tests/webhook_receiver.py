"""A team's chat on loopback that keeps the alerts its webhook receives.

The server belongs here; what alerts say belongs to the tests.
"""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = "T0PSECRET"


class Receiver(HTTPServer):
    """A chat that keeps the messages it accepts.

    It answers `status`, but 503 to a text that contains `refused`, and 413 to one of more than `max_text` characters.
    """

    status = 200
    refused = "\0"
    max_text = 100_000

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.texts: list[str] = []

    @property
    def apprise_url(self) -> str:
        """The same address in apprise's form."""
        return f"json://127.0.0.1:{self.server_port}/services/{TOKEN}"

    @property
    def url(self) -> str:
        """The webhook's address, with a token in its path as Slack's has."""
        return f"http://127.0.0.1:{self.server_port}/services/{TOKEN}"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        message = json.loads(body)
        text = message["text"] if "text" in message else f"{message['title']}\n{message['message']}"
        status = 503 if self.server.refused in text else self.server.status
        status = 413 if len(text) > self.server.max_text else status
        if status == 200:
            self.server.texts.append(text)
        self.send_response(status)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Silent."""


@contextmanager
def run_receiver() -> Iterator[Receiver]:
    """A chat on loopback until the end of the block."""
    receiver = Receiver()
    thread = threading.Thread(target=receiver.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield receiver
    receiver.shutdown()
    receiver.server_close()
