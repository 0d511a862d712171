"""How the sentences run: their lengths, and how many of them have no verb."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from functools import cache
from itertools import pairwise

from evalkit.measure.style_lists import finite_forms, plain_verbs
from evalkit.measure.words import list_words
from evalkit.records.errors import NotMeasuredError

LEAST_SENTENCES = 3

_SUBJECTS = frozenset(["i", "you", "we", "they", "who", "that", "these", "those", "there", "people"])
_IS_SUBJECT = frozenset(["he", "she", "it", "that", "there", "here", "who", "what", "this", "where"])
# Words in -ed that are no verb.
_NO_PAST = frozenset(
    [
        "red",
        "bed",
        "shed",
        "sled",
        "need",
        "seed",
        "weed",
        "speed",
        "breed",
        "deed",
        "feed",
        "creed",
        "reed",
        "indeed",
        "hundred",
        "sacred",
        "naked",
        "wicked",
        "kindred",
        "hatred",
        "beloved",
        "rugged",
        "ragged",
        "jagged",
        "crooked",
        "wretched",
        "aged",
        "biped",
        "steed",
        "greed",
    ]
)
_BEFORE_NOUNS = frozenset(
    [
        "a",
        "an",
        "the",
        "my",
        "your",
        "his",
        "her",
        "its",
        "our",
        "their",
        "this",
        "these",
        "those",
        "some",
        "any",
        "no",
        "every",
        "each",
        "another",
        "of",
        "in",
        "on",
        "at",
        "with",
        "from",
        "by",
        "for",
        "into",
        "onto",
        "over",
        "under",
        "through",
        "only",
        "just",
        "and",
        "or",
    ]
)


def sentence_lengths(sentences: Sequence[str]) -> list[int]:
    """Words per sentence.

    Raises:
        NotMeasuredError: fewer than `LEAST_SENTENCES`, which have no rhythm.
    """
    lengths = [n for n in (len(list_words(sentence)) for sentence in sentences) if n]
    if len(lengths) < LEAST_SENTENCES:
        raise NotMeasuredError(f"The answer has {len(lengths)} sentences; figures of sentences need {LEAST_SENTENCES}.")
    return lengths


def mean_length(sentences: Sequence[str]) -> float:
    """Mean words per sentence."""
    return statistics.fmean(sentence_lengths(sentences))


def length_sd(sentences: Sequence[str]) -> float:
    """Standard deviation of the words per sentence (n - 1): 0 is a march, more is a varied rhythm."""
    return statistics.stdev(sentence_lengths(sentences))


def fragment_share(sentences: Sequence[str]) -> float:
    """Share of the sentences without a finite verb.

    A verb is known by a list and its endings, so a rare verb in the present tense makes a false fragment, and a noun
    that looks like a verb hides one. Good for differences between siblings, not as a grammarian's count.

    Args:
        sentences: without their speech; those without a word are left out.
    """
    sentence_lengths(sentences)
    spoken = [words for words in map(list_words, sentences) if words]
    return sum(not has_finite_verb(words) for words in spoken) / len(spoken)


def has_finite_verb(words: Sequence[str]) -> bool:
    """Whether any word of a sentence, lower case, is a finite verb as far as its form and its left neighbour tell."""
    if words[0] in plain_verbs():
        return True  # An order: "Run."
    return words[0] in finite_forms() or any(_is_finite(before, word) for before, word in pairwise(["", *words]))


def _is_finite(before: str, word: str) -> bool:
    stem, apostrophe, ending = word.partition("'")
    if apostrophe and (ending in {"re", "m", "ll", "d", "ve"} or (ending == "s" and stem in _IS_SUBJECT)):
        return True
    if word in finite_forms():
        return True
    if word.endswith("ed") and len(word) > 3 and word not in _NO_PAST:
        return before not in {"a", "an", "the"}
    if word in plain_verbs():
        return before in _SUBJECTS or (
            before.endswith("s") and not before.endswith("ss") and before not in _BEFORE_NOUNS
        )
    return bool(before) and before not in _BEFORE_NOUNS and word in _third_persons()


@cache
def _third_persons() -> frozenset[str]:
    return frozenset(map(_third_person, plain_verbs()))


def _third_person(verb: str) -> str:
    if verb.endswith(("s", "sh", "ch", "x", "z", "o")):
        return f"{verb}es"
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return f"{verb[:-1]}ies"
    return f"{verb}s"
