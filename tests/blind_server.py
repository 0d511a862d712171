"""A ballot server to talk to, and a judge who votes through it."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from evalkit.blind.ballot_box import BallotBox
from evalkit.blind.kit_folder import KitFolder
from evalkit.blind.server import BallotServer


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def ask(link: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
    """One request on a connection of its own."""
    parts = urlsplit(link)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, parts.path, body, named)
        response = connection.getresponse()
        return Answer(response.status, dict(response.getheaders()), response.read())
    finally:
        connection.close()


def send_vote(link: str, vote: dict[str, Any] | bytes) -> Answer:
    """A vote as the page sends it."""
    body = vote if isinstance(vote, bytes) else json.dumps(vote).encode()
    return ask(f"{link}votes", "POST", body, Content_Type="application/json")


def vote_on(item: dict[str, Any], outcome: str = "left", **change: Any) -> dict[str, Any]:
    """A quick vote."""
    plain = {
        "item_id": item["item_id"], "outcome": outcome, "darker": None, "milliseconds": 5,
        "voted_at": time.time_ns() // 1_000_000, "note": "",
    }  # fmt: skip
    return plain | change


@contextmanager
def served(folder: KitFolder) -> Iterator[dict[str, str]]:
    """Judge -> link, while the server runs in a thread of this process."""
    box = BallotBox(folder, clock=lambda: time.time_ns() // 1_000_000)
    server = BallotServer(box, "127.0.0.1", 0, listener=lambda *_: None)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        port = server.server_address[1]
        yield {judge: f"http://127.0.0.1:{port}/ballot/{token}/" for judge, token in box.tokens.items()}
    finally:
        server.shutdown()
        server.server_close()
        box.close()
        thread.join()
