"""Small pictures of one kind beside one another: one per variant, all on the same scales."""

from __future__ import annotations

from dataclasses import dataclass

PER_ROW = 5
_ACROSS, _DOWN = 176, 146
_LEFT, _TOP = 40, 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Where one of them stands."""

    left: float
    top: float
    right: float
    bottom: float
    is_first: bool
    """First of its row: the one whose axis is written."""


def panel(number: int) -> Panel:
    """The place of the `number`-th picture, from 0, row by row."""
    row, column = divmod(number, PER_ROW)
    left, top = _LEFT + column * _ACROSS, _TOP + row * _DOWN
    return Panel(left=left, top=top, right=left + 150, bottom=top + 96, is_first=column == 0)


def size(n: int) -> tuple[int, int]:
    """Width and height of a picture of `n` panels."""
    return _LEFT + min(PER_ROW, n) * _ACROSS, -(-n // PER_ROW) * _DOWN
