"""The votes of a kit in SQLite: one row per (judge, item), on the disk before anybody is told so.

WAL lets many readers and one writer work at once; `synchronous=FULL` makes every commit wait for the disk, so a kill or
a power cut loses no vote that was acknowledged. Times are milliseconds since 1970.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

from evalkit.records.blind import Darker, Outcome, Vote
from evalkit.records.errors import BlindError

_SCHEMA_VERSION = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS kit (
    kit_id TEXT NOT NULL PRIMARY KEY,
    closed_at INTEGER  -- set by the reveal: from then on no vote is taken
) STRICT;
CREATE TABLE IF NOT EXISTS votes (
    judge TEXT NOT NULL,
    item_id TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('left', 'right', 'tie', 'both_bad')),
    darker TEXT CHECK (darker IN ('left', 'right', 'same')),
    milliseconds INTEGER NOT NULL,
    voted_at INTEGER NOT NULL,     -- by the judge's clock
    note TEXT NOT NULL,
    via TEXT NOT NULL CHECK (via IN ('file', 'server')),
    received_at INTEGER NOT NULL,  -- by ours
    PRIMARY KEY (judge, item_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS offers (  -- what the server showed, in order
    judge TEXT NOT NULL,
    place INTEGER NOT NULL,
    item_id TEXT NOT NULL,
    offered_at INTEGER NOT NULL,
    PRIMARY KEY (judge, place),
    UNIQUE (judge, item_id)
) STRICT, WITHOUT ROWID;
"""
_COLUMNS = "item_id, outcome, darker, milliseconds, voted_at, note"


class Via(StrEnum):
    """How a vote came in."""

    FILE = "file"
    SERVER = "server"


class Stored(StrEnum):
    """What became of a vote."""

    NEW = "new"
    SAME = "same"
    """The same vote was there already."""
    CONFLICT = "conflict"
    """Another vote on this item was there, and stays."""
    CLOSED = "closed"
    """The kit was revealed."""


class VoteStore:
    """One `votes.sqlite`. Safe to use from several threads and processes."""

    def __init__(self, path: Path, kit_id: str) -> None:
        """Open or create it.

        Raises:
            BlindError: it is no such database, or another kit's.
        """
        self._lock = threading.Lock()
        try:
            self._database = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
            self._database.execute("PRAGMA journal_mode=WAL")
            self._database.execute("PRAGMA synchronous=FULL")
            self._prepare(path, kit_id)
        except sqlite3.DatabaseError as error:
            raise BlindError(
                f"{path} cannot be used: {error}. Restore it, or move it away and collect again."
            ) from error

    def close(self) -> None:
        """Give the file back."""
        with self._lock:
            self._database.close()

    def add(self, judge: str, votes: Iterable[Vote], via: Via, received_at: int) -> list[Stored]:
        """Store votes in one transaction; on return they are on the disk. Votes that are there are never changed."""
        with self._transaction():
            if self._is_closed():
                return [Stored.CLOSED for _ in votes]
            return [self._add(judge, vote, via, received_at) for vote in votes]

    def close_to_votes(self, now: int) -> int:
        """Take no vote from now on; returns since when that is so."""
        with self._transaction():
            self._database.execute("UPDATE kit SET closed_at = coalesce(closed_at, ?)", (now,))
            return int(self._database.execute("SELECT closed_at FROM kit").fetchone()[0])

    @property
    def is_closed(self) -> bool:
        """The kit was revealed."""
        with self._lock:
            return self._is_closed()

    def read_votes(self) -> dict[str, tuple[Vote, ...]]:
        """Judge -> votes, in no particular order."""
        with self._lock:
            rows = self._database.execute(f"SELECT judge, {_COLUMNS} FROM votes ORDER BY judge, item_id").fetchall()  # noqa: S608
        found: dict[str, list[Vote]] = {}
        for judge, *row in rows:
            found.setdefault(judge, []).append(_vote(row))
        return {judge: tuple(votes) for judge, votes in found.items()}

    def add_offer(self, judge: str, place: int, item_id: str, offered_at: int) -> None:
        """Remember what a judge is shown, so that a restarted server shows the same."""
        with self._transaction():
            self._database.execute("INSERT INTO offers VALUES (?, ?, ?, ?)", (judge, place, item_id, offered_at))

    def read_offers(self) -> dict[str, dict[str, int]]:
        """Judge -> item -> when it was offered, in the order of the offers."""
        with self._lock:
            rows = self._database.execute(
                "SELECT judge, item_id, offered_at FROM offers ORDER BY judge, place"
            ).fetchall()
        found: dict[str, dict[str, int]] = {}
        for judge, item_id, offered_at in rows:
            found.setdefault(judge, {})[item_id] = offered_at
        return found

    def _prepare(self, path: Path, kit_id: str) -> None:
        version = self._database.execute("PRAGMA user_version").fetchone()[0]
        if version not in (0, _SCHEMA_VERSION):
            raise BlindError(f"{path} has schema version {version}; this evalkit reads {_SCHEMA_VERSION}.")
        self._database.executescript(_SCHEMA)
        self._database.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")
        self._database.execute(
            "INSERT OR IGNORE INTO kit SELECT ?, NULL WHERE NOT EXISTS (SELECT 1 FROM kit)", (kit_id,)
        )
        found = self._database.execute("SELECT kit_id FROM kit").fetchone()[0]
        if found != kit_id:
            raise BlindError(f"{path} holds the votes of kit {found}, not of {kit_id}. Put the right one there.")

    def _is_closed(self) -> bool:
        return self._database.execute("SELECT closed_at FROM kit").fetchone()[0] is not None

    def _add(self, judge: str, vote: Vote, via: Via, received_at: int) -> Stored:
        row = (vote.item_id, vote.outcome, vote.darker, vote.milliseconds, vote.voted_at, vote.note)
        values = (judge, *row, via, received_at)
        added = self._database.execute(
            "INSERT INTO votes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", values
        )
        if added.rowcount:
            return Stored.NEW
        query = f"SELECT {_COLUMNS} FROM votes WHERE judge = ? AND item_id = ?"  # noqa: S608 - our own words
        known = self._database.execute(query, (judge, vote.item_id)).fetchone()
        return Stored.SAME if known == row else Stored.CONFLICT

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock:
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
            self._database.execute("COMMIT")


def _vote(row: list[object]) -> Vote:
    item_id, outcome, darker, milliseconds, voted_at, note = row
    return Vote(
        item_id=str(item_id),
        outcome=Outcome(str(outcome)),
        darker=None if darker is None else Darker(str(darker)),
        milliseconds=int(str(milliseconds)),
        voted_at=int(str(voted_at)),
        note=str(note),
    )
