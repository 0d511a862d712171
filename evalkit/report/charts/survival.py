"""Agreement survival: the share of answers that still equal the reference's after n tokens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evalkit.records.divergence import SurvivalCurve
from evalkit.records.run_data import RunData
from evalkit.report.charts.frame import Frame
from evalkit.report.charts.scale import Scale
from evalkit.report.charts.shapes import Chart, Shape, polyline
from evalkit.report.format import count

ALL_VARIANTS = "*"
_WIDTH, _HEIGHT = 560, 400
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 540, 34, 352


def survival_chart(run: RunData) -> Chart:
    """Every variant's steps, and all of them together."""
    anchor, title = "chart-survival", "How long answers agree"
    curves = run.divergence.survival if run.divergence else ()
    if not curves:
        return Chart(
            anchor=anchor, title=title, caption="", missing="This run holds no reading of where its answers fork."
        )
    last = max((point.token for curve in curves for point in curve.points), default=0)
    frame = Frame(
        x=Scale(low=0.0, high=max(1.0, last * 1.05), start=_LEFT, end=_RIGHT),
        y=Scale(low=0.0, high=1.0, start=_BOTTOM, end=_TOP),
        x_title="tokens of the answer →",
        y_title="share of answers that still equal the reference’s",
    )
    return Chart(
        anchor=anchor,
        title=title,
        caption=_caption(curves),
        width=_WIDTH,
        height=_HEIGHT,
        shapes=(*frame.shapes(), *_curves(curves, frame)),
    )


def _caption(curves: Sequence[SurvivalCurve]) -> str:
    words = "Kaplan-Meier steps: each falls where an answer forks. Thin: one variant; thick: all variants together."
    together = next((curve for curve in curves if curve.label == ALL_VARIANTS), None)
    if together is None or together.median_tokens is None:
        return words
    return f"{words} Half of all {count(together.n_answers, 'answer')} had left it after {together.median_tokens:.0f}."


def _curves(curves: Sequence[SurvivalCurve], frame: Frame) -> Iterator[Shape]:
    for curve in curves:
        if curve.label != ALL_VARIANTS:
            note = f"{curve.label}: {curve.n_forks} of {count(curve.n_answers, 'answer')} forked"
            if curve.median_tokens is not None:
                note += f", half of them after {count(round(curve.median_tokens), 'token')}"
            yield polyline("curve is-thin", steps(curve, frame.x, frame.y), note)
    for curve in curves:
        if curve.label == ALL_VARIANTS:
            yield polyline("curve is-thick", steps(curve, frame.x, frame.y), "all variants together")


def steps(curve: SurvivalCurve, x: Scale, y: Scale) -> list[tuple[float, float]]:
    """Corners of the steps: level until the next fork, then straight down; level to the picture's end."""
    corners = [(x.start, y.at(1.0))]
    for point in curve.points:
        for height in (corners[-1][1], y.at(point.survival)):
            if corners[-1] != (x.at(point.token), height):
                corners.append((x.at(point.token), height))
    corners.append((x.end, corners[-1][1]))
    return corners
