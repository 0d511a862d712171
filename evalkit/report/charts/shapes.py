"""What a picture is made of: typed shapes in the picture's own units, y downwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class ShapeKind(StrEnum):
    """How the template draws it."""

    LINE = "line"
    PATH = "path"
    DOT = "dot"
    BOX = "box"
    TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One mark; the fields of its kind are set, coordinates already written."""

    kind: ShapeKind
    look: str
    """Class in the style sheet."""
    note: str = ""
    """What a reader sees on pointing at it."""
    x: str = ""
    y: str = ""
    x2: str = ""
    y2: str = ""
    d: str = ""
    r: str = ""
    width: str = ""
    height: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """One picture with the words that say what it shows."""

    anchor: str
    title: str
    caption: str
    """How to read it, and what it shows in this run."""
    width: int = 0
    height: int = 0
    shapes: tuple[Shape, ...] = ()
    missing: str = ""
    """Why there is no picture; empty when there is one."""
    is_wide: bool = False
    """It takes the whole width of the page."""


def line(look: str, x: float, y: float, x2: float, y2: float, note: str = "") -> Shape:
    """A straight line."""
    return Shape(kind=ShapeKind.LINE, look=look, x=_c(x), y=_c(y), x2=_c(x2), y2=_c(y2), note=note)


def dot(look: str, x: float, y: float, r: float, note: str = "") -> Shape:
    """A filled circle."""
    return Shape(kind=ShapeKind.DOT, look=look, x=_c(x), y=_c(y), r=_c(r), note=note)


def box(look: str, x: float, y: float, width: float, height: float, note: str = "") -> Shape:
    """A rectangle from its upper left corner."""
    return Shape(kind=ShapeKind.BOX, look=look, x=_c(x), y=_c(y), width=_c(width), height=_c(height), note=note)


def words(look: str, x: float, y: float, text: str) -> Shape:
    """Text on its base line; `look` says which end `x` is."""
    return Shape(kind=ShapeKind.TEXT, look=look, x=_c(x), y=_c(y), text=text)


def polyline(look: str, points: Sequence[tuple[float, float]], note: str = "") -> Shape:
    """An open line through points."""
    return Shape(kind=ShapeKind.PATH, look=look, d="M" + "L".join(f"{_c(x)} {_c(y)}" for x, y in points), note=note)


def curve(look: str, start: tuple[float, float], end: tuple[float, float]) -> Shape:
    """A line that leaves `start` and reaches `end` level."""
    middle = (start[0] + end[0]) / 2
    first, second = f"{_c(middle)} {_c(start[1])}", f"{_c(middle)} {_c(end[1])}"
    d = f"M{_c(start[0])} {_c(start[1])}C{first} {second} {_c(end[0])} {_c(end[1])}"
    return Shape(kind=ShapeKind.PATH, look=look, d=d)


def area(look: str, points: Sequence[tuple[float, float]]) -> Shape:
    """A closed, filled outline."""
    return Shape(kind=ShapeKind.PATH, look=look, d="M" + "L".join(f"{_c(x)} {_c(y)}" for x, y in points) + "Z")


def _c(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
