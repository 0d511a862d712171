"""The two ways of reading the tint of a text."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class TintMethod(StrEnum):
    """What a tint was read with; figures of the two do not compare."""

    FULL = "full"
    """The sentence embedder and the word list."""
    LITE = "lite"
    """The word list alone: no torch, and it sees less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TintReader:
    """How texts are to be read."""

    method: TintMethod = TintMethod.FULL
    embedder: Path | None = None
    """Folder of the sentence embedder; None: wherever it is found. Lite looks for none."""
