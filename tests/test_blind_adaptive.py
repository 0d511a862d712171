"""Adaptive choice: the least foreseeable pair, catch trials in their places."""

from __future__ import annotations

import pytest

from evalkit.blind.adaptive import JudgeDeck, Tally, choose_next
from evalkit.records.blind import ItemKind, KeyEntry, Outcome


def entry(
    item_id: str,
    left: str,
    right: str,
    *,
    kind: ItemKind = ItemKind.PAIR,
    repeats: str | None = None,
    reserve: bool = False,
) -> KeyEntry:
    return KeyEntry(
        judge="ana", item_id=item_id, kind=kind, prompt_id="inn", label_left=left, label_right=right, repeats=repeats,
        is_reserve=reserve, content_hash="",
    )  # fmt: skip


AB, BA, AC = entry("ab", "A", "B"), entry("ba", "B", "A"), entry("ac", "A", "C")


@pytest.mark.parametrize(
    ("outcomes", "variance"),
    [
        ([], 1 / 12),  # Beta(1, 1)
        ([Outcome.LEFT], 2 / (9 * 4)),  # Beta(2, 1)
        ([Outcome.TIE, Outcome.BOTH_BAD], 4 / (16 * 5)),  # Beta(2, 2)
        ([Outcome.LEFT, Outcome.RIGHT], 4 / (16 * 5)),
    ],
)
def test_the_variance_is_that_of_the_beta_belief(outcomes: list[Outcome], variance: float) -> None:
    tally = Tally()
    for outcome in outcomes:
        tally.add(AB, outcome)
    assert tally.variance(AB) == pytest.approx(variance)
    assert tally.variance(BA) == pytest.approx(variance)


def test_the_pair_without_votes_comes_before_the_pair_with_some() -> None:
    tally = Tally()
    tally.add(AB, Outcome.TIE)
    assert choose_next([BA, AC], tally) is AC


def test_the_even_score_comes_before_the_clear_one() -> None:
    tally = Tally()
    for n in range(6):
        tally.add(AB, Outcome.LEFT)
        tally.add(AC, Outcome.LEFT if n % 2 else Outcome.RIGHT)
    assert choose_next([AB, AC], tally) is AC


def test_catch_trials_say_nothing_of_the_variants() -> None:
    tally = Tally()
    tally.add(entry("aa", "A", "A", kind=ItemKind.IDENTICAL), Outcome.LEFT)
    tally.add(entry("r", "B", "A", kind=ItemKind.REPEAT, repeats="ab"), Outcome.LEFT)
    assert tally.variance(AB) == pytest.approx(1 / 12)


def test_catch_trials_and_what_they_repeat_keep_their_places_and_the_reserve_may_be_chosen() -> None:
    deck = JudgeDeck(
        [
            AB,
            entry("cd", "C", "D"),
            entry("aa", "A", "A", kind=ItemKind.IDENTICAL),
            entry("r", "B", "A", kind=ItemKind.REPEAT, repeats="ab"),
            entry("ef", "E", "F", reserve=True),
        ]
    )
    tally = Tally()
    tally.add(entry("x", "C", "D"), Outcome.TIE)
    seen: list[str] = []
    while following := deck.next_entry(seen, tally):
        seen.append(following.item_id)
    assert seen == ["ab", "ef", "aa", "r", "cd"]


def test_the_first_of_equals_in_the_judges_own_order_is_chosen() -> None:
    assert choose_next([AC, AB], Tally()) is AC
