"""Kits: nothing in a ballot tells, sides are balanced, judges are independent, the seal holds."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections import Counter
from pathlib import Path

import pytest

from evalkit.blind.deal import count_catches
from evalkit.blind.make import MadeKit, make_kit
from evalkit.blind.page import read_ballot, render_ballot
from evalkit.blind.pairs import clean_texts
from evalkit.blind.source import Source, read_source
from evalkit.records.blind import Design, ItemKind, KeyEntry
from evalkit.records.errors import BlindError, UsageError
from evalkit.records.family import TextSource
from evalkit.records.generation import Method
from evalkit.records.run import ImportConfig
from tests.blind_kits import LABELS, ballot_of, made_kit, order, random_source, random_texts, run_of, source_of


def telling(source: Source) -> list[str]:
    """What a suspicious judge would search a ballot for: by hand, not by the code under test."""
    found = [source.run_id, source.run_id.split("-")[1]]
    for label, payload in source.payloads:
        found += [label, label.lower(), payload[:8], payload]
    for name in source.names:
        found += [name.text] if len(name.text) < 60 else [name.text[:8]]
        found += [part for part in name.text.split("/") if len(part) > 4]
    return sorted(set(found))


def entries_of(made: MadeKit, judge: str, *, reserve: bool = False) -> list[KeyEntry]:
    return [entry for entry in made.key.entries if entry.judge == judge and (reserve or not entry.is_reserve)]


def test_200_kits_of_random_names_hold_no_name_path_or_hash_and_m1_stands_anywhere() -> None:
    m1_left, places = Counter[bool](), Counter[int]()
    for seed in range(200):
        source = random_source(seed)
        made = make_kit(source, order(seed, judges=("ana",), n_pairs=8))
        for judge, page in made.pages:
            seen = page + page.lower()
            assert [name for name in telling(source) if name in seen] == [], seed
            for place, entry in enumerate(entries_of(made, judge)):
                if entry.kind is ItemKind.PAIR and source.reference_label in (entry.label_left, entry.label_right):
                    m1_left[entry.label_left == source.reference_label] += 1
                    places[place] += 1
    # Chi-square: 10.8 (1 degree of freedom) and 24.3 (7) are passed by 99.9 % of uniform draws.
    mean = sum(m1_left.values()) / 2
    assert sum((count - mean) ** 2 / mean for count in m1_left.values()) < 10.8
    assert m1_left.total() > 300
    assert set(places) == set(range(8))


def test_m1_stands_left_half_the_time_by_chi_square() -> None:
    """One pair per ballot, so that the balance within a ballot cannot help."""
    left = 0
    source = source_of({key: text for key, text in random_texts(3).items() if key[0] in ("M1", "M2")}, ("M1", "M2"))
    for seed in range(300):
        (entry,) = entries_of(make_kit(source, order(seed, judges=("ana",), n_pairs=1)), "ana")
        left += entry.label_left == "M1"
    assert (2 * left - 300) ** 2 / 300 < 10.8  # chi-square, 1 degree of freedom, 99.9 %


def test_knowing_one_judges_order_tells_nothing_of_anothers() -> None:
    """Ranks and sides of the same pairs in two judges' ballots are uncorrelated over many kits."""
    rank_products, same_sides, n_shared = 0.0, 0, 0
    for seed in range(60):
        made = made_kit(seed, n_pairs=20)
        ana, ben = (
            {(e.prompt_id, frozenset((e.label_left, e.label_right))): (n, e.label_left) for n, e in enumerate(rows)}
            for rows in (entries_of(made, "ana"), entries_of(made, "ben"))
        )
        for pair in ana.keys() & ben.keys():
            n_shared += 1
            rank_products += (ana[pair][0] - 9.5) * (ben[pair][0] - 9.5) / 33.25  # variance of 0 ... 19
            same_sides += ana[pair][1] == ben[pair][1]
    # Both are means of n independent terms of variance 1: four standard errors.
    assert abs(rank_products / n_shared) < 4 / n_shared**0.5
    assert abs(2 * same_sides / n_shared - 1) < 4 / n_shared**0.5


def test_a_judges_deck_does_not_depend_on_who_else_judges() -> None:
    alone, together = made_kit(judges=("ana",)), made_kit(judges=("zoe", "ana"))
    assert entries_of(alone, "ana", reserve=True) == entries_of(together, "ana", reserve=True)


def test_the_same_seed_makes_the_same_kit_and_another_seed_another() -> None:
    assert made_kit(5) == made_kit(5)
    assert made_kit(5).kit.kit_id != made_kit(6).kit.kit_id


def test_ballots_hold_catch_trials_and_every_variant_left_as_often_as_right() -> None:
    made = made_kit(n_pairs=20, judges=("ana",))
    entries = entries_of(made, "ana")
    assert len(entries) == 20
    kinds = Counter(entry.kind for entry in entries)
    assert (kinds[ItemKind.IDENTICAL], kinds[ItemKind.REPEAT]) == (1, 1)
    pairs = [entry for entry in entries if entry.kind is ItemKind.PAIR]
    for label in LABELS:
        balance = sum((e.label_left == label) - (e.label_right == label) for e in pairs)
        assert abs(balance) <= 1
    by_pair = Counter(frozenset((e.label_left, e.label_right)) for e in pairs)
    assert max(by_pair.values()) - min(by_pair.values()) <= 1


@pytest.mark.parametrize(("n_pairs", "expected"), [(1, 0), (5, 0), (6, 1), (20, 1), (60, 3), (100, 5)])
def test_one_pair_in_twenty_is_a_catch_trial_of_each_kind(n_pairs: int, expected: int) -> None:
    assert count_catches(n_pairs) == expected


def test_a_repeat_shows_an_earlier_pair_with_its_sides_swapped_and_well_after_it() -> None:
    for seed in range(30):
        made = made_kit(seed, n_pairs=12, judges=("ana",))
        entries, items = entries_of(made, "ana"), {item.item_id: item for item in ballot_of(made, "ana").items}
        place = {entry.item_id: n for n, entry in enumerate(entries)}
        repeat = next(entry for entry in entries if entry.kind is ItemKind.REPEAT)
        assert repeat.repeats is not None
        first = next(entry for entry in entries if entry.item_id == repeat.repeats)
        assert (repeat.label_left, repeat.label_right) == (first.label_right, first.label_left)
        assert items[repeat.item_id].left == items[first.item_id].right
        assert place[repeat.item_id] - place[first.item_id] >= 4


def test_an_identical_pair_is_the_reference_twice() -> None:
    made = made_kit(judges=("ana",))
    entry = next(entry for entry in entries_of(made, "ana") if entry.kind is ItemKind.IDENTICAL)
    item = next(item for item in ballot_of(made, "ana").items if item.item_id == entry.item_id)
    assert (entry.label_left, entry.label_right, item.left) == ("M1", "M1", item.right)


def test_a_star_asks_about_the_reference_only() -> None:
    for entry in entries_of(made_kit(design=Design.STAR), "ana", reserve=True):
        assert "M1" in (entry.label_left, entry.label_right)


def test_equal_answers_are_a_tie_without_a_vote() -> None:
    texts = random_texts(7)
    texts["M2", "inn"] = texts["M1", "inn"]
    made = make_kit(source_of(texts), order())
    (unasked,) = made.key.unasked
    assert (unasked.prompt_id, unasked.label_a, unasked.label_b, unasked.is_equal) == ("inn", "M1", "M2", True)
    assert not [e for e in made.key.entries if e.prompt_id == "inn" and {e.label_left, e.label_right} == {"M1", "M2"}]


def test_answers_that_differ_only_in_what_is_taken_out_are_a_tie_for_another_reason() -> None:
    texts = random_texts(7)
    texts["M2", "inn"] = texts["M1", "inn"] + "\n\nWould you like me to continue?"
    (unasked,) = make_kit(source_of(texts), order()).key.unasked
    assert unasked.is_equal
    assert "once frames, leaks and names are taken out" in unasked.reason


def test_missing_and_wordless_answers_are_not_asked_and_no_ties() -> None:
    texts = random_texts(7)
    del texts["M2", "inn"]
    texts["M3", "sky"] = "<end_of_turn>"
    unasked = make_kit(source_of(texts), order()).key.unasked
    assert len(unasked) == 6
    assert not any(pair.is_equal for pair in unasked)


def test_a_label_inside_a_text_or_a_prompt_is_taken_out_and_listed() -> None:
    texts = random_texts(7)
    texts["M2", "inn"] = "I am M2, and my sister is M4. " + texts["M2", "inn"]
    source = source_of(texts)
    source = dataclasses.replace(source, prompts=(("inn", "Write like M3"), *source.prompts[1:]))
    made = make_kit(source, order(n_pairs=40))
    assert all("M2" not in page and "M4" not in page and "M3" not in page for _, page in made.pages)
    assert sorted((found.label, found.removed) for found in made.audit.removals) == [
        ("", "M3"), ("M2", "M2"), ("M2", "M4"),
    ]  # fmt: skip


def test_a_leak_that_cleaning_missed_stops_the_kit(monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(source: Source) -> object:
        texts = clean_texts(source)
        return dataclasses.replace(texts, answers={key: f"{text} M2." for key, text in texts.answers.items()})

    monkeypatch.setattr("evalkit.blind.make.clean_texts", careless)
    with pytest.raises(BlindError, match="places in it would tell"):
        make_kit(source_of(random_texts(7)), order(word_limit=500))


@pytest.mark.parametrize("judge", ["M1", "judge-M3", "a b", "../ana", "", "é", "x" * 33, "1st"])
def test_a_judges_name_that_tells_or_cannot_be_a_file_name_is_refused(judge: str) -> None:
    with pytest.raises(UsageError, match="judge"):
        made_kit(judges=("ana", judge))


def test_two_judges_of_one_name_are_refused() -> None:
    with pytest.raises(UsageError, match="two judges have one name: ana"):
        made_kit(judges=("ana", "Ana"))


def test_nothing_to_ask_is_said_with_its_reason() -> None:
    texts = dict.fromkeys(random_texts(7), "The same.")
    with pytest.raises(UsageError, match="24 times: both answers are the same text"):
        make_kit(source_of(texts), order())


def test_fewer_pairs_than_asked_for_are_all_pairs() -> None:
    texts = {key: text for key, text in random_texts(7).items() if key[0] in ("M1", "M2")}
    made = make_kit(source_of(texts, ("M1", "M2")), order(n_pairs=30))
    # Four prompts, and two catch trials of each kind.
    assert made.kit.n_items == 4 + 2 + 2


def test_where_prompts_are_too_few_for_catch_trials_more_pairs_are_asked() -> None:
    labels = tuple(f"M{n}" for n in range(1, 9))
    source = source_of(random_texts(7, labels, ("inn",)), labels, ("inn",))
    kinds = Counter(entry.kind for entry in entries_of(make_kit(source, order(n_pairs=30)), "ana"))
    # round(30 / 20) = 2 of each kind, but one prompt gives one identical pair only.
    assert kinds == {ItemKind.PAIR: 27, ItemKind.IDENTICAL: 1, ItemKind.REPEAT: 2}


def test_imported_texts_make_a_kit_as_well() -> None:
    made, generations = run_of(random_texts(7))
    family = made.config.family
    texts = TextSource(n_texts=4, n_bytes=100)
    variants = tuple(dataclasses.replace(variant, source=texts) for variant in family.variants)
    config = ImportConfig(
        family=dataclasses.replace(family, variants=variants), suite=made.config.suite, imported_from=Path("outputs")
    )
    imported = dataclasses.replace(made, config=config, build=None)
    answers = [dataclasses.replace(row, method=Method.IMPORTED, token_ids=()) for row in generations]
    assert make_kit(read_source(imported, answers), order()).kit.n_items == 12


def test_the_commitment_is_the_sha256_of_the_key_file() -> None:
    made = made_kit()
    assert hashlib.sha256(made.key_bytes).hexdigest() == made.kit.commitment
    assert json.loads(made.key_bytes)["kit_id"] == made.kit.kit_id
    assert all(made.kit.commitment in page for _, page in made.pages)


def test_a_ballot_reads_back_as_it_was_written_hostile_text_included() -> None:
    texts = random_texts(7)
    hostile = '</script><script>alert(1)</script><!-- "&quot; \u2028 ]]>'
    texts["M1", "inn"] = f"It began. {hostile} It ended."
    made = make_kit(source_of(texts), order(n_pairs=40, word_limit=500))
    ballot = ballot_of(made, "ana")
    page = dict(made.pages)["ana"]
    assert read_ballot(page, "page").ballot == ballot
    assert render_ballot(ballot) == page
    assert page.count("<script") == 2
    assert any("</script>" in item.left + item.right for item in ballot.items)


def test_the_page_around_the_data_names_no_m_label() -> None:
    page = dict(made_kit().pages)["ana"]
    chrome = page[: page.index('id="ballot-data">')] + page[page.index("</script>") :]
    assert not [f"M{n}" for n in range(1, 100) if f"M{n}" in chrome.split("sha256-")[0] or f"M{n}" in chrome]


def test_the_publishers_files_are_the_owners_only(tmp_path: Path) -> None:
    from tests.blind_kits import kit_folder

    private = kit_folder(tmp_path).path / "publisher"
    assert private.stat().st_mode & 0o777 == 0o700
    for name in ("key.json", "audit.json", "decks/ana.json"):
        assert (private / name).stat().st_mode & 0o777 == 0o600
