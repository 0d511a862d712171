"""Two texts cut so that neither looks longer, more finished or more broken off than the other.

Length is a strong tell and a strong bias: it is measured elsewhere, and taken out of the comparison here. What both
texts begin with is shown once, so that near-identical texts are compared where they differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

from evalkit.measure.sentences import Sentence, split_sentences
from evalkit.measure.words import WORD

_LONGEST_SHARED = 0.5
"""Shared sentences are set apart when they fill more than this part of the word limit."""
_TOLERANCE_WORDS = 5
_TOLERANCE = 0.1
_OVERSHOOT = 1.1
_LEAST_KEPT = 0.5
_GAP_COST = 4.0
"""Words of length given up to come one word closer to equal."""
CUT_MARK = " …"


@dataclass(frozen=True, slots=True, kw_only=True)
class Footing:
    """What is shown of two texts."""

    opening: str
    """Whole sentences with which both begin; empty where they are shown in full."""
    a: str
    b: str

    @property
    def is_equal(self) -> bool:
        """Nothing to compare is left."""
        return self.a == self.b


def cut_to_equal_footing(a: str, b: str, word_limit: int) -> Footing:
    """Cut two texts to about `word_limit` words.

    They end at sentence ends that leave them within 10 % (or 5 words) of each other, else at the same number of
    words; then both end with the same mark, whichever of them needed the cut.
    """
    sentences_a, sentences_b = _sentences(a), _sentences(b)
    n_shared = _count_shared(a, b, sentences_a, sentences_b)
    opening_end = 0
    if sum(sentence.n_words for sentence in sentences_a[:n_shared]) > _LONGEST_SHARED * word_limit:
        opening_end = sentences_a[n_shared - 1].end
        sentences_a, sentences_b = sentences_a[n_shared:], sentences_b[n_shared:]
    end_a, end_b = _best_ends(sentences_a, sentences_b, word_limit)
    if end_a is not None and end_b is not None:
        return Footing(opening=a[:opening_end], a=a[opening_end:end_a].strip(), b=b[opening_end:end_b].strip())
    n_words = min(sum(s.n_words for s in sentences_a), sum(s.n_words for s in sentences_b), word_limit)
    return Footing(
        opening=a[:opening_end],
        a=_first_words(a[opening_end:].strip(), n_words),
        b=_first_words(b[opening_end:].strip(), n_words),
    )


def cut_alone(text: str, word_limit: int) -> str:
    """A text that is shown beside itself, cut at the last sentence end that fits."""
    sentences = _sentences(text)
    fitting = [
        sentence.end
        for sentence, n_words in zip(sentences, _running_words(sentences), strict=True)
        if n_words <= _OVERSHOOT * word_limit
    ]
    return text[: fitting[-1]].strip() if fitting else _first_words(text, word_limit)


@lru_cache(maxsize=4096)
def _sentences(text: str) -> tuple[Sentence, ...]:
    # Every answer meets every other one.
    return split_sentences(text)


def _count_shared(a: str, b: str, sentences_a: tuple[Sentence, ...], sentences_b: tuple[Sentence, ...]) -> int:
    """Leading sentences that are equal, white space between them included; never all sentences of a text."""
    n_shared = 0
    for one, other in zip(sentences_a[:-1], sentences_b[:-1], strict=False):
        if one != other or a[: one.end] != b[: other.end]:
            break
        n_shared += 1
    return n_shared


def _best_ends(
    sentences_a: tuple[Sentence, ...], sentences_b: tuple[Sentence, ...], word_limit: int
) -> tuple[int | None, int | None]:
    """Sentence ends that leave long texts of nearly the same number of words; (None, None) where there are none."""
    words_a, words_b = _running_words(sentences_a), _running_words(sentences_b)
    longest = min(words_a[-1], words_b[-1], word_limit) if words_a and words_b else 0
    best: tuple[float, int | None, int | None] = (0.0, None, None)
    for sentence_a, n_a in zip(sentences_a, words_a, strict=True):
        for sentence_b, n_b in zip(sentences_b, words_b, strict=True):
            if max(n_a, n_b) > _OVERSHOOT * word_limit:
                break
            gap, shorter = abs(n_a - n_b), min(n_a, n_b)
            if gap <= max(_TOLERANCE_WORDS, _TOLERANCE * max(n_a, n_b)) and shorter >= _LEAST_KEPT * longest:
                best = max(
                    best, (shorter - _GAP_COST * gap, sentence_a.end, sentence_b.end), key=lambda found: found[0]
                )
    return best[1:]


def _running_words(sentences: tuple[Sentence, ...]) -> list[int]:
    return list(accumulate(sentence.n_words for sentence in sentences))


def _first_words(text: str, n_words: int) -> str:
    matches = list(WORD.finditer(text))[:n_words]
    return text[: matches[-1].end()] + CUT_MARK if matches else CUT_MARK.strip()
