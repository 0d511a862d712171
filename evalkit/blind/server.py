"""The ballot box over HTTP: the standard library's threading server, hardened.

    GET  /ballot/<token>/       the page
    GET  /ballot/<token>/next   {"n_done", "n_items", "item", "receipt"}
    POST /ballot/<token>/votes  one vote; 200 with the next state once it is on the disk

Refusals are `{"error": "..."}` with 400 (no request or no JSON that can be read), 403 (wrong token), 404, 405, 409 (not
this judge's pair in hand, another vote on it, or the kit was revealed), 411, 413, 415, 422 (not a vote, or times that
cannot be). None of them changes anything. There is no TLS: beyond this machine, put it behind a proxy that has it.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any

from evalkit.blind.ballot_box import BallotBox, JudgeState, Refusal, RefusedVoteError
from evalkit.blind.page import render_served_ballot, served_policy
from evalkit.blind.votes import MAX_VOTE_BYTES, parse_vote
from evalkit.records.errors import BlindError

_MAX_CONNECTIONS = 256
_MAX_DRAINED_BYTES = 1024 * 1024
_HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_STATUS = {
    Refusal.NOT_OPEN: HTTPStatus.CONFLICT,
    Refusal.CONFLICT: HTTPStatus.CONFLICT,
    Refusal.CLOSED: HTTPStatus.CONFLICT,
    Refusal.IMPOSSIBLE_TIME: HTTPStatus.UNPROCESSABLE_ENTITY,
}

Listener = Callable[[str, JudgeState], None]


class _RequestError(Exception):
    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


class BallotServer(ThreadingHTTPServer):
    """One thread per connection, up to a limit; connections beyond it are closed at once."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, box: BallotBox, host: str, port: int, listener: Listener) -> None:
        self.box = box
        self.listener = listener
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._free = threading.BoundedSemaphore(_MAX_CONNECTIONS)
        super().__init__((host, port), _Handler)

    def server_bind(self) -> None:
        """Bind, without the library's look-up of this host's name, which can take many seconds."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        """Start a thread, or turn the caller away."""
        if not self._free.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve one connection."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller who hangs up in the middle is no error of ours; anything else is shown by the interpreter."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: BallotServer
    protocol_version = "HTTP/1.1"
    timeout = 30
    wbufsize = 65_536
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """The page, or the state."""
        self._answer(self._get)

    def do_POST(self) -> None:
        """A vote."""
        self._answer(self._post)

    def do_other(self) -> None:
        """Everything else that a browser or a scanner may try."""
        self._answer(self._refuse_method)

    do_HEAD = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_other  # noqa: N815 - the library's names

    def version_string(self) -> str:
        """No word on what runs here."""
        return "evalkit"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Nothing: a request line holds a judge's token."""

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the standard library finds wrong with a request, in the same form as our own refusals."""
        self.close_connection = True
        self._send_json(HTTPStatus(code), {"error": message or HTTPStatus(code).phrase})

    def _answer(self, respond: Callable[[], None]) -> None:
        try:
            respond()
        except _RequestError as error:
            self._send_json(error.status, {"error": str(error)})
        except RefusedVoteError as error:
            self._send_json(_STATUS[error.refusal], {"error": str(error)})

    def _get(self) -> None:
        judge, rest = self._judge()
        if rest == "next":
            self._send_state(self.server.box.state(judge))
        elif rest == "":
            kit = self.server.box.kit
            page = render_served_ballot(kit.kit_id, judge, kit.commitment, kit.n_items)
            self._send(HTTPStatus.OK, "text/html; charset=utf-8", page.encode("utf-8"))
        else:
            raise _RequestError(HTTPStatus.NOT_FOUND, "There is nothing here.")

    def _post(self) -> None:
        body = self._body()
        judge, rest = self._judge()
        if rest != "votes":
            raise _RequestError(HTTPStatus.NOT_FOUND, "There is nothing here.")
        try:
            json.loads(body)
        except (ValueError, RecursionError):
            raise _RequestError(HTTPStatus.BAD_REQUEST, "The body is not JSON.") from None
        try:
            vote = parse_vote(body)
        except BlindError as error:
            raise _RequestError(HTTPStatus.UNPROCESSABLE_ENTITY, f"This is not a vote: {error}") from None
        state = self.server.box.cast(judge, vote)
        self._send_state(state)
        self.server.listener(judge, state)

    def _refuse_method(self) -> None:
        self.close_connection = True
        raise _RequestError(HTTPStatus.METHOD_NOT_ALLOWED, "Only GET and POST are served here.")

    def _judge(self) -> tuple[str, str]:
        """Whose ballot the path opens, and what of it is wanted."""
        parts = self.path.partition("?")[0].split("/")
        if len(parts) != 4 or parts[:2] != ["", "ballot"]:
            raise _RequestError(HTTPStatus.NOT_FOUND, "There is nothing here: use the whole link that you were given.")
        judge = self.server.box.judge_of(parts[2])
        if judge is None:
            raise _RequestError(HTTPStatus.FORBIDDEN, "This link opens no ballot: use the whole link you were given.")
        return judge, parts[3]

    def _body(self) -> bytes:
        """The request's body; what is too long is read away in part, so that the caller hears the refusal."""
        lengths = self.headers.get_all("Content-Length", [])
        if "Transfer-Encoding" in self.headers or not lengths:
            self.close_connection = True
            raise _RequestError(HTTPStatus.LENGTH_REQUIRED, "Send the vote with its Content-Length.")
        if len(lengths) > 1 or not lengths[0].isascii() or not lengths[0].isdecimal() or len(lengths[0]) > 18:
            self.close_connection = True
            raise _RequestError(HTTPStatus.BAD_REQUEST, "The Content-Length is not a number.")
        if (length := int(lengths[0])) > MAX_VOTE_BYTES:
            self.close_connection = True
            self.rfile.read(min(length, _MAX_DRAINED_BYTES))
            raise _RequestError(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"A vote has at most {MAX_VOTE_BYTES:,} bytes, this has {length:,}.",
            )
        body = self.rfile.read(length)
        if self.headers.get_content_type() != "application/json":
            raise _RequestError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send the vote as application/json.")
        return body

    def _send_state(self, state: JudgeState) -> None:
        self._send_json(HTTPStatus.OK, asdict(state))

    def _send_json(self, status: HTTPStatus, document: dict[str, Any]) -> None:
        content = json.dumps(document, ensure_ascii=False).encode("utf-8", "backslashreplace")
        self._send(status, "application/json; charset=utf-8", content)

    def _send(self, status: HTTPStatus, kind: str, content: bytes) -> None:
        self.send_response(status)
        for name, value in (_HEADERS | {"Content-Security-Policy": served_policy()}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
