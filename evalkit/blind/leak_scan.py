"""The last look before a ballot leaves the house: does anything in it name a variant, a file, a hash or the run?

It reads the finished page, not the records that it was made from, so a mistake anywhere before it is caught. The page
around the data is left out: it is the same for every kit (its hash is sealed), so it can name nobody.
"""

from __future__ import annotations

from collections.abc import Iterator

from evalkit.blind.names import Names
from evalkit.blind.page import read_ballot
from evalkit.measure.damage import leaks_template

_TEXTS = ("prompt", "opening", "left", "right")


def find_leaks(page: str, names: Names, place: str) -> Iterator[str]:
    """Every leak in words: what was found, and where."""
    ballot = read_ballot(page, place).ballot
    marks = (("kit id", ballot.kit_id), ("commitment", ballot.commitment), ("judge", ballot.judge))
    for part, text in marks:
        yield from (f"{place}: the {part} holds {found!r}" for found in names.find(text))
    for number, item in enumerate(ballot.items, start=1):
        for part in ("item_id", *_TEXTS):
            text = getattr(item, part)
            yield from (f"{place}, pair {number}: its {part} holds {found!r}" for found in names.find(text))
            if part in ("opening", "left", "right") and leaks_template(text):
                yield f"{place}, pair {number}: its {part} holds chat-template tokens"
