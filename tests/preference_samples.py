"""Votes for the tests of ratings and agreement."""

import numpy as np

from evalkit.records.blind import Darker, ItemKind, Outcome, RevealedVote
from evalkit.records.preferences import Comparison

LABELS = tuple(f"M{i}" for i in range(1, 11))


def comparison(left: str, right: str, outcome: Outcome, *, judge: str = "ana", prompt_id: str = "p") -> Comparison:
    return Comparison(
        judge=judge,
        prompt_id=prompt_id,
        label_left=left,
        label_right=right,
        outcome=outcome,
        n_words_left=100,
        n_words_right=100,
    )


def vote(
    left: str,
    right: str,
    outcome: Outcome,
    *,
    judge: str = "ana",
    prompt_id: str = "p",
    item_id: str = "i",
    kind: ItemKind = ItemKind.PAIR,
    repeats: str | None = None,
    words: tuple[int, int] = (100, 100),
    darker: Darker | None = None,
) -> RevealedVote:
    return RevealedVote(
        judge=judge,
        item_id=item_id,
        kind=kind,
        repeats=repeats,
        prompt_id=prompt_id,
        label_left=left,
        label_right=right,
        outcome=outcome,
        darker=darker,
        seconds=20.0,
        n_words_left=words[0],
        n_words_right=words[1],
        note="",
    )


def simulated(
    strengths: dict[str, float], *, tie: float, n_votes: int, seed: int, judges: int = 3, prompts: int = 4
) -> list[Comparison]:
    """Votes of judges who follow Davidson's model: log tie parameter `tie`, pairs drawn at random."""
    random = np.random.default_rng(seed)
    labels = sorted(strengths)
    made = []
    for number in range(n_votes):
        left, right = random.choice(labels, size=2, replace=False)
        half = (strengths[left] - strengths[right]) / 2
        weights = np.exp([half, -half, tie])
        outcome = (Outcome.LEFT, Outcome.RIGHT, Outcome.TIE)[random.choice(3, p=weights / weights.sum())]
        made.append(
            comparison(left, right, outcome, judge=f"j{number % judges}", prompt_id=f"p{number // judges % prompts}")
        )
    return made
