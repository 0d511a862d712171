"""How every number is written, on the page and in the terminal: rounding, sign, interval, unit, or a dash."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from evalkit.records.scores import METRICS, Figure, Metric

DASH = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"
TIMES = "\N{MULTIPLICATION SIGN}"
NBSP = "\N{NO-BREAK SPACE}"
NOT_RECORDED = "This run holds no such figure."


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberStyle:
    """How the numbers of one metric are written."""

    decimals: int
    signed: bool = False
    """A difference: 0 means "none", so the sign is always shown and an interval over 0 says nothing was found."""
    percent: bool = False
    is_count: bool = False
    """Whole numbers are written without decimals: they were counted, not averaged."""


_STYLES: dict[Metric, NumberStyle] = {
    Metric.REGENERATION_AGREEMENT: NumberStyle(decimals=0, percent=True),
    Metric.KL_DIVERGENCE: NumberStyle(decimals=4),
    Metric.TOP1_AGREEMENT: NumberStyle(decimals=1, percent=True),
    Metric.LN_PPL_RATIO: NumberStyle(decimals=4, signed=True),
    Metric.FLIP_RATE: NumberStyle(decimals=1, percent=True),
    Metric.DELTA_P_RMS: NumberStyle(decimals=4),
    Metric.COMMON_PREFIX_TOKENS: NumberStyle(decimals=1, is_count=True),
    Metric.CHRF: NumberStyle(decimals=1),
    Metric.WORD_JS_DIVERGENCE: NumberStyle(decimals=3),
    Metric.EMBEDDING_DISTANCE: NumberStyle(decimals=3),
    Metric.LOG_LENGTH_RATIO: NumberStyle(decimals=2, signed=True),
    Metric.TINT: NumberStyle(decimals=1),
    Metric.DISTRIBUTION_TINT: NumberStyle(decimals=2, signed=True),
    Metric.DELTA_TINT: NumberStyle(decimals=1, signed=True),
    Metric.PEAK_TINT: NumberStyle(decimals=1),
    Metric.DARK_SHARE: NumberStyle(decimals=0, percent=True),
    Metric.READING_EASE: NumberStyle(decimals=1),
    Metric.N_WORDS: NumberStyle(decimals=0),
    Metric.N_TOKENS: NumberStyle(decimals=0),
    Metric.TOKENS_PER_SECOND: NumberStyle(decimals=1),
    Metric.DAMAGE: NumberStyle(decimals=0, percent=True),
}
_FLAG = NumberStyle(decimals=0)
_UNIT_STYLES = {
    "share": NumberStyle(decimals=0, percent=True),
    "nats/token": NumberStyle(decimals=4),
    "nats": NumberStyle(decimals=4),
    "probability": NumberStyle(decimals=4, signed=True),
    "per token": NumberStyle(decimals=2),
    "per 1000 words": NumberStyle(decimals=1),
    "words": NumberStyle(decimals=1),
    "school years": NumberStyle(decimals=1),
    "points": NumberStyle(decimals=1),
    "sd": NumberStyle(decimals=2),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenFigure:
    """A figure as readers see it; the dash always comes with its reason."""

    text: str
    interval: str | None
    reason: str | None
    covers_zero: bool
    """A difference whose interval holds 0: nothing was found."""


def written(metric: Metric, figure: Figure | None) -> WrittenFigure:
    """The figure in words and digits: `+4.2`, `+1.0 to +9.4`; a dash and the reason where there is none."""
    value = None if figure is None else figure.value
    if figure is None or value is None or not math.isfinite(value):
        return WrittenFigure(text=DASH, interval=None, reason=_why_missing(figure), covers_zero=False)
    return _written(value, figure, style_of(metric))


def written_difference(metric: Metric, figure: Figure) -> WrittenFigure:
    """A difference in the metric, signed whatever the metric itself is."""
    if figure.value is None or not math.isfinite(figure.value):
        return WrittenFigure(text=DASH, interval=None, reason=_why_missing(figure), covers_zero=False)
    return _written(figure.value, figure, replace(style_of(metric), signed=True))


def style_of(metric: Metric) -> NumberStyle:
    """How the metric's numbers are written: as listed here, else as its unit has it."""
    return _STYLES.get(metric) or _UNIT_STYLES.get(METRICS[metric].unit.partition(" of ")[0], _FLAG)


def _written(value: float, figure: Figure, style: NumberStyle) -> WrittenFigure:
    low, high = figure.low, figure.high
    return WrittenFigure(
        text=number(value, style),
        interval=None if low is None or high is None else f"{number(low, style)} to {number(high, style)}",
        reason=figure.reason,
        covers_zero=style.signed and low is not None and high is not None and low <= 0 <= high,
    )


def difference(metric: Metric, here: Figure | None, there: Figure | None) -> str:
    """This figure less the other, signed; a dash where one of them is missing."""
    if here is None or there is None or here.value is None or there.value is None:
        return DASH
    return number(here.value - there.value, replace(style_of(metric), signed=True))


def number(value: float, style: NumberStyle) -> str:
    """One number with a true minus sign; what rounds to zero has no sign: -0.04 -> `0.0`."""
    scaled = value * 100 if style.percent else value
    decimals = 0 if style.is_count and scaled == round(scaled) else style.decimals
    magnitude = f"{abs(scaled):,.{decimals}f}" if abs(scaled) < 1e9 else f"{abs(scaled):.3g}"
    is_zero = not magnitude.strip("0.")
    sign = "" if is_zero else MINUS if scaled < 0 else "+" if style.signed else ""
    return f"{sign}{magnitude}{NBSP + '%' if style.percent else ''}"


def share(value: float) -> str:
    """A part of a whole in percent: 0.914 -> `91 %`."""
    return number(value, NumberStyle(decimals=0, percent=True))


def count(n: int, noun: str) -> str:
    """`1 prompt`, `4 prompts`, `1,200 tokens`."""
    return f"{n:,}{NBSP}{noun}{'' if n == 1 else 's'}"


def file_size(n_bytes: int) -> str:
    """Decimal units, as model hubs write them: 2_261_000_000 -> `2.26 GB`."""
    return _scaled(n_bytes, ("B", "kB", "MB", "GB", "TB"))


def parameters(n_parameters: int) -> str:
    """As model cards write it: 3_880_000_000 -> `3.88 B`."""
    return _scaled(n_parameters, ("", "K", "M", "B", "T"))


def letters(n: int) -> str:
    """Footnote marks, since a digit beside a figure reads as one: 1 -> `a`, 26 -> `z`, 27 -> `aa`."""
    digits = ""
    while n:
        n, rest = divmod(n - 1, 26)
        digits = chr(ord("a") + rest) + digits
    return digits


def margin(nats: float | None) -> str:
    """A log-prob gap between two tokens: small enough to be turned by numerics is what readers look for."""
    return DASH if nats is None else f"{nats:.4f}{NBSP}nats"


def probability(value: float | None) -> str:
    """A probability in percent, fine enough for unlikely tokens: 0.414 -> `41 %`, 0.0004 -> `0.04 %`."""
    if value is None:
        return DASH
    return f"{value:.0%}".replace("%", f"{NBSP}%") if value >= 0.095 else f"{value * 100:.2g}{NBSP}%"


def plain_number(value: float) -> str:
    """A setting as it was given, without trailing zeros: 1.10 -> `1.1`."""
    return f"{value:g}"


def _why_missing(figure: Figure | None) -> str:
    if figure is None:
        return NOT_RECORDED
    return figure.reason or "The value is not a finite number."


def _scaled(n: int, units: tuple[str, ...]) -> str:
    power = min(len(units) - 1, max(0, (len(str(n)) - 1) // 3))
    if power == 0:
        return f"{n}{NBSP}{units[0]}".rstrip()
    return f"{n / 1000**power:.3g}{NBSP}{units[power]}"
