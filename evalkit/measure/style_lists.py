"""The word lists behind figures of style, read once."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

DATA_FOLDER = Path(__file__).parent / "data" / "style"


@cache
def sense_words() -> dict[str, frozenset[str]]:
    """Words of each sense, by the name of its metric."""
    lists: dict[str, str] = json.loads((DATA_FOLDER / "senses.json").read_text("utf-8"))
    return {name: frozenset(words.split()) for name, words in lists.items()}


@cache
def cliche_pattern() -> re.Pattern[str]:
    """One expression for all worn phrases, to be used on lower-case words joined by single spaces."""
    phrases = [
        line for line in (DATA_FOLDER / "cliches.txt").read_text("utf-8").splitlines() if line and line[0] != "#"
    ]
    # The longest first, so that a phrase inside another is not counted in its place.
    parts = (re.escape(phrase).replace(r"\*", r"[^ ]+") for phrase in sorted(phrases, key=len, reverse=True))
    return re.compile(rf"(?<![^ ])(?:{'|'.join(parts)})(?![^ ])")


@cache
def finite_forms() -> frozenset[str]:
    """Verb forms that are finite wherever they stand."""
    return frozenset(_verb_lines()[0].split())


@cache
def plain_verbs() -> frozenset[str]:
    """Verbs in their plain form, which may be nouns as well."""
    return frozenset(_verb_lines()[1].split())


@cache
def _verb_lines() -> tuple[str, str]:
    lines = (DATA_FOLDER / "verbs.txt").read_text("utf-8").splitlines()
    finite, plain = (line for line in lines if line and line[0] != "#")
    return finite, plain
