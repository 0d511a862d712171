"""Shares, points and p-values of votes as they are written."""

from __future__ import annotations

from dataclasses import dataclass

from evalkit.records.scores import Figure
from evalkit.report.format import DASH, MINUS, NBSP, share


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureText:
    """A figure, its interval in words, and why one of them is missing."""

    text: str
    interval: str
    reason: str


def figure_text(figure: Figure, *, signed: bool = False) -> FigureText:
    """A share in percent, or points on the scale of arenas."""
    if figure.value is None:
        return FigureText(text=DASH, interval="", reason=figure.reason or "")
    write = _points if signed else share
    interval = "" if figure.low is None or figure.high is None else f"{write(figure.low)} to {write(figure.high)}"
    return FigureText(text=write(figure.value), interval=interval, reason=figure.reason or "")


def _points(value: float) -> str:
    text = f"{abs(value):,.0f}"
    return text if text == "0" else f"{MINUS if value < 0 else '+'}{text}"


def p_text(value: float) -> str:
    """Three decimals; below that, that it is below."""
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def share_with_p(figure: Figure, p: float | None) -> FigureText:
    """A share, its interval and the p of "one half"."""
    text = figure_text(figure)
    if p is None:
        return text
    return FigureText(text=text.text, interval=f"{text.interval}, p{NBSP}{_equal(p)}", reason=text.reason)


def _equal(p: float) -> str:
    return p_text(p) if p < 0.001 else f"={NBSP}{p_text(p)}"
