"""Sides: balanced, and still a coin for each pair."""

from __future__ import annotations

import random
from collections import Counter
from itertools import combinations

import pytest

from evalkit.blind.keyed_random import KeyedRandom, derive, derive_id
from evalkit.blind.sides import choose_sides


def left_minus_right(pairs: list[tuple[str, str]], sides: list[bool]) -> Counter[str]:
    balance: Counter[str] = Counter()
    for (one, other), is_left in zip(pairs, sides, strict=True):
        balance[one] += 1 if is_left else -1
        balance[other] -= 1 if is_left else -1
    return balance


@pytest.mark.parametrize("seed", range(20))
def test_every_variant_stands_left_as_often_as_right_to_within_one(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    pairs = chance.choices(list(combinations("ABCDEFG", 2)), k=chance.randint(1, 60))
    balance = left_minus_right(pairs, choose_sides(pairs, KeyedRandom(b"k", seed)))
    assert all(abs(value) <= 1 for value in balance.values())


def test_two_questions_about_one_pair_are_asked_once_each_way_round() -> None:
    pairs = [("A", "B"), ("B", "A"), ("A", "B"), ("A", "B")]
    for seed in range(10):
        sides = choose_sides(pairs, KeyedRandom(b"k", seed))
        shown_left = [pair[0] if is_left else pair[1] for pair, is_left in zip(pairs, sides, strict=True)]
        assert sorted(shown_left) == ["A", "A", "B", "B"]


def test_each_single_side_is_a_fair_coin() -> None:
    pairs = [("A", "B"), ("A", "C"), ("B", "C"), ("A", "B"), ("C", "D")]
    lefts = [choose_sides(pairs, KeyedRandom(b"k", seed)) for seed in range(2000)]
    for index in range(len(pairs)):
        share = sum(sides[index] for sides in lefts) / 2000
        assert abs(share - 0.5) < 4 * 0.5 / 2000**0.5  # four standard errors of a fair coin


def test_no_pairs_have_no_sides() -> None:
    assert choose_sides([], KeyedRandom(b"k")) == []


def test_the_stream_is_uniform_and_another_purpose_is_another_stream() -> None:
    counts = Counter(KeyedRandom(b"secret", "deck", n).randrange(6) for n in range(6000))
    # chi-square with 5 degrees of freedom: 20.5 is passed by 99.9 % of fair dice.
    assert sum((count - 1000) ** 2 / 1000 for count in counts.values()) < 20.5
    first, second = (KeyedRandom(b"secret", "deck", judge).getrandbits(256) for judge in ("ana", "ben"))
    assert abs((first ^ second).bit_count() - 128) < 48  # six standard deviations of 256 coins
    assert derive(b"secret", "a", "bc") != derive(b"secret", "ab", "c")


def test_ids_have_no_digit_and_no_vowel() -> None:
    ids = "".join(derive_id(b"secret", number) for number in range(300))
    assert len(ids) == 300 * 16
    assert not set(ids) & set("0123456789aeiou")
