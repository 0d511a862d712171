"""From figures to places in a picture, and round numbers for its axes."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """A straight map from [low, high] to [start, end]; `start > end` turns it round, as y axes need."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """The place of a value; values outside stay at the nearer end."""
        if self.high == self.low:
            return (self.start + self.end) / 2
        part = min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))
        return self.start + part * (self.end - self.start)

    def ticks(self, n: int = 5) -> tuple[float, ...]:
        """About `n` round numbers within [low, high]: steps are 1, 2 or 5 times a power of ten."""
        span = self.high - self.low
        if span <= 0 or not math.isfinite(span):
            return (self.low,)
        step = round_step(span / max(1, n))
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return tuple(i * step for i in range(first, last + 1))


def round_step(rough: float) -> float:
    """The smallest of 1, 2, 5 times a power of ten that is not below `rough`: 0.013 -> 0.02."""
    power = 10.0 ** math.floor(math.log10(rough))
    return next((factor * power for factor in (1, 2, 5) if factor * power >= rough * (1 - 1e-9)), 10 * power)


def tick_words(value: float) -> str:
    """A round number without needless zeros, with a true minus sign: -0.05 -> `\N{MINUS SIGN}0.05`."""
    text = f"{abs(value):.10f}".rstrip("0").rstrip(".") or "0"
    return f"\N{MINUS SIGN}{text}" if value < 0 and text != "0" else text
