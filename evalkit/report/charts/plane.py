"""Tint against damage: a coloured model is darker, a broken one is damaged, and the plane tells them apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evalkit.records.run_data import RunData
from evalkit.records.scores import Metric, TintDamage
from evalkit.report.charts.frame import Frame
from evalkit.report.charts.labels import place_names
from evalkit.report.charts.scale import Scale
from evalkit.report.charts.shapes import Chart, Shape, dot, line, words
from evalkit.report.format import written
from evalkit.report.visible import visible_name

_WIDTH, _HEIGHT = 560, 400
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 540, 34, 352
_NAME_LIMIT = 12
_PERCENT = 100.0


def tint_against_damage(run: RunData) -> Chart:
    """One dot per variant, the reference left out."""
    anchor, title = "chart-plane", "Tint against damage"
    points = [
        point for point in run.summary.plane if point.delta_tint.value is not None and point.damage.value is not None
    ]
    if not points:
        missing = "No variant of this run has both a delta-tint and a share of damaged answers."
        return Chart(anchor=anchor, title=title, caption="", missing=missing)
    frame = _frame(points)
    return Chart(
        anchor=anchor,
        title=title,
        caption="Up is darker than the reference, right is more damaged. Dark and whole is a colour; dark and damaged "
        "may be the damage speaking.",
        width=_WIDTH,
        height=_HEIGHT,
        shapes=(*frame.shapes(), line("zero", _LEFT, frame.y.at(0.0), _RIGHT, frame.y.at(0.0)), *_marks(points, frame)),
    )


def _frame(points: Sequence[TintDamage]) -> Frame:
    reach = max(abs(point.delta_tint.value or 0.0) for point in points) * 1.15 or 1.0
    return Frame(
        x=Scale(low=0.0, high=_PERCENT * 1.1, start=_LEFT, end=_RIGHT),
        y=Scale(low=-reach, high=reach, start=_BOTTOM, end=_TOP),
        x_title="damaged answers, % →",
        y_title="↑ darker: delta-tint, points",
    )


def _marks(points: Sequence[TintDamage], frame: Frame) -> Iterator[Shape]:
    places = [
        (frame.x.at((point.damage.value or 0.0) * _PERCENT), frame.y.at(point.delta_tint.value or 0.0))
        for point in points
    ]
    names = [visible_name(point.label, _NAME_LIMIT) for point in points]
    for point, name, (x, y) in zip(points, names, places, strict=True):
        tint, damage = written(Metric.DELTA_TINT, point.delta_tint), written(Metric.DAMAGE, point.damage)
        look = "point is-open" if tint.covers_zero else "point"
        yield dot(look, x, y, 4.5, f"{name}: delta-tint {tint.text}, damage {damage.text}")
    for name, (x, y, ends) in zip(names, place_names(places, names, right_end=_WIDTH), strict=True):
        yield words("name end" if ends else "name", x, y, name)
