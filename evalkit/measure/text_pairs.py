"""How far apart any two variants' answers to one prompt are, by their words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations

from evalkit.measure.distance import word_js_divergence_bits
from evalkit.records.errors import NotMeasuredError
from evalkit.records.generation import Generation
from evalkit.records.scores import Answer


def text_pair_distances(
    generations: Iterable[Generation], labels: Sequence[str]
) -> dict[tuple[str, str], dict[str, float]]:
    """Word divergence in bits of the first regenerations, by two labels in alphabetical order and prompt.

    Pairs and prompts without a value, since a text is missing or has no word, are left out.
    """
    answers: dict[str, dict[str, Answer]] = {}
    for one in generations:
        if one.regeneration_index == 0 and one.label in labels:
            answer = Answer(label=one.label, prompt_id=one.prompt_id, prompt_text="", text=one.text)
            answers.setdefault(one.prompt_id, {})[one.label] = answer
    distances: dict[tuple[str, str], dict[str, float]] = {}
    for prompt_id, own in answers.items():
        for first, second in combinations(sorted(own), 2):
            try:
                distance = word_js_divergence_bits(own[first], own[second])
            except NotMeasuredError:
                continue
            distances.setdefault((first, second), {})[prompt_id] = distance
    return distances
