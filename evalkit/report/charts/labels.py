"""Where names go beside their dots, so that none covers another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

_CHARACTER = 8.0
"""Width of one, in the picture's units, at the size that names are set in."""
_HEIGHT = 14.0
_OFFSETS = tuple((side, shift) for shift in (0.0, -12.0, 12.0, -24.0, 24.0, -38.0, 38.0) for side in ("right", "left"))

Box = tuple[float, float, float, float]


def place_names(
    dots: Sequence[tuple[float, float]], names: Sequence[str], *, right_end: float
) -> tuple[tuple[float, float, bool], ...]:
    """For each dot (x, y of the base line, whether the text ends there): the first free place around it.

    Taken in order, so earlier names keep the better places; where all are taken, the last one is used all the same.
    """
    taken: list[Box] = [(x - 5, y - 5, x + 5, y + 5) for x, y in dots]
    places = []
    for (x, y), name in zip(dots, names, strict=True):
        options = list(_options(x, y, len(name) * _CHARACTER, right_end))
        box, ends = next(((b, e) for b, e in options if not any(_overlap(b, other) for other in taken)), options[-1])
        taken.append(box)
        places.append((box[2] if ends else box[0], box[3] - 4, ends))
    return tuple(places)


def _options(x: float, y: float, width: float, right_end: float) -> Iterator[tuple[Box, bool]]:
    for side, shift in _OFFSETS:
        if side == "right" and x + 8 + width <= right_end:
            yield (x + 8, y + shift - _HEIGHT / 2, x + 8 + width, y + shift + _HEIGHT / 2), False
        if side == "left":
            yield (x - 8 - width, y + shift - _HEIGHT / 2, x - 8, y + shift + _HEIGHT / 2), True


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
