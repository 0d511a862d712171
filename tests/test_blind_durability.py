"""Fifty judges at once, and the server killed in the middle: every acknowledged vote is there, once."""

from __future__ import annotations

import http.client
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from evalkit.blind.kit_folder import KitFolder
from evalkit.blind.reveal import RevealOrder, reveal_kit
from tests.blind_kits import LABELS, NOW, kit_folder
from tests.blind_server import vote_on

N_JUDGES = 50
N_PAIRS = 60

pytestmark = pytest.mark.full


@dataclass
class Served:
    """`evalkit blind serve` in a process of its own."""

    folder: KitFolder
    port: int = 0
    process: subprocess.Popen[str] = field(init=False)
    links: dict[str, str] = field(default_factory=dict)

    def start(self) -> None:
        command = [sys.executable, "-m", "evalkit", "blind", "serve", str(self.folder.path), "--json"]
        self.process = subprocess.Popen(
            [*command, "--port", str(self.port)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self.process.stdout is not None
        text = ""
        while not text.rstrip().endswith("}\n}"):
            text += self.process.stdout.readline()
        self.links = json.loads(text)["links"]
        self.port = urlsplit(self.links["j0"]).port or 0

    def kill(self) -> None:
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()


@dataclass
class Judge:
    """Votes until all is done; tries again while the server is away. Keeps what was acknowledged."""

    link: str
    acknowledged: dict[str, str] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    _connection: http.client.HTTPConnection | None = None

    def run(self) -> None:
        state = self._ask("GET", "next", None)
        number = 0
        while state["item"]:
            number += 1
            outcome = ("left", "tie", "right", "both_bad")[number % 4]
            body = json.dumps(vote_on(state["item"], outcome)).encode()
            item_id = state["item"]["item_id"]
            state = self._ask("POST", "votes", body)
            self.acknowledged[item_id] = outcome

    def _ask(self, method: str, path: str, body: bytes | None) -> dict[str, Any]:
        """The same request until it is answered: an unsure vote is sent again as it was."""
        for _ in range(600):
            try:
                if self._connection is None:
                    parts = urlsplit(self.link)
                    self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
                headers = {"Content-Type": "application/json"} if body else {}
                self._connection.request(method, urlsplit(self.link).path + path, body, headers)
                response = self._connection.getresponse()
                content = response.read()
            except (OSError, http.client.HTTPException):
                self._connection = None
                time.sleep(0.1)
                continue
            if response.status != 200:
                self.refused.append(content.decode())
            document: dict[str, Any] = json.loads(content)
            return document
        raise AssertionError("the server did not come back")


def test_every_acknowledged_vote_of_fifty_judges_survives_kill_9_once(tmp_path: Path) -> None:
    names = tuple(f"j{number}" for number in range(N_JUDGES))
    prompts = tuple(f"p{number}" for number in range(12))
    folder = kit_folder(tmp_path, judges=names, n_pairs=N_PAIRS, prompts=prompts)
    server = Served(folder)
    server.start()
    judges = {name: Judge(server.links[name]) for name in names}
    threads = [threading.Thread(target=judge.run, daemon=True) for judge in judges.values()]
    for thread in threads:
        thread.start()
    for share in (0.25, 0.6):
        while sum(len(judge.acknowledged) for judge in judges.values()) < share * N_JUDGES * N_PAIRS:
            time.sleep(0.01)
        server.kill()
        server.start()
    for thread in threads:
        thread.join(timeout=300)
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(timeout=20) == 0

    with sqlite3.connect(folder.votes_path) as database:
        rows = database.execute("SELECT judge, item_id, outcome FROM votes").fetchall()
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert not [judge.refused for judge in judges.values() if judge.refused]
    assert len(rows) == len(set(rows)) == N_JUDGES * N_PAIRS
    acknowledged = {
        (name, item, outcome) for name, judge in judges.items() for item, outcome in judge.acknowledged.items()
    }
    assert acknowledged == set(rows)
    found = reveal_kit(folder, RevealOrder(now=NOW, answers=None, commitment=None, published=None, incomplete=False))
    assert found.is_complete
    assert {vote.label_left for vote in found.votes} == set(LABELS)
