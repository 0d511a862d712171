"""The only door to a kit's folder: what may be sent, and what stays with the publisher.

kit/kit.json                    what anybody may know: judges, commitment
kit/ballots/ballot-<judge>.html what is sent, one file per judge
kit/publisher/                  never sent; readable by its owner only
    key.json                    the sealed key; its sha256 is the commitment
    audit.json                  what was taken out of the texts, and which pairs are not asked
    decks/<judge>.json          every item of a judge, with the reserve that `serve` may choose from
    votes.sqlite                the votes
    reveal.json                 after the reveal: every vote with its sides named
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from filelock import FileLock, Timeout
from pydantic import TypeAdapter, ValidationError

from evalkit.blind.make import MadeKit
from evalkit.blind.seal import commitment_of
from evalkit.records.blind import KIT_SCHEMA_VERSION, Ballot, Kit, Reveal, SealedKey
from evalkit.records.errors import BlindError, UsageError
from evalkit.store.files import write_atomically

Record = TypeVar("Record")


class KitFolder:
    """One `kit/`. Nothing but this class knows its file names."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._kit = path / "kit.json"
        self._private = path / "publisher"
        self._key = self._private / "key.json"
        self._reveal = self._private / "reveal.json"

    @classmethod
    def create(cls, path: Path, made: MadeKit) -> KitFolder:
        """Write a kit into a folder that is empty or does not exist yet.

        Raises:
            UsageError: there is something in the folder: a kit is never overwritten, since its ballots may be out.
        """
        cls.check_free(path)
        folder = cls(path)
        (path / "ballots").mkdir(parents=True)
        folder._private.mkdir(mode=0o700)
        (folder._private / "decks").mkdir()
        _write_private(folder._key, made.key_bytes)
        _write_private(folder._private / "audit.json", _document(made.audit))
        for deck in made.decks:
            _write_private(folder._deck(deck.judge), _document(deck))
        for judge, page in made.pages:
            write_atomically(folder.ballot_path(judge), page.encode("utf-8"))
        write_atomically(folder._kit, _document(made.kit))
        return folder

    @staticmethod
    def check_free(path: Path) -> None:
        """Make sure that a kit can be written there.

        Raises:
            UsageError: there is something already.
        """
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise UsageError(f"{path} is not empty. A kit is never overwritten: name another folder with --out.")

    @classmethod
    def open(cls, path: Path) -> KitFolder:
        """The folder of a kit.

        Raises:
            UsageError: it is none.
        """
        if not (path / "kit.json").is_file():
            raise UsageError(f"{path} is no kit: it has no kit.json. `evalkit blind make RUN --out {path}` makes one.")
        return cls(path)

    @contextmanager
    def locked_for_serving(self) -> Iterator[None]:
        """Keep a second server from this kit: each would choose pairs without the other's votes.

        Raises:
            BlindError: another process serves it.
        """
        lock = FileLock(self._private / ".serve.lock", timeout=0)
        try:
            lock.acquire()
        except Timeout:
            raise BlindError(f"{self.path} is served by another process already.") from None
        try:
            yield
        finally:
            lock.release()

    def ballot_path(self, judge: str) -> Path:
        """Where a judge's ballot lies."""
        return self.path / "ballots" / f"ballot-{judge}.html"

    @property
    def votes_path(self) -> Path:
        """Where the votes lie."""
        return self._private / "votes.sqlite"

    @property
    def is_revealed(self) -> bool:
        """The key was opened; no vote counts any more."""
        return self._reveal.is_file()

    def read_kit(self) -> Kit:
        """What anybody may know."""
        return _read(self._kit, Kit)

    def read_deck(self, judge: str) -> Ballot:
        """A judge's items, the reserve included."""
        return _read(self._deck(judge), Ballot)

    def read_ballot_page(self, judge: str) -> str | None:
        """A judge's ballot as it lies in the folder; None where it was moved away."""
        path = self.ballot_path(judge)
        return path.read_bytes().decode("utf-8", "replace") if path.is_file() else None

    def read_key(self) -> SealedKey:
        """The key.

        Raises:
            BlindError: it was altered or lost.
        """
        self.read_key_bytes()
        return _read(self._key, SealedKey)

    def read_key_bytes(self) -> bytes:
        """The key's bytes, which must be those that were sealed.

        Raises:
            BlindError: the key was altered or lost.
        """
        commitment = self.read_kit().commitment
        content = _content(self._key)
        if (found := commitment_of(content)) != commitment:
            raise BlindError(
                f"{self._key} was altered: its sha256 is {found}, the commitment is {commitment}.\n"
                "Restore the key that the kit was made with; without it no vote can be counted."
            )
        return content

    def write_reveal(self, reveal: Reveal) -> None:
        """Keep the reveal: from now on the kit takes no votes."""
        _write_private(self._reveal, _document(reveal))

    def read_reveal(self) -> Reveal:
        """The reveal of a kit.

        Raises:
            BlindError: it was not revealed yet.
        """
        return _read(self._reveal, Reveal)

    def _deck(self, judge: str) -> Path:
        return self._private / "decks" / f"{judge}.json"


def read_published_key(path: Path) -> tuple[SealedKey, str]:
    """A key that was published after a reveal, and its commitment.

    Raises:
        BlindError: it is no key.
    """
    return _read(path, SealedKey), commitment_of(_content(path))


def _document(record: object) -> bytes:
    plain = TypeAdapter(type(record)).dump_python(record, mode="json")
    text = json.dumps({"schema_version": KIT_SCHEMA_VERSION} | plain, indent=1, ensure_ascii=False)
    return text.encode("utf-8", "backslashreplace") + b"\n"


def _write_private(path: Path, content: bytes) -> None:
    write_atomically(path, content)
    path.chmod(0o600)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise BlindError(f"{path} is missing. Restore it from where the kit was made.") from None


def _read(path: Path, kind: type[Record]) -> Record:
    content = _content(path)
    try:
        plain: Any = json.loads(content)
        found = plain["schema_version"]
        if found != KIT_SCHEMA_VERSION:
            raise BlindError(f"{path} has schema version {found}; this evalkit reads {KIT_SCHEMA_VERSION}.")
        return TypeAdapter(kind).validate_python(plain)
    except (ValueError, KeyError, TypeError, ValidationError, RecursionError) as error:
        raise BlindError(f"{path} was altered or damaged: {error}. Restore it from where the kit was made.") from error
