"""Votes from outside: the schema of `votes-<judge>.json` and of a vote sent to the server, and what must hold of them.

A judge may be dishonest, a file may be torn, swapped or edited. Nothing from here reaches the database unchecked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from evalkit.blind.seal import receipt_of
from evalkit.records.blind import Darker, Kit, Outcome, Vote
from evalkit.records.errors import BlindError

MAX_FILE_BYTES = 4 * 1024 * 1024
MAX_VOTE_BYTES = 16 * 1024
MAX_NOTE = 2_000
_DAY_MS = 86_400_000
_LATEST_MS = 2**53 - 1
CLOCK_SLACK_MS = 60_000
_MAX_SHOWN = 8

_Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_Id = Annotated[str, Field(pattern=r"^[b-t]{16}$")]


class _Schema(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class VoteLine(_Schema):
    """One vote, in a file or sent to the server."""

    item_id: _Id
    outcome: Outcome
    darker: Darker | None
    milliseconds: Annotated[int, Field(ge=0, le=_DAY_MS)]
    voted_at: Annotated[int, Field(ge=0, le=_LATEST_MS)]
    note: Annotated[str, Field(max_length=MAX_NOTE)]

    def as_record(self) -> Vote:
        """The vote, checked in form."""
        return Vote(**self.model_dump())


class VotesFile(_Schema):
    """A judge's `votes-<judge>.json`."""

    format: Literal["evalkit-votes"]
    schema_version: Literal[1]
    kit_id: _Id
    judge: Annotated[str, Field(max_length=64)]
    commitment: _Hash
    begun_at: Annotated[int, Field(ge=0, le=_LATEST_MS)]
    """Milliseconds since 1970, by the judge's clock, when the ballot was first opened."""
    receipt: _Hash | None
    """None where the browser has no SHA-256."""
    votes: Annotated[list[VoteLine], Field(max_length=10_000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a votes file is checked against."""

    kit: Kit
    items: dict[str, Set[str]]
    """Judge -> ids of the items in the judge's ballot file."""
    now: datetime


def parse_votes_file(content: bytes) -> VotesFile:
    """The file, checked in form.

    Raises:
        BlindError: too large, no JSON, or not of the schema; every problem with its place.
    """
    if len(content) > MAX_FILE_BYTES:
        raise BlindError(f"it has {len(content):,} bytes; a votes file has at most {MAX_FILE_BYTES:,}.")
    try:
        return VotesFile.model_validate_json(content)
    except ValidationError as error:
        raise BlindError(describe(error)) from error


def parse_vote(content: bytes) -> Vote:
    """One vote as the server gets it.

    Raises:
        BlindError: no JSON, or not of the schema.
    """
    try:
        return VoteLine.model_validate_json(content).as_record()
    except ValidationError as error:
        raise BlindError(describe(error)) from error


def find_problems(file: VotesFile, expected: Expected) -> Iterator[str]:
    """Why a well-formed file cannot be counted; nothing when it can."""
    kit = expected.kit
    if file.kit_id != kit.kit_id:
        yield f"it belongs to kit {file.kit_id}, not to {kit.kit_id}"
        return
    if file.judge not in kit.judges:
        yield f"{file.judge!r} is no judge of this kit: it has {', '.join(kit.judges)}"
        return
    if file.commitment != kit.commitment:
        yield (
            f"it was cast under the commitment {file.commitment}, but the kit has {kit.commitment}: "
            "the key was exchanged, or the ballot was"
        )
    votes = tuple(line.as_record() for line in file.votes)
    if file.receipt is not None and file.receipt != receipt_of(kit.kit_id, file.judge, votes):
        yield "its votes do not match its receipt: the file was changed after the ballot wrote it"
    yield from _item_problems(votes, expected.items[file.judge], file.judge)
    yield from _time_problems(votes, file.begun_at, expected)


def describe(error: ValidationError) -> str:
    """Every problem with its place, in one message."""
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    lines = [f"{'.'.join(map(str, problem['loc'])) or 'file'}: {problem['msg']}" for problem in problems[:_MAX_SHOWN]]
    more = len(problems) - _MAX_SHOWN
    return "; ".join(lines) + (f"; and {more} more" if more > 0 else "")


def _item_problems(votes: tuple[Vote, ...], known: Set[str], judge: str) -> Iterator[str]:
    for item_id, count in Counter(vote.item_id for vote in votes).items():
        if count > 1:
            yield f"pair {item_id} has {count} votes"
    for vote in votes:
        if vote.item_id not in known:
            yield f"pair {vote.item_id} is not in {judge}'s ballot"


def _time_problems(votes: tuple[Vote, ...], begun_at: int, expected: Expected) -> Iterator[str]:
    """What no honest clock shows: votes before the kit existed or tomorrow, more reading than time went by."""
    now = int(expected.now.timestamp() * 1000)
    created = int(datetime.fromisoformat(expected.kit.created_utc).timestamp() * 1000)
    for vote in votes:
        if vote.voted_at > now + _DAY_MS:
            yield f"pair {vote.item_id} was voted on in the future"
        elif vote.voted_at < created - _DAY_MS:
            yield f"pair {vote.item_id} was voted on before the kit was made"
        elif vote.voted_at < begun_at - CLOCK_SLACK_MS:
            yield f"pair {vote.item_id} was voted on before the ballot was opened"
    if votes:
        reading = sum(vote.milliseconds for vote in votes)
        passed = max(vote.voted_at for vote in votes) - begun_at
        if reading > passed + CLOCK_SLACK_MS:
            yield f"its pairs were read for {reading / 1000:.0f} s in all, while {max(passed, 0) / 1000:.0f} s went by"
