"""Which writing systems the letters of a text belong to."""

from __future__ import annotations

import unicodedata
from collections import Counter
from functools import lru_cache

# Letters that name a unit or a quantity in any script: the first word of their Unicode name is no script.
_NOT_A_SCRIPT = frozenset(
    {"MICRO", "MODIFIER", "MATHEMATICAL", "DOUBLE-STRUCK", "SCRIPT", "FEMININE", "MASCULINE", "KELVIN", "ANGSTROM",
     "OHM", "SUPERSCRIPT", "SUBSCRIPT", "BLACK-LETTER", "PLANCK", "EULER", "INFORMATION", "ALEF", "BET", "GIMEL",
     "DALET", "COMBINING", "TURNED", "REVERSED", "ROTATED"}
)  # fmt: skip


@lru_cache(maxsize=4096)
def script_of(character: str) -> str | None:
    """The script's name as Unicode spells it (`LATIN`, `CJK`, `HIRAGANA`); None for what is no letter of a script."""
    if not character.isalpha():
        return None
    name = unicodedata.name(character, "").removeprefix("FULLWIDTH ").removeprefix("HALFWIDTH ")
    script = name.partition(" ")[0]
    return None if not script or script in _NOT_A_SCRIPT else script


def count_letters(text: str) -> Counter[str]:
    """Letters per script."""
    letters: Counter[str] = Counter()
    for character, count in Counter(text).items():
        script = script_of(character)
        if script is not None:
            letters[script] += count
    return letters
