"""Fit both tints: `python -m evalkit.measure.tint_fit` reads the labelled passages and writes model.npz and lite.tsv.

    kernel      support vector machine, Gaussian kernel, class-balanced, on mean embeddings scaled to length about 1;
                fitted to this project's own passages, in which dark words do not tell horror
    axis        mean horror anchor minus mean neutral anchor
    words       a weight per word, from real books and from all passages; see `tint_words`
    together    their sum, each divided by the sd of its scores over the real books; log-odds by class-balanced Platt
                scaling on scores that each passage got from fits without its author

Real books tell how horror was written, and which words go with it; the own passages hold the same words, places and
manners on both sides, so that only the mood is left to tell them apart. A passage's embedding is the word-weighted mean
of its window embeddings, as in scoring. Judged by author, never at random: passages of one book know each other. How
well it does stands in docs/measures.md and is recomputed by `make validate-tint`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from evalkit.measure.embedder import Embedder, MiniLmEmbedder, find_embedder, read_vocabulary
from evalkit.measure.passage import Passage, read_passage
from evalkit.measure.tint_lite import LITE_PATH, LiteModel, save_lite
from evalkit.measure.tint_model import DATA_FOLDER, MODEL_PATH, Floats, Kernel, TintModel, save_model
from evalkit.measure.tint_words import WordTable, count_words, fit_words, score_words
from evalkit.measure.words import list_words
from evalkit.records.errors import UsageError

NEUTRAL = "neutral"
BOOKS = DATA_FOLDER / "dev.jsonl"
OWN = (DATA_FOLDER / "voices.jsonl", DATA_FOLDER / "pages.jsonl")
KERNEL_C = 3.0
KERNEL_GAMMA = 1.0
N_OWN_FOLDS = 10

Labels = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Passages:
    """Labelled passages with what the two methods read of them; row i of every array is passage i."""

    labels: Labels
    authors: tuple[str, ...]
    kinds: tuple[str, ...]
    is_book: Mask
    """True for passages of real books, false for this project's own."""
    embeddings: Floats
    words: tuple[tuple[str, ...], ...]

    def take(self, chosen: Mask) -> Passages:
        """Those where `chosen` is true."""
        places = np.flatnonzero(chosen)
        return Passages(
            labels=self.labels[chosen],
            authors=tuple(self.authors[place] for place in places),
            kinds=tuple(self.kinds[place] for place in places),
            is_book=self.is_book[chosen],
            embeddings=self.embeddings[chosen],
            words=tuple(self.words[place] for place in places),
        )

    def folds(self) -> tuple[Mask, ...]:
        """What is left out together: every author of books; and of the own voices and books, each tenth."""
        authors = np.array(self.authors)
        of_books = [authors == author for author in dict.fromkeys(authors[self.is_book])]
        own = list(dict.fromkeys(authors[~self.is_book]))
        return (*of_books, *(np.isin(authors, own[first::N_OWN_FOLDS]) for first in range(N_OWN_FOLDS) if own[first:]))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Models:
    """What ships."""

    full: TintModel
    lite: LiteModel


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scores:
    """What each passage got from fits without its author; the three are not on a common scale."""

    kernel: Floats
    axis: Floats
    words: Floats

    def take(self, chosen: Mask) -> Scores:
        """Those where `chosen` is true."""
        return Scores(kernel=self.kernel[chosen], axis=self.axis[chosen], words=self.words[chosen])


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Log-odds = kernel x its score + axis x its score + words x its score + intercept."""

    kernel: float
    axis: float
    words: float
    intercept: float

    def log_odds(self, scores: Scores) -> Floats:
        """One per passage."""
        parts = self.kernel * scores.kernel + self.axis * scores.axis + self.words * scores.words
        return parts + self.intercept


def fit_kernel(passages: Passages) -> Kernel:
    """How near a passage lies to horror rather than to other prose."""
    from sklearn.svm import SVC

    centre = passages.embeddings.mean(axis=0)
    scale = float(np.sqrt(((passages.embeddings - centre) ** 2).sum(axis=1).mean()))
    machine = SVC(C=KERNEL_C, gamma=KERNEL_GAMMA, class_weight="balanced")
    machine.fit((passages.embeddings - centre) / scale, passages.labels)
    return Kernel(
        centre=centre,
        scale=scale,
        supports=machine.support_vectors_,
        coefficients=machine.dual_coef_[0],
        intercept=float(machine.intercept_[0]),
        gamma=KERNEL_GAMMA,
    )


def unseen_scores(passages: Passages, table: WordTable, axis: Floats) -> Scores:
    """Every passage scored by fits to the other authors' passages."""
    kernel, words = np.zeros(len(passages.labels)), np.zeros(len(passages.labels))
    of_all_own = fit_kernel(passages.take(~passages.is_book))
    for left_out in passages.folds():
        has_own = bool((left_out & ~passages.is_book).any())
        fitted = fit_kernel(passages.take(~passages.is_book & ~left_out)) if has_own else of_all_own
        kernel[left_out] = fitted.scores(passages.embeddings[left_out])
        weights = fit_words(table, passages.labels, passages.is_book, ~left_out)
        words[left_out] = score_words(table, weights)[left_out]
    return Scores(kernel=kernel, axis=passages.embeddings @ axis, words=words)


def fit_scale(scores: Scores, passages: Passages) -> Scale:
    """Balanced, since how many passages of each kind were collected says nothing about an answer."""
    of_books = scores.take(passages.is_book)
    weights = {name: 1.0 / float(np.std(getattr(of_books, name))) for name in ("kernel", "axis", "words")}
    slope, intercept = _platt(sum(weight * getattr(scores, name) for name, weight in weights.items()), passages.labels)
    return Scale(intercept=intercept, **{name: slope * weight for name, weight in weights.items()})


def fit_lite_scale(scores: Scores, passages: Passages) -> Scale:
    """The same without the embedder."""
    slope, intercept = _platt(scores.words, passages.labels)
    return Scale(kernel=0.0, axis=0.0, words=slope, intercept=intercept)


def anchor_axis(anchors: Floats, categories: Sequence[str]) -> Floats:
    """From the mean neutral anchor to the mean horror anchor."""
    is_neutral = np.array([category == NEUTRAL for category in categories])
    axis: Floats = anchors[~is_neutral].mean(axis=0) - anchors[is_neutral].mean(axis=0)
    return axis


def read_passages(embedder: Embedder, paths: Sequence[Path] = (BOOKS,)) -> Passages:
    """Labelled passages, embedded as answers are."""
    found = [(json.loads(line), path == BOOKS) for path in paths for line in path.read_text("utf-8").splitlines()]
    rows = [row for row, _ in found]
    read = [read_passage(row["text"]) for row in rows]
    windows = embedder.embed([window for passage in read for window in passage.windows])
    means, position = [], 0
    for passage in read:
        rows_of_passage = windows[position : position + len(passage.windows)]
        means.append(np.average(rows_of_passage, axis=0, weights=[item.n_words for item in passage.sentences]))
        position += len(passage.windows)
    return Passages(
        labels=np.array([row["label"] for row in rows]),
        authors=tuple(row["author"] for row in rows),
        kinds=tuple(row["kind"] for row in rows),
        is_book=np.array([is_book for _, is_book in found]),
        embeddings=np.array(means, dtype=np.float64),
        words=tuple(map(_words, (row["text"] for row in rows), read)),
    )


def read_anchors(embedder: Embedder) -> tuple[Floats, tuple[str, ...]]:
    """The anchors' embeddings and categories, horror first."""
    content = json.loads((DATA_FOLDER / "anchors.json").read_text("utf-8"))
    texts = [anchor["text"] for anchor in content["horror"]] + content["neutral"]
    categories = [anchor["category"] for anchor in content["horror"]] + [NEUTRAL] * len(content["neutral"])
    return embedder.embed(texts).astype(np.float64), tuple(categories)


def read_words(embedder: Embedder, vocabulary: Sequence[str], passages: Passages) -> WordTable:
    """The words that get a weight: those of the embedder's vocabulary, and those of at least two passages."""
    found = Counter(word for words in passages.words for word in set(words))
    known = {word for word in vocabulary if len(word) > 1 and word.isalpha() and word.isascii()}
    words = sorted(known | {word for word, n_passages in found.items() if n_passages > 1})
    return count_words(passages.words, words, embedder.embed(words).astype(np.float64))


def _words(text: str, passage: Passage) -> tuple[str, ...]:
    return tuple(word for one in passage.sentences for word in list_words(text[one.start : one.end]))


def _platt(scores: Floats, labels: Labels) -> tuple[float, float]:
    from sklearn.linear_model import LogisticRegression

    # So large a C leaves the two numbers unshrunk.
    regression = LogisticRegression(C=1e6, class_weight="balanced", max_iter=5000).fit(scores[:, None], labels)
    return float(regression.coef_[0, 0]), float(regression.intercept_[0])


def fit_models(passages: Passages, table: WordTable, anchors: Floats, categories: Sequence[str]) -> Models:
    """Fit everything; deterministic."""
    axis = anchor_axis(anchors, categories)
    scores = unseen_scores(passages, table, axis)
    full, lite = fit_scale(scores, passages), fit_lite_scale(scores, passages)
    everything = np.ones(len(passages.labels), dtype=bool)
    weights = lite.words * fit_words(table, passages.labels, passages.is_book, everything)
    return Models(
        full=TintModel(
            axis=axis,
            kernel=fit_kernel(passages.take(~passages.is_book)),
            kernel_slope=full.kernel,
            slope=full.axis,
            word_slope=full.words / lite.words,
            intercept=full.intercept,
            anchors=anchors,
            categories=tuple(categories),
        ),
        lite=LiteModel(weights=dict(zip(table.words, weights.tolist(), strict=True)), intercept=lite.intercept),
    )


def main() -> None:
    """Fit and write both models."""
    embedder = find_embedder()
    if not isinstance(embedder, MiniLmEmbedder):
        raise UsageError(f"The tint cannot be fitted without the sentence embedder. {embedder}")
    passages = read_passages(embedder, (BOOKS, *OWN))
    table = read_words(embedder, read_vocabulary(embedder.folder), passages)
    models = fit_models(passages, table, *read_anchors(embedder))
    save_model(models.full, MODEL_PATH)
    save_lite(models.lite, LITE_PATH)
    print(f"wrote {MODEL_PATH} and {LITE_PATH}")


if __name__ == "__main__":
    main()
