"""Figures of style: plain readings of one English answer, each compared with the reference's on the same prompt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

from evalkit.measure.language import require_english
from evalkit.measure.measured import measured
from evalkit.measure.rhythm import fragment_share, length_sd, mean_length
from evalkit.measure.scored_part import find_scored_part
from evalkit.measure.sentences import split_sentences
from evalkit.measure.voice import dialogue_share, person_shares, without_speech
from evalkit.measure.wording import cliche_rate, contrast_rate, mattr, sense_rates
from evalkit.measure.words import list_words, require_words
from evalkit.records.errors import NotMeasuredError
from evalkit.records.generation import Generation
from evalkit.records.scores import Figure, Metric

LEAST_WORDS = 20
"""Fewer words make no average sentence."""

STYLE_TEXT_METRICS = (
    *(Metric.READING_EASE, Metric.GRADE_LEVEL, Metric.DIALOGUE_SHARE),
    *(Metric.FIRST_PERSON, Metric.SECOND_PERSON, Metric.THIRD_PERSON),
    *(Metric.SENTENCE_LENGTH, Metric.SENTENCE_LENGTH_SD, Metric.FRAGMENT_SHARE),
    *(Metric.SIGHT_WORDS, Metric.SOUND_WORDS, Metric.TOUCH_WORDS, Metric.SMELL_WORDS, Metric.TASTE_WORDS),
    *(Metric.CONTRAST_PATTERNS, Metric.CLICHES, Metric.MATTR_100),
)
"""What `style_figures` gives; the genres need the embedder and stand in `genre.py`."""

_NLTK_FOLDER = Path(__file__).parent / "data" / "nltk"
# textstat drops punctuation without leaving a space, which would join "moment—then"; it ends sentences at . ! ? only.
_TYPOGRAPHY = str.maketrans({"’": "'", "‘": "'", "…": "... ", "—": " - ", "–": " - "})  # noqa: RUF001
_PERSONS = {1: Metric.FIRST_PERSON, 2: Metric.SECOND_PERSON, 3: Metric.THIRD_PERSON}


@dataclass(frozen=True, slots=True, kw_only=True)
class Prose:
    """The scored part of an English answer, cut up once for all figures."""

    text: str
    words: tuple[str, ...]
    sentences: tuple[str, ...]
    narrated: tuple[str, ...]
    """The sentences of what stands outside quotation marks."""
    narrated_words: tuple[str, ...]


def read_prose(answer: str) -> Prose:
    """Cut an answer up.

    Raises:
        NotMeasuredError: fewer than `LEAST_WORDS` words, not English, or absurdly long.
    """
    require_words(answer, LEAST_WORDS, "style")
    start, end = find_scored_part(answer)
    text = answer[start:end]
    words = require_words(text, LEAST_WORDS, "style")
    require_english(text, words, "style")
    narration = without_speech(text)
    return Prose(
        text=text,
        words=tuple(words),
        sentences=_sentences(text),
        narrated=_sentences(narration),
        narrated_words=tuple(list_words(narration)),
    )


def style_figures(answer: str) -> dict[Metric, Figure]:
    """Every figure of `STYLE_TEXT_METRICS`, each a value or the reason why there is none."""
    try:
        prose = read_prose(answer)
    except NotMeasuredError as reason:
        return dict.fromkeys(STYLE_TEXT_METRICS, Figure.not_measured(str(reason)))
    rates = sense_rates(prose.words)
    readings: dict[Metric, Callable[[], float]] = {
        Metric.READING_EASE: lambda: reading_ease(prose.text),
        Metric.GRADE_LEVEL: lambda: grade_level(prose.text),
        Metric.DIALOGUE_SHARE: lambda: dialogue_share(prose.text, prose.words),
        **{metric: partial(_person_share, prose, person) for person, metric in _PERSONS.items()},
        Metric.SENTENCE_LENGTH: lambda: mean_length(prose.sentences),
        Metric.SENTENCE_LENGTH_SD: lambda: length_sd(prose.sentences),
        Metric.FRAGMENT_SHARE: lambda: fragment_share(prose.narrated),
        **{Metric(name): partial(float, rate) for name, rate in rates.items()},
        Metric.CONTRAST_PATTERNS: lambda: contrast_rate(prose.text, prose.words),
        Metric.CLICHES: lambda: cliche_rate(prose.words),
        Metric.MATTR_100: lambda: mattr(prose.words),
    }
    return {metric: measured(readings[metric]) for metric in STYLE_TEXT_METRICS}


def count_words(text: str) -> int:
    """Words in a text, by the rule of `words.py`."""
    return len(list_words(text))


def reading_ease(text: str) -> float:
    """Flesch reading ease: higher is easier; about 100 at the easiest prose, below 30 for law and science.

    Raises:
        NotMeasuredError: fewer than `LEAST_WORDS` words, not English, or absurdly long.

    Source: Flesch 1948; textstat, with the syllables of the CMU dictionary. Words that it does not know get
    textstat's own rule (pyphen).
    """
    _require_prose(text, "reading ease")
    return float(_textstat().flesch_reading_ease(text.translate(_TYPOGRAPHY)))


def grade_level(text: str) -> float:
    """Flesch-Kincaid grade: years of school that a reader needs; higher is harder.

    Raises:
        NotMeasuredError: fewer than `LEAST_WORDS` words, not English, or absurdly long.

    Source: Kincaid et al. 1975; textstat, syllables as in `reading_ease`.
    """
    _require_prose(text, "grade level")
    return float(_textstat().flesch_kincaid_grade(text.translate(_TYPOGRAPHY)))


def tokens_per_second(generation: Generation) -> float:
    """Generated tokens per second of decoding; neither the prompt nor tokens taken over from a draft count.

    Raises:
        NotMeasuredError: no token was decoded, or the text was made elsewhere.
    """
    n_decoded = generation.n_tokens - generation.n_drafted
    if n_decoded == 0 or generation.decode_seconds <= 0:
        raise NotMeasuredError("No token was decoded alone, so there is no speed.")
    return n_decoded / generation.decode_seconds


def _require_prose(text: str, purpose: str) -> None:
    require_english(text, require_words(text, LEAST_WORDS, purpose), purpose)


def _person_share(prose: Prose, person: int) -> float:
    return person_shares(prose.narrated_words)[person]


def _sentences(text: str) -> tuple[str, ...]:
    spans: Sequence[tuple[int, int]] = [(sentence.start, sentence.end) for sentence in split_sentences(text)]
    return tuple(text[start:end] for start, end in spans)


@cache
def _textstat() -> Any:
    """textstat with the dictionary that ships here: without it, it would ask nltk to download one."""
    import nltk
    import textstat

    nltk.data.path.insert(0, str(_NLTK_FOLDER))
    return textstat
