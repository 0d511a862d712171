"""Tint against divergence: is a variant that strays further from the reference also darker?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evalkit.records.run_data import RunData
from evalkit.records.scores import Figure, Metric
from evalkit.report.charts.frame import Frame
from evalkit.report.charts.labels import place_names
from evalkit.report.charts.scale import Scale
from evalkit.report.charts.shapes import Chart, Shape, dot, line, words
from evalkit.report.format import written
from evalkit.report.visible import visible_name

_WIDTH, _HEIGHT = 560, 400
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 540, 34, 352
_NAME_LIMIT = 12
_ZOOM = 2.5
"""How much further than its dots the picture shows: wide intervals leave it, rather than press the dots together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tint:
    """One of the two ways to tell how dark a variant is."""

    metric: Metric
    anchor: str
    title: str
    axis_title: str
    name: str


_OF_NEXT_TOKENS = _Tint(
    metric=Metric.DISTRIBUTION_TINT,
    anchor="chart-next-tokens",
    title="Tint of the next token against divergence",
    axis_title="↑ darker: horror words expected per 1,000 tokens, less the reference’s",
    name="next-token tint",
)
_OF_TEXTS = _Tint(
    metric=Metric.DELTA_TINT,
    anchor="chart-scatter",
    title="Tint of the texts against divergence",
    axis_title="↑ darker: delta-tint, points",
    name="delta-tint",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Point:
    label: str
    x: Figure
    y: Figure


def next_token_tint_against_divergence(run: RunData) -> Chart:
    """One dot per variant with both intervals; tint as the distributions have it, which resolves most."""
    return _scatter(run, _OF_NEXT_TOKENS)


def tint_against_divergence(run: RunData) -> Chart:
    """One dot per variant with both intervals; tint as a reader of the answers can see it."""
    return _scatter(run, _OF_TEXTS)


def _scatter(run: RunData, tint: _Tint) -> Chart:
    reference = run.manifest.config.family.reference.label
    points = tuple(_points(run, reference, tint))
    chart = Chart(
        anchor=tint.anchor,
        title=tint.title,
        caption=f"Each dot is one variant, beside {visible_name(reference, _NAME_LIMIT)} at 0. Lines are 95 % "
        "intervals over prompts; one that leaves the picture ends in a bar at its edge. A dot whose upright line "
        "crosses 0 is not known to differ in tint.",
    )
    if not points:
        return _without(chart, run, tint)
    frame = _frame(points, tint)
    return Chart(
        anchor=chart.anchor,
        title=chart.title,
        caption=chart.caption,
        width=_WIDTH,
        height=_HEIGHT,
        shapes=(*frame.shapes(), *_zero(frame), *_marks(points, frame, tint), *_names(points, frame)),
    )


def _points(run: RunData, reference: str, tint: _Tint) -> Iterator[_Point]:
    for summary in run.summary.variants:
        x, y = summary.figures.get(Metric.KL_DIVERGENCE), summary.figures.get(tint.metric)
        if summary.label != reference and x and y and x.value is not None and y.value is not None:
            yield _Point(label=summary.label, x=x, y=y)


def _without(chart: Chart, run: RunData, tint: _Tint) -> Chart:
    figures = (
        summary.figures.get(metric)
        for summary in run.summary.variants[1:]
        for metric in (tint.metric, Metric.KL_DIVERGENCE)
    )
    reasons = dict.fromkeys(figure.reason for figure in figures if figure and figure.value is None and figure.reason)
    missing = " ".join(reasons) or "No variant of this run has both a tint and a KL divergence."
    return Chart(anchor=chart.anchor, title=chart.title, caption="", missing=missing)


def _frame(points: Sequence[_Point], tint: _Tint) -> Frame:
    values = [point.y.value or 0.0 for point in points]
    bounds = [bound for point in points for bound in (point.y.low, point.y.high) if bound is not None]
    reach = max(map(abs, values)) or 1.0
    widest = max(map(abs, [*values, *bounds]))
    limit = min(widest, reach * _ZOOM) * 1.05
    furthest = max(value for point in points for value in (point.x.value, point.x.high) if value is not None)
    return Frame(
        x=Scale(low=0.0, high=furthest * 1.05 or 1.0, start=_LEFT, end=_RIGHT),
        y=Scale(low=-limit, high=limit, start=_BOTTOM, end=_TOP),
        x_title="KL divergence, nats per token: further from the reference →",
        y_title=tint.axis_title,
    )


def _zero(frame: Frame) -> Iterator[Shape]:
    at = frame.y.at(0.0)
    yield line("zero", frame.x.start, at, frame.x.end, at)


def _marks(points: Sequence[_Point], frame: Frame, tint: _Tint) -> Iterator[Shape]:
    for point in points:
        x, y = frame.x.at(point.x.value or 0.0), frame.y.at(point.y.value or 0.0)
        if point.x.low is not None and point.x.high is not None:
            yield line("span", frame.x.at(point.x.low), y, frame.x.at(point.x.high), y)
        if point.y.low is not None and point.y.high is not None:
            yield line("span", x, frame.y.at(point.y.low), x, frame.y.at(point.y.high))
            yield from _stops(x, point.y.low, point.y.high, frame.y)
    for point in points:
        shown_x, shown_y = written(Metric.KL_DIVERGENCE, point.x), written(tint.metric, point.y)
        note = (
            f"{visible_name(point.label, _NAME_LIMIT)}: KL {shown_x.text} ({shown_x.interval or 'no interval'}), "
            f"{tint.name} {shown_y.text} ({shown_y.interval or 'no interval'})"
        )
        look = "point is-open" if shown_y.covers_zero else "point"
        yield dot(look, frame.x.at(point.x.value or 0.0), frame.y.at(point.y.value or 0.0), 4.5, note)


def _stops(x: float, low: float, high: float, scale: Scale) -> Iterator[Shape]:
    if low < scale.low:
        yield line("stop", x - 4, scale.start, x + 4, scale.start)
    if high > scale.high:
        yield line("stop", x - 4, scale.end, x + 4, scale.end)


def _names(points: Sequence[_Point], frame: Frame) -> Iterator[Shape]:
    names = [visible_name(point.label, _NAME_LIMIT) for point in points]
    dots = [(frame.x.at(point.x.value or 0.0), frame.y.at(point.y.value or 0.0)) for point in points]
    places = place_names(dots, names, right_end=_WIDTH)
    for (x, y, ends), name in zip(places, names, strict=True):
        yield words("name end" if ends else "name", x, y, name)
