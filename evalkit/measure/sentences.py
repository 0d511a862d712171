"""Cut a text into sentences: also one without capitals, without full stops, or with a hundred words in a row."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from evalkit.measure.words import WORD

MAX_WORDS = 60
"""A longer sentence is cut at weaker boundaries."""

Span = tuple[int, int]

_PARAGRAPH = re.compile(r"\n[ \t]*(?=\n|[-*•#>][ \t*#]|\d{1,3}[.)][ \t]|\Z)")
# The look-behind keeps a long run of dots from being tried at each of them.
_SENTENCE_END = re.compile(r"""(?<![.!?…])[.!?…]++[)\]"'”’»*_]*+(?=\s+(?P<next>\S))""")
_OPENING = frozenset("\"'“‘«([*_#—–-")  # noqa: RUF001
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\"'“])(?:(?!I)[^\W\d_]|Mr|Mrs|Ms|Dr|Prof|Rev|Sr|Jr|St|Mt|Capt|Col|Gen|Lt|Sgt|vs|e\.g|i\.e)\.$"
)
_LIST_NUMBER = re.compile(r"[\s*_#]{0,8}\d{1,3}\.")
_WEAKER_BOUNDARIES = tuple(
    re.compile(pattern)
    for pattern in (r"\n\s*", r"[.!?…]\s+", r"[;:]\s+|\s[—–-]{1,2}\s|—", r",\s+")  # noqa: RUF001
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """A half-open range of characters that begins and ends with visible ones and holds at least one word."""

    start: int
    end: int
    n_words: int


class _Words:
    """The places of all words, so that no stretch is searched twice."""

    def __init__(self, text: str) -> None:
        self._starts = [match.start() for match in WORD.finditer(text)]

    def count(self, span: Span) -> int:
        return bisect_left(self._starts, span[1]) - bisect_left(self._starts, span[0])

    def cut(self, span: Span) -> Iterator[Span]:
        """Pieces of `MAX_WORDS` words each: the last resort."""
        inside = self._starts[bisect_left(self._starts, span[0]) : bisect_left(self._starts, span[1])]
        cuts = [span[0], *inside[MAX_WORDS::MAX_WORDS], span[1]]
        yield from pairwise(cuts)


def split_sentences(text: str) -> tuple[Sentence, ...]:
    """The sentences in order; every word of the text is in exactly one of them."""
    words = _Words(text)
    is_caseless = _has_no_sentence_case(text)
    spans = [
        span
        for paragraph in _pieces((0, len(text)), [match.start() for match in _PARAGRAPH.finditer(text)])
        for sentence in _pieces(paragraph, list(_sentence_ends(text, paragraph, is_caseless)))
        for span in _shorten(text, sentence, words, 0)
    ]
    return tuple(
        Sentence(start=start, end=end, n_words=words.count((start, end)))
        for start, end in (_trim(text, span) for span in spans)
        if words.count((start, end))
    )


def _has_no_sentence_case(text: str) -> bool:
    """Hardly any capitals, or hardly anything else: then a capital says nothing about where a sentence begins."""
    n_upper = sum(map(str.isupper, text))
    n_lower = sum(map(str.islower, text))
    return n_upper < 0.005 * n_lower or n_lower < n_upper


def _sentence_ends(text: str, paragraph: Span, is_caseless: bool) -> Iterator[int]:
    for match in _SENTENCE_END.finditer(text, *paragraph):
        following = match["next"]
        begins_sentence = is_caseless or following in _OPENING or not following.islower()
        before = text[max(paragraph[0], match.end() - 8) : match.end()]
        is_list_number = _LIST_NUMBER.fullmatch(text, paragraph[0], match.end())
        if begins_sentence and not is_list_number and not _ABBREVIATION.search(before):
            yield match.end()


def _shorten(text: str, span: Span, words: _Words, level: int) -> Iterator[Span]:
    """Cut what is too long at the next weaker kind of boundary, into pieces as long as allowed."""
    if words.count(span) <= MAX_WORDS:
        yield span
    elif level == len(_WEAKER_BOUNDARIES):
        yield from words.cut(span)
    else:
        cuts = [match.end() for match in _WEAKER_BOUNDARIES[level].finditer(text, *span)]
        for piece in _merge(_pieces(span, cuts), words):
            yield from _shorten(text, piece, words, level + 1)


def _merge(pieces: Sequence[Span], words: _Words) -> list[Span]:
    merged: list[Span] = []
    for start, end in pieces:
        if merged and words.count((merged[-1][0], end)) <= MAX_WORDS:
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged


def _pieces(span: Span, cuts: Sequence[int]) -> list[Span]:
    bounds = [span[0], *(cut for cut in cuts if span[0] < cut < span[1]), span[1]]
    return list(pairwise(bounds))


def _trim(text: str, span: Span) -> Span:
    start, end = span
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    return start, end
