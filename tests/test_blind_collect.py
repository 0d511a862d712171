"""Collecting votes: whole files or nothing, twice is once, every problem and conflict by name."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evalkit.blind.collect import CollectedFile, collect_votes, read_progress
from evalkit.blind.kit_folder import KitFolder
from evalkit.blind.vote_store import VoteStore
from evalkit.blind.votes import MAX_FILE_BYTES
from evalkit.records.errors import BlindError
from tests.blind_kits import NOW, NOW_MS, ballot_of, kit_folder, made_kit, votes_document, with_receipt, write_votes

Document = dict[str, Any]
DAY = 86_400_000


@pytest.fixture
def folder(tmp_path: Path) -> KitFolder:
    return kit_folder(tmp_path)


@pytest.fixture
def document() -> Document:
    return votes_document(ballot_of(made_kit(), "ana"))


def collect(folder: KitFolder, tmp_path: Path, document: object, name: str = "votes.json") -> CollectedFile:
    (tmp_path / name).write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    return collect_votes(folder, [tmp_path / name], NOW)[0]


def rows(folder: KitFolder) -> list[tuple[object, ...]]:
    with sqlite3.connect(folder.votes_path) as database:
        return database.execute("SELECT judge, item_id, outcome, note, via FROM votes ORDER BY 1, 2").fetchall()


def test_a_good_file_is_taken_once_however_often_it_comes(
    folder: KitFolder, tmp_path: Path, document: Document
) -> None:
    first, second = (collect(folder, tmp_path, document) for _ in range(2))
    assert (first.judge, first.n_new, first.n_same, first.is_fine) == ("ana", 12, 0, True)
    assert (second.n_new, second.n_same, second.is_fine) == (0, 12, True)
    assert len(rows(folder)) == 12


def test_what_is_missing_is_shown_per_judge(folder: KitFolder, tmp_path: Path, document: Document) -> None:
    collect(folder, tmp_path, with_receipt(document | {"votes": document["votes"][:5]}))
    progress = {judge.judge: (judge.n_votes, judge.n_missing) for judge in read_progress(folder)}
    assert progress == {"ana": (5, 7), "ben": (0, 12)}


def test_a_second_opinion_is_a_named_conflict_and_the_first_stays(
    folder: KitFolder, tmp_path: Path, document: Document
) -> None:
    collect(folder, tmp_path, document)
    changed = [vote | {"outcome": "left"} if n == 3 else vote for n, vote in enumerate(document["votes"])]
    again = collect(folder, tmp_path, with_receipt(document | {"votes": changed}))
    assert again.conflicts == (document["votes"][3]["item_id"],)
    assert (again.n_same, again.is_fine) == (11, False)
    assert {row[2] for row in rows(folder)} == {"tie"}


def test_parts_of_a_ballot_add_up(folder: KitFolder, tmp_path: Path, document: Document) -> None:
    collect(folder, tmp_path, with_receipt(document | {"votes": document["votes"][:5]}))
    assert collect(folder, tmp_path, document).n_new == 7


def changed_vote(**change: Any) -> Callable[[Document], Document]:
    return lambda document: (
        document | {"votes": [document["votes"][0] | change, *document["votes"][1:]], "receipt": None}
    )


def without(key: str) -> Callable[[Document], Document]:
    return lambda document: {name: value for name, value in document.items() if name != key}


BAD = {
    "another-kit": (lambda d: d | {"kit_id": "b" * 16}, "belongs to kit bbbb"),
    "no-judge": (lambda d: d | {"judge": "zoe", "receipt": None}, "'zoe' is no judge"),
    "another-judge": (lambda d: d | {"judge": "ben", "receipt": None}, "is not in ben's ballot"),
    "other-commitment": (lambda d: d | {"commitment": "0" * 64}, "the key was exchanged"),
    "edited": (lambda d: d | {"votes": d["votes"][1:]}, "do not match its receipt"),
    "twice": (lambda d: d | {"votes": [*d["votes"], d["votes"][0]], "receipt": None}, "has 2 votes"),
    "unknown-item": (changed_vote(item_id="b" * 16), "pair bbbbbbbbbbbbbbbb is not in ana's ballot"),
    "odd-item": (changed_vote(item_id="1"), "votes.0.item_id"),
    "outcome": (changed_vote(outcome="both"), "votes.0.outcome"),
    "darker": (changed_vote(darker="tie"), "votes.0.darker"),
    "number-as-text": (changed_vote(milliseconds="10"), "votes.0.milliseconds"),
    "fraction": (changed_vote(milliseconds=1.5), "votes.0.milliseconds"),
    "true-as-number": (changed_vote(milliseconds=True), "votes.0.milliseconds"),
    "negative": (changed_vote(milliseconds=-1), "votes.0.milliseconds"),
    "over-a-day": (changed_vote(milliseconds=DAY + 1), "votes.0.milliseconds"),
    "long-note": (changed_vote(note="x" * 2001), "votes.0.note"),
    "more-keys": (changed_vote(label="M1"), "votes.0.label"),
    "future": (changed_vote(voted_at=NOW_MS + DAY + 1), "in the future"),
    "before-the-kit": (changed_vote(voted_at=NOW_MS - 2 * DAY), "before the kit was made"),
    "before-opening": (changed_vote(voted_at=NOW_MS - 1_900_000), "before the ballot was opened"),
    "too-much-reading": (changed_vote(milliseconds=7_200_000), "were read for 7310 s in all"),
    "schema": (lambda d: d | {"schema_version": 2}, "schema_version"),
    "format": (without("format"), "format: Field required"),
    "no-votes": (without("votes"), "votes: Field required"),
    "no-object": (lambda _: [], "Input should be an object"),
    "no-json": (lambda _: "{", "Invalid JSON"),
    "half-a-character": (lambda d: json.dumps(d).replace('"note": ""', '"note": "\\ud800"', 1), "Invalid JSON"),
    "deep": (lambda _: "[" * 100_000, "Invalid JSON"),
    "huge": (lambda _: " " * (MAX_FILE_BYTES + 1), "a votes file has at most"),
}


@pytest.mark.parametrize(("change", "problem"), BAD.values(), ids=BAD.keys())
def test_a_bad_file_is_refused_whole_with_the_reason(
    change: Callable[[Document], object], problem: str, folder: KitFolder, tmp_path: Path, document: Document
) -> None:
    done = collect(folder, tmp_path, change(document))
    assert any(problem in line for line in done.problems), done.problems
    assert (done.n_new, done.is_fine) == (0, False)
    assert rows(folder) == []


@pytest.mark.parametrize(
    "change",
    [
        changed_vote(milliseconds=0),
        changed_vote(note="x" * 2000),
        changed_vote(voted_at=NOW_MS + DAY - 1),
        lambda d: d | {"receipt": None},
        lambda d: with_receipt(d | {"votes": []}),
    ],
    ids=["hasty", "long-note", "clock-ahead", "no-receipt", "no-vote-yet"],
)
def test_what_lies_just_inside_a_limit_is_taken(
    change: Callable[[Document], Document], folder: KitFolder, tmp_path: Path, document: Document
) -> None:
    assert collect(folder, tmp_path, change(document)).problems == ()


def test_a_bad_file_beside_a_good_one_does_no_harm(folder: KitFolder, tmp_path: Path, document: Document) -> None:
    paths = [tmp_path / "gone.json", write_votes(tmp_path / "good.json", document), tmp_path]
    gone, good, a_folder = collect_votes(folder, paths, NOW)
    assert (gone.is_fine, good.is_fine, a_folder.is_fine) == (False, True, False)
    assert len(rows(folder)) == 12


def test_an_item_of_the_reserve_is_no_part_of_the_file_ballot(
    folder: KitFolder, tmp_path: Path, document: Document
) -> None:
    reserve = folder.read_deck("ana").items[-1].item_id
    assert "is not in ana's ballot" in collect(folder, tmp_path, changed_vote(item_id=reserve)(document)).problems[0]


def test_another_kits_database_is_refused(folder: KitFolder) -> None:
    VoteStore(folder.votes_path, "c" * 16).close()
    with pytest.raises(BlindError, match="holds the votes of kit cccccccccccccccc"):
        read_progress(folder)


def test_a_broken_database_is_named(folder: KitFolder) -> None:
    folder.votes_path.write_bytes(b"no database" * 1000)
    with pytest.raises(BlindError, match=r"votes\.sqlite cannot be used"):
        read_progress(folder)
