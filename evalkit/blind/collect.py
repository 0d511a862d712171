"""Votes files into the database: each file whole or not at all, twice the same as once, every conflict by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from evalkit.blind.kit_folder import KitFolder
from evalkit.blind.vote_store import Stored, Via, VoteStore
from evalkit.blind.votes import MAX_FILE_BYTES, Expected, VotesFile, find_problems, parse_votes_file
from evalkit.records.errors import BlindError

_MAX_SHOWN = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectedFile:
    """What became of one file."""

    path: Path
    judge: str | None
    """None where the file is not well-formed."""
    n_new: int = 0
    n_same: int = 0
    conflicts: tuple[str, ...] = ()
    """Items on which another vote of this judge was there already; that one stays."""
    problems: tuple[str, ...] = ()
    """Why nothing of the file was taken."""

    @property
    def is_fine(self) -> bool:
        """All of its votes are in the database."""
        return not self.problems and not self.conflicts


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeProgress:
    """How far one judge got."""

    judge: str
    n_votes: int
    n_items: int

    @property
    def n_missing(self) -> int:
        """Pairs that still lack a vote."""
        return max(0, self.n_items - self.n_votes)


def collect_votes(folder: KitFolder, paths: Sequence[Path], now: datetime) -> tuple[CollectedFile, ...]:
    """Take every file that can be counted.

    Raises:
        BlindError: the kit was revealed, or it is damaged.
    """
    expected = read_expected(folder, now)
    store = VoteStore(folder.votes_path, expected.kit.kit_id)
    try:
        if store.is_closed:
            raise BlindError(
                f"{folder.path} was revealed; votes that come afterwards cannot be blind, so none is taken."
            )
        return tuple(_collect(path, expected, store) for path in paths)
    finally:
        store.close()


def read_progress(folder: KitFolder) -> tuple[JudgeProgress, ...]:
    """Every judge of the kit, with or without votes."""
    kit = folder.read_kit()
    store = VoteStore(folder.votes_path, kit.kit_id)
    try:
        votes = store.read_votes()
    finally:
        store.close()
    return tuple(
        JudgeProgress(judge=judge, n_votes=len(votes.get(judge, ())), n_items=kit.n_items) for judge in kit.judges
    )


def read_expected(folder: KitFolder, now: datetime) -> Expected:
    """What the kit knows of its own ballots."""
    kit, key = folder.read_kit(), folder.read_key()
    items: dict[str, set[str]] = {judge: set() for judge in kit.judges}
    for entry in key.entries:
        if not entry.is_reserve:
            items[entry.judge].add(entry.item_id)
    return Expected(kit=kit, items=dict(items), now=now)


def _collect(path: Path, expected: Expected, store: VoteStore) -> CollectedFile:
    try:
        file = parse_votes_file(_read(path))
    except (BlindError, OSError) as error:
        return CollectedFile(path=path, judge=None, problems=(str(error),))
    if problems := list(find_problems(file, expected)):
        more = len(problems) - _MAX_SHOWN
        shown = (*problems[:_MAX_SHOWN], *((f"and {more} more",) if more > 0 else ()))
        return CollectedFile(path=path, judge=file.judge, problems=shown)
    return _merge(path, file, store, expected.now)


def _merge(path: Path, file: VotesFile, store: VoteStore, now: datetime) -> CollectedFile:
    votes = tuple(line.as_record() for line in file.votes)
    stored = store.add(file.judge, votes, Via.FILE, int(now.timestamp() * 1000))
    if Stored.CLOSED in stored:
        return CollectedFile(path=path, judge=file.judge, problems=("the kit was revealed in the meantime",))
    return CollectedFile(
        path=path,
        judge=file.judge,
        n_new=stored.count(Stored.NEW),
        n_same=stored.count(Stored.SAME),
        conflicts=tuple(_conflicts(file, stored)),
    )


def _conflicts(file: VotesFile, stored: Sequence[Stored]) -> Iterator[str]:
    for line, what in zip(file.votes, stored, strict=True):
        if what is Stored.CONFLICT:
            yield line.item_id


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_FILE_BYTES + 1)
