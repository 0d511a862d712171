"""Names that would tell a judge which variant wrote a text: found, and taken out.

A label with a digit (`M7`) is found anywhere, inside longer words too. A name of letters only, or digits only, is
found as a whole word, and not at all where it is an *ordinary word*: one that stands in the answers of more than half
of the variants (`horror`, for a variant of that name) points to none of them. A hash is found from eight of its digits
on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

HASH_PREFIX = 8
REDACTED = "[…]"


class NameKind(StrEnum):
    """What a name names; it decides how the name is looked for."""

    LABEL = "label"
    FILE = "file"
    """A path, a file name, a model name, a description, an importance matrix."""
    RUN = "run"
    HASH = "hash"


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """One string that must not reach a judge."""

    text: str
    kind: NameKind


class Names:
    """All names of a run, made ready to be found in texts."""

    def __init__(self, names: Iterable[Name], texts_by_label: Mapping[str, Sequence[str]]) -> None:
        wanted = sorted({name for name in names if name.text.strip()}, key=lambda name: (-len(name.text), name.text))
        self.ordinary = tuple(name.text for name in wanted if _is_ordinary(name, texts_by_label))
        told = [name for name in wanted if name.text not in self.ordinary]
        self._pattern = re.compile("|".join(map(_pattern, told)) or r"(?!)", re.IGNORECASE)
        self._beginnings = frozenset(map(_beginning, told))

    def find(self, text: str) -> Iterator[str]:
        """Every name in the text, with the rest of the word that it stands in."""
        return (text[start:end] for start, end in self._spans(text))

    def redact(self, text: str) -> str:
        """The text with `[…]` in place of every name and the rest of its word."""
        parts, done = [], 0
        for start, end in self._spans(text):
            parts += [text[done:start], REDACTED]
            done = end
        return "".join((*parts, text[done:]))

    def _spans(self, text: str) -> Iterator[tuple[int, int]]:
        folded = text.casefold()
        # Most texts hold no name, and this tells so a hundred times faster than the pattern.
        if not any(beginning in folded for beginning in self._beginnings):
            return
        done = 0
        for match in self._pattern.finditer(text):
            start, end = match.span()
            if end <= done:
                continue
            while start > done and text[start - 1].isalnum():
                start -= 1
            while end < len(text) and text[end].isalnum():
                end += 1
            yield start, end
            done = end


def _is_ordinary(name: Name, texts_by_label: Mapping[str, Sequence[str]]) -> bool:
    if name.kind is NameKind.HASH or not _is_one_word(name.text):
        return False
    pattern = re.compile(_pattern(name), re.IGNORECASE)
    n_using = sum(any(map(pattern.search, texts)) for texts in texts_by_label.values())
    return n_using > len(texts_by_label) / 2


def _is_one_word(text: str) -> bool:
    return text.isalpha() or text.isdecimal()


def _beginning(name: Name) -> str:
    first = name.text.split()[0].casefold()
    return first[:HASH_PREFIX] if name.kind is NameKind.HASH else first


def _pattern(name: Name) -> str:
    if name.kind is NameKind.HASH:
        return re.escape(name.text[:HASH_PREFIX])
    # Spaces of a name may have become a line break in a text.
    words = r"\s+".join(map(re.escape, name.text.split()))
    if name.text.isdecimal() or not any(map(str.isdigit, name.text)):
        return rf"(?<![^\W_]){words}(?![^\W_])"
    return words
