"""KL along the token position, above the band in which the reference strays from itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evalkit.records.divergence import PositionalProfile, ProfilePoint
from evalkit.records.run_data import RunData
from evalkit.report.charts.panels import panel, size
from evalkit.report.charts.scale import Scale, tick_words
from evalkit.report.charts.shapes import Chart, Shape, area, box, line, polyline, words
from evalkit.report.format import share
from evalkit.report.visible import visible_name

_NAME_LIMIT = 16


def profile_chart(run: RunData) -> Chart:
    """One small picture per variant, all on the same scales."""
    anchor, title = "chart-profile", "KL along the answer"
    profiles = [profile for profile in (run.divergence.profiles if run.divergence else ()) if profile.points]
    if not profiles:
        return Chart(
            anchor=anchor, title=title, caption="", missing="This run holds no divergence position by position."
        )
    last = max(point.token for profile in profiles for point in profile.points)
    highest = max(point.kl_nats for profile in profiles for point in profile.points)
    width, height = size(len(profiles))
    return Chart(
        anchor=anchor,
        title=title,
        caption=f"Moving mean over {profiles[0].window} tokens of the reference’s own answer, nats per token, with its "
        "95 % interval over prompts. The band at the foot is noise: 95 % of the reference’s windows against itself "
        "in other kernels lie in it." + _longer(run),
        width=width,
        height=height,
        shapes=tuple(
            shape
            for number, profile in enumerate(profiles)
            for shape in _panel(number, profile, float(last), highest or 1.0)
        ),
        is_wide=True,
    )


def _longer(run: RunData) -> str:
    tests = run.divergence.length_tests if run.divergence else ()
    verdicts = dict.fromkeys(test.verdict for test in tests if test.verdict)
    if len(verdicts) != 1:
        return ""
    return f" With every variant: {next(iter(verdicts))}."


def _panel(number: int, profile: PositionalProfile, last: float, highest: float) -> Iterator[Shape]:
    place = panel(number)
    x = Scale(low=0.0, high=last, start=place.left, end=place.right)
    y = Scale(low=0.0, high=highest * 1.05, start=place.bottom, end=place.top)
    if profile.null_high_nats is not None:
        top = y.at(profile.null_high_nats)
        yield box("null", place.left, top, place.right - place.left, place.bottom - top, "noise")
    for value in y.ticks(2):
        yield line("grid", place.left, y.at(value), place.right, y.at(value))
        if place.is_first:
            yield words("tick end", place.left - 6, y.at(value) + 4, tick_words(value))
    yield words("name", place.left, place.top - 8, visible_name(profile.label, _NAME_LIMIT))
    yield words("tick", place.left, place.bottom + 14, "0")
    yield words("tick end", place.right, place.bottom + 14, f"{last:,.0f} tokens")
    if profile.share_above_null is not None:
        yield words("tick end", place.right, place.top - 8, f"{share(profile.share_above_null)} above noise")
    band = [point for point in profile.points if point.low is not None and point.high is not None]
    if band:
        yield area("band", _outline(band, x, y))
    yield polyline("curve", [(x.at(point.token), y.at(point.kl_nats)) for point in profile.points])


def _outline(points: Sequence[ProfilePoint], x: Scale, y: Scale) -> list[tuple[float, float]]:
    upper = [(x.at(point.token), y.at(point.high or 0.0)) for point in points]
    lower = [(x.at(point.token), y.at(point.low or 0.0)) for point in reversed(points)]
    return upper + lower
