"""One text's tint made ready to show: figures in words, sentences with their shares, the text cut for shading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evalkit.records.errors import NotMeasuredError
from evalkit.records.tint import TextTint
from evalkit.records.tint_reader import TintMethod
from evalkit.report.format import DASH, MINUS
from evalkit.report.passage import Stretch, cut_passage

Named = tuple[str, str, TextTint | NotMeasuredError]
"""A text's name, the text, and its figures or why there are none."""

METHOD_NOTES = {
    TintMethod.FULL: "Method: full (sentence embedder and word list).",
    TintMethod.LITE: "Method: LITE (word list alone, no embedder). It sees less; do not compare with full tints.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SentenceRow:
    """One sentence's share in the tint, in words."""

    number: str
    tint: str
    points: str
    """By how much the sentence lifts the text above 50, or below."""
    category: str
    hits: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TintView:
    """One text."""

    name: str
    facts: tuple[tuple[str, str], ...]
    missing: str | None
    rows: tuple[SentenceRow, ...]
    stretches: tuple[Stretch, ...]


def view_tint(named: Named) -> TintView:
    """What page and terminal show of one text."""
    name, text, reading = named
    if isinstance(reading, NotMeasuredError):
        return TintView(name=name, facts=(), missing=str(reading), rows=(), stretches=cut_passage(text, (), None, ""))
    return TintView(
        name=name,
        facts=facts_of(reading),
        missing=None,
        rows=tuple(_rows(text, reading)),
        stretches=cut_passage(text, reading.sentences, None, ""),
    )


def facts_of(reading: TextTint) -> tuple[tuple[str, str], ...]:
    """The text's own figures."""
    return (
        ("tint", f"{reading.tint:.1f}"),
        ("probability", f"{reading.probability:.2f}"),
        ("peak", f"{reading.peak:.1f}"),
        ("dark share", f"{100 * reading.dark_share:.0f} %"),
        ("words", str(reading.n_words)),
    )


def _rows(text: str, reading: TextTint) -> Sequence[SentenceRow]:
    return [
        SentenceRow(
            number=str(number),
            tint=signed(sentence.tint, ""),
            points=signed(reading.contribution(sentence), "+"),
            category=sentence.category,
            hits=", ".join(sentence.lexicon_hits) or DASH,
            text=" ".join(text[sentence.start : sentence.end].split()),
        )
        for number, sentence in enumerate(reading.sentences, start=1)
    ]


def signed(value: float, plus: str) -> str:
    """`+1.2`, or a true minus sign before 1.2; a rounded nought has no sign."""
    rounded = f"{abs(value):.1f}"
    if not rounded.strip("0."):
        return rounded
    return f"{plus if value > 0 else MINUS}{rounded}"
