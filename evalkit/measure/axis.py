"""An axis learned from two kinds of texts: which words lean to which side, and random axes to compare it with.

A word's weight is its log-odds between the two kinds, with an informative Dirichlet prior. Words that are commoner
than `COMMONEST` carry grammar, person and dialogue rather than a theme, words rarer than `MIN_COUNT` chance: both
weigh nothing.

Source: Monroe, Colaresi & Quinn 2008, "Fightin' Words".
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from evalkit.measure.tint_model import DATA_FOLDER
from evalkit.measure.words import WORD
from evalkit.records.axis import AxisText, AxisTexts, TintContext, TintMaterial
from evalkit.records.errors import UsageError
from evalkit.records.run import TintContexts

Floats = npt.NDArray[np.float64]

PRIOR_WORDS = 3000.0
"""Strength of the prior: as if so many words with the overall frequencies had been seen on each side."""
COMMONEST = 0.001
"""Share of all words of the shipped passages; about 130 words are commoner, and few of them name anything."""
MIN_COUNT = 5
MARKING_Z = 1.96
"""A word marks the axis when its log-odds lie so many standard errors above 0."""

MIN_TEXTS, MIN_WORDS = 8, 1000
"""Per side: with fewer texts there are too few ways to deal them, with fewer words too few that can be weighed."""

N_NULL_AXES = 300


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Axis:
    """Word forms with their weights on an axis, and on random ones."""

    texts: AxisTexts
    forms: tuple[str, ...]
    """Every spelling in the texts, in order."""
    counts: Floats
    """(n_forms,) how often each occurs."""
    is_weighed: npt.NDArray[np.bool_]
    """(n_forms,) neither too common nor too rare."""
    weights: Floats
    """(n_forms,) log-odds; above 0 the word leans to the marked texts."""
    is_marking: npt.NDArray[np.bool_]
    """(n_forms,) words that count as words of the axis: horror words."""
    null_weights: Floats
    """(n_null, n_forms) the same from the same texts, their books dealt at random to the two sides."""


def learn_axis(texts: AxisTexts) -> Axis:
    """Weigh every word of the texts.

    Raises:
        UsageError: one side has too few texts or words to learn from.
    """
    words = [[match.group() for match in WORD.finditer(item.text)] for item in texts.texts]
    is_marked = np.array([item.is_marked for item in texts.texts])
    _require_enough(texts, words, is_marked)
    form_counts = Counter(form for of_text in words for form in of_text)
    forms = word_forms(texts)
    folded = {word: index for index, word in enumerate(sorted({_fold(form) for form in forms}))}
    by_text = np.zeros((len(words), len(folded)), dtype=np.float32)
    for row, of_text in enumerate(words):
        for form in of_text:
            by_text[row, folded[_fold(form)]] += 1
    total = by_text.sum(axis=0)
    common = _common_words()
    is_weighed = np.array([word not in common for word in folded]) & (total >= MIN_COUNT)
    log_odds, z = _log_odds(by_text, is_marked[None])
    nulls, _ = _log_odds(by_text, _deals(texts.texts, is_marked))
    place = np.array([folded[_fold(form)] for form in forms])
    return Axis(
        texts=texts,
        forms=forms,
        counts=np.array([form_counts[form] for form in forms], dtype=np.float64),
        is_weighed=is_weighed[place],
        weights=np.where(is_weighed, log_odds[0], 0)[place],
        is_marking=(is_weighed & (z[0] > MARKING_Z))[place],
        null_weights=np.where(is_weighed, nulls, 0)[:, place],
    )


def word_forms(texts: AxisTexts) -> tuple[str, ...]:
    """Every spelling of a word in the texts, in order."""
    return tuple(sorted({match.group() for item in texts.texts for match in WORD.finditer(item.text)}))


@cache
def horror_texts() -> AxisTexts:
    """The axis that ships: the labelled passages of dev.jsonl."""
    rows = [json.loads(line) for line in (DATA_FOLDER / "dev.jsonl").read_text("utf-8").splitlines()]
    return AxisTexts(
        name="horror",
        more="darker",
        less="lighter",
        texts=tuple(
            AxisText(text=row["text"], is_marked=row["label"] == 1, source=row.get("source") or row["id"])
            for row in rows
        ),
    )


def horror_material(contexts: TintContexts) -> TintMaterial:
    """What a run records."""
    shipped = shipped_contexts() if contexts is TintContexts.SHIPPED else ()
    return TintMaterial(forms=word_forms(horror_texts()), contexts=shipped)


@cache
def shipped_contexts() -> tuple[TintContext, ...]:
    """24 neutral and 24 dark passages of 75 to 100 words, cut from dev.jsonl, no author more than twice in a group."""
    rows = [json.loads(line) for line in (DATA_FOLDER / "contexts.jsonl").read_text("utf-8").splitlines()]
    return tuple(TintContext(id=row["id"], group=row["group"], text=row["text"]) for row in rows)


def _require_enough(texts: AxisTexts, words: Sequence[Sequence[str]], is_marked: npt.NDArray[np.bool_]) -> None:
    for kind, wanted in (("marked", True), ("other", False)):
        lengths = [len(of_text) for of_text, is_one in zip(words, is_marked, strict=True) if bool(is_one) is wanted]
        n_texts, n_words = len(lengths), sum(lengths)
        if n_texts < MIN_TEXTS or n_words < MIN_WORDS:
            raise UsageError(
                f"the axis {texts.name} has {n_texts} {kind} texts with {n_words} words in all. Each side needs at "
                f"least {MIN_TEXTS} texts and {MIN_WORDS} words: add some, from as many authors as you can."
            )


@cache
def _common_words() -> frozenset[str]:
    """Of English as the shipped passages have it: a user's own few texts do not tell what is common everywhere."""
    counts = Counter(_fold(match.group()) for item in horror_texts().texts for match in WORD.finditer(item.text))
    limit = COMMONEST * counts.total()
    return frozenset(word for word, n in counts.items() if n > limit)


def _fold(form: str) -> str:
    return form.lower().replace("’", "'")


def _deals(texts: Sequence[AxisText], is_marked: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """(n_null, n_texts): whole books at random on one side, until it has as many texts as the marked side."""
    rng = np.random.default_rng(0)
    _, book_of_text, sizes = np.unique([item.source for item in texts], return_inverse=True, return_counts=True)
    deals = np.zeros((N_NULL_AXES, len(texts)), dtype=bool)
    for deal in deals:
        order = rng.permutation(len(sizes))
        n_books = int(np.searchsorted(np.cumsum(sizes[order]), is_marked.sum())) + 1
        deal[:] = np.isin(book_of_text, order[:n_books])
    return deals


def _log_odds(by_text: npt.NDArray[np.float32], sides: npt.NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Log-odds of every word between the sides, and their z.

    Args:
        by_text: (n_texts, n_words) counts.
        sides: (n_axes, n_texts) which texts are marked.

    Returns:
        Two arrays (n_axes, n_words).
    """
    total = by_text.sum(axis=0, dtype=np.float64)
    marked = sides.astype(np.float64) @ by_text
    prior = PRIOR_WORDS * total / total.sum()
    parts = [counts + prior for counts in (marked, total - marked)]
    logits = [np.log(part / (part.sum(axis=1, keepdims=True) - part)) for part in parts]
    log_odds = logits[0] - logits[1]
    return log_odds, log_odds / np.sqrt(1 / parts[0] + 1 / parts[1])
