"""The reveal: sides named rightly, every alteration found and named, nothing revealed too early."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from evalkit.blind.collect import collect_votes
from evalkit.blind.kit_folder import KitFolder
from evalkit.blind.reveal import RevealOrder, reveal_kit
from evalkit.records.blind import Darker, ItemKind, Outcome
from evalkit.records.errors import BlindError, VotesMissingError
from tests.blind_kits import (
    NOW,
    ballot_of,
    kit_folder,
    made_kit,
    random_texts,
    votes_document,
    with_receipt,
    write_votes,
)

TEXTS = random_texts(7)


@pytest.fixture
def folder(tmp_path: Path) -> KitFolder:
    """A kit in which everybody voted: ana always left, ben always tie."""
    folder = kit_folder(tmp_path)
    made = made_kit()
    for judge, outcome in (("ana", "left"), ("ben", "tie")):
        path = write_votes(tmp_path / f"{judge}.json", votes_document(ballot_of(made, judge), outcome))
        assert collect_votes(folder, [path], NOW)[0].is_fine
    return folder


def wish(answers: Mapping[tuple[str, str], str] | None = TEXTS, **other: Any) -> RevealOrder:
    plain: dict[str, Any] = {"now": NOW, "answers": answers, "commitment": None, "published": None, "incomplete": False}
    return RevealOrder(**(plain | other))


def test_every_vote_names_the_variants_that_wrote_its_sides(folder: KitFolder) -> None:
    """The texts themselves say whose they are: each stands in one answer only."""
    found = reveal_kit(folder, wish())
    assert len(found.votes) == 24
    items = {item.item_id: item for judge in ("ana", "ben") for item in folder.read_deck(judge).items}
    for vote in found.votes:
        item = items[vote.item_id]
        for label, text in ((vote.label_left, item.left), (vote.label_right, item.right)):
            assert TEXTS[label, vote.prompt_id].startswith(item.opening or text[:10])
            assert text in TEXTS[label, vote.prompt_id]
        assert (vote.n_words_left, vote.n_words_right) == (len(item.left.split()), len(item.right.split()))
    assert {vote.outcome for vote in found.votes if vote.judge == "ana"} == {Outcome.LEFT}
    assert {vote.darker for vote in found.votes} == {Darker.SAME, None}
    assert {vote.seconds for vote in found.votes} == {10.0}
    assert found.is_complete
    assert found.sources_checked
    kinds = [vote.kind for vote in found.votes if vote.judge == "ana"]
    assert (kinds.count(ItemKind.IDENTICAL), kinds.count(ItemKind.REPEAT)) == (1, 1)


def test_receipts_are_those_that_the_ballots_showed(folder: KitFolder) -> None:
    receipts = {judge.judge: judge.receipt for judge in reveal_kit(folder, wish()).judges}
    made = made_kit()
    for judge, outcome in (("ana", "left"), ("ben", "tie")):
        assert receipts[judge] == votes_document(ballot_of(made, judge), outcome)["receipt"]


def test_a_reveal_comes_out_the_same_again_and_is_kept(folder: KitFolder) -> None:
    first = reveal_kit(folder, wish())
    assert reveal_kit(folder, wish(now=NOW.replace(year=2027))) == first == folder.read_reveal()


def test_after_the_reveal_no_vote_is_taken(folder: KitFolder, tmp_path: Path) -> None:
    reveal_kit(folder, wish())
    with pytest.raises(BlindError, match="was revealed"):
        collect_votes(folder, [tmp_path / "ana.json"], NOW)


def test_missing_votes_are_named_and_nothing_is_revealed(tmp_path: Path) -> None:
    folder = kit_folder(tmp_path)
    document = votes_document(ballot_of(made_kit(), "ana"))
    part = write_votes(tmp_path / "ana.json", with_receipt(document | {"votes": document["votes"][:10]}))
    collect_votes(folder, [part], NOW)
    with pytest.raises(VotesMissingError, match="ana lacks 2 of 12; ben lacks 12 of 12"):
        reveal_kit(folder, wish())
    assert not folder.is_revealed
    ended = reveal_kit(folder, wish(incomplete=True))
    assert (len(ended.votes), ended.is_complete) == (10, False)


def alter(path: Path, old: str, new: str) -> None:
    content = path.read_text(encoding="utf-8")
    assert old in content
    path.write_text(content.replace(old, new, 1), encoding="utf-8")


def alter_text(folder: KitFolder, path: Path) -> None:
    """One word of one shown text."""
    text = folder.read_deck("ana").items[4].left
    alter(path, json.dumps(text)[1:-1], json.dumps(text.replace(" ", " un", 1))[1:-1])


def swap_sides(folder: KitFolder) -> None:
    key = json.loads((folder.path / "publisher/key.json").read_bytes())
    entry = key["entries"][0]
    entry["label_left"], entry["label_right"] = entry["label_right"], entry["label_left"]
    (folder.path / "publisher/key.json").write_text(json.dumps(key, separators=(",", ":")), encoding="utf-8")


def drop_item(folder: KitFolder) -> None:
    path = folder.ballot_path("ana")
    item = folder.read_deck("ana").items[0].item_id
    alter(path, item, "b" * 16)


ALTERATIONS: dict[str, tuple[Callable[[KitFolder], None], str]] = {
    "key": (swap_sides, r"key\.json was altered: its sha256 is"),
    "key-gone": (lambda f: (f.path / "publisher/key.json").unlink(), r"key\.json is missing"),
    "ballot-text": (lambda f: alter_text(f, f.ballot_path("ana")), r"ballot-ana\.html: a text of pair \d+ "),
    "deck-text": (
        lambda f: alter_text(f, f.path / "publisher/decks/ana.json"),
        r"the deck of ana: a text of pair \d+ ",
    ),
    "ballot-item": (drop_item, r"ballot-ana\.html: its pairs were altered: bbbb.* was added"),
    "ballot-code": (lambda f: alter(f.ballot_path("ben"), "const at", "var at"), r"ballot-ben\.html: the page around"),
    "ballot-seal": (
        lambda f: alter(f.ballot_path("ben"), f.read_kit().commitment, "0" * 64),
        r"ballot-ben\.html: its commitment was altered: 0000",
    ),
    "ballot-ruined": (lambda f: f.ballot_path("ben").write_text("<p>gone</p>"), r"ballot-ben\.html is not a ballot"),
    "kit-commitment": (
        lambda f: alter(f.path / "kit.json", f.read_kit().commitment, "0" * 64),
        r"key\.json was altered: its sha256 is .*, the commitment is 0000",
    ),
    "kit-judges": (lambda f: alter(f.path / "kit.json", '"ben"', '"eve"'), "kit.json names the judges ana, eve"),
}


@pytest.mark.parametrize(("change", "message"), ALTERATIONS.values(), ids=ALTERATIONS.keys())
def test_an_alteration_is_found_and_named_and_nothing_is_revealed(
    change: Callable[[KitFolder], None], message: str, folder: KitFolder
) -> None:
    change(folder)
    with pytest.raises(BlindError, match=message):
        reveal_kit(folder, wish())
    assert not folder.is_revealed


def test_an_altered_or_lost_answer_of_the_run_is_named(folder: KitFolder) -> None:
    altered = TEXTS | {("M3", "sky"): TEXTS["M3", "sky"] + " "}
    del altered["M2", "inn"]
    with pytest.raises(BlindError, match="answer of M3 to sky was altered") as caught:
        reveal_kit(folder, wish(altered))
    assert "the run's answer of M2 to inn is gone" in str(caught.value)


def test_a_key_exchanged_together_with_kit_and_ballots_is_found_by_what_was_printed_before(
    folder: KitFolder, tmp_path: Path
) -> None:
    """A dishonest publisher makes the kit again: only the commitment in other hands shows it."""
    printed, published = folder.read_kit().commitment, folder.read_kit()
    other = kit_folder(tmp_path / "other", seed=99)
    with pytest.raises(BlindError, match="as you gave it it is"):
        reveal_kit(other, wish(commitment=printed))
    with pytest.raises(BlindError, match="in the run folder it is"):
        reveal_kit(other, wish(published=published))


def test_without_the_run_the_reveal_says_that_answers_were_not_compared(folder: KitFolder) -> None:
    assert reveal_kit(folder, wish(None)).sources_checked is False


def test_a_ballot_that_was_moved_away_is_not_called_checked(folder: KitFolder) -> None:
    folder.ballot_path("ana").unlink()
    assert [judge.ballot_checked for judge in reveal_kit(folder, wish()).judges] == [False, True]
