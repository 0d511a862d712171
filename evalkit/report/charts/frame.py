"""Axes: the parts of a picture that only say where things are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from evalkit.report.charts.scale import Scale, tick_words
from evalkit.report.charts.shapes import Shape, line, words


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A plot's two scales and what is written along them."""

    x: Scale
    y: Scale
    x_title: str
    y_title: str
    n_x: int = 5
    n_y: int = 5

    def shapes(self) -> Iterator[Shape]:
        """Grid lines, tick labels and titles."""
        left, right = self.x.start, self.x.end
        top, bottom = min(self.y.start, self.y.end), max(self.y.start, self.y.end)
        for value in self.y.ticks(self.n_y):
            at = self.y.at(value)
            yield line("grid", left, at, right, at)
            yield words("tick end", left - 6, at + 4, tick_words(value))
        for value in self.x.ticks(self.n_x):
            at = self.x.at(value)
            yield line("grid", at, bottom, at, bottom + 4)
            yield words("tick middle", at, bottom + 18, tick_words(value))
        yield line("axis", left, bottom, right, bottom)
        yield words("axis-title end", right, bottom + 36, self.x_title)
        yield words("axis-title", 0, top - 12, self.y_title)
