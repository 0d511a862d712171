"""Where in the text tint rises: the sentences' tint along the answer, tenth by tenth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evalkit.records.run_data import RunData
from evalkit.records.scores import Metric, SentenceTint
from evalkit.report.charts.panels import panel, size
from evalkit.report.charts.scale import Scale
from evalkit.report.charts.shapes import Chart, Shape, line, polyline, words
from evalkit.report.visible import visible_name

N_PARTS = 10
_NAME_LIMIT = 16
_LOWEST, _HIGHEST = 0.0, 100.0


def tint_course_chart(run: RunData) -> Chart:
    """One small picture per variant, the reference's line in each of them."""
    courses = {
        variant.label: course
        for variant in run.manifest.config.family.variants
        if (course := mean_course([row.sentences for row in run.measurement.tints if row.label == variant.label]))
    }
    title, anchor = "Where in the text tint rises", "chart-course"
    if not courses:
        return Chart(anchor=anchor, title=title, caption="", missing=_reason(run))
    reference = run.manifest.config.family.reference.label
    width, height = size(len(courses))
    return Chart(
        anchor=anchor,
        title=title,
        caption=f"Mean tint of each tenth of the answers' words, over the prompts where it was measured; grey is "
        f"{visible_name(reference, _NAME_LIMIT)}. 50 is the boundary of horror.",
        width=width,
        height=height,
        shapes=tuple(
            shape
            for number, (label, course) in enumerate(courses.items())
            for shape in _panel(number, label, course, courses.get(reference), label == reference)
        ),
        is_wide=True,
    )


def mean_course(answers: Sequence[Sequence[SentenceTint]]) -> tuple[float, ...]:
    """Tint of each tenth of the words, averaged over answers; empty where no answer has a measured sentence."""
    courses = [course for sentences in answers if (course := text_course(sentences))]
    return tuple(sum(values) / len(values) for values in zip(*courses, strict=True))


def text_course(sentences: Sequence[SentenceTint]) -> tuple[float, ...]:
    """Word-weighted mean tint of each tenth of one answer's words, clipped to 0..100 as the answer's own tint is.

    A sentence that lies across a border counts on either side with the words that it has there.
    """
    n_words = sum(sentence.n_words for sentence in sentences)
    if not n_words:
        return ()
    sums = [0.0] * N_PARTS
    size = n_words / N_PARTS
    begin = 0.0
    for sentence in sentences:
        end = begin + sentence.n_words
        for part in range(int(begin / size), min(N_PARTS, int(end / size) + 1)):
            overlap = min(end, (part + 1) * size) - max(begin, part * size)
            sums[part] += max(0.0, overlap) * sentence.tint
        begin = end
    return tuple(min(_HIGHEST, max(_LOWEST, total / size)) for total in sums)


def _reason(run: RunData) -> str:
    figures = (summary.figures.get(Metric.TINT) for summary in run.summary.variants)
    reasons = dict.fromkeys(figure.reason for figure in figures if figure and figure.reason)
    return " ".join(reasons) or "No answer of this run has its sentences' tint."


def _panel(
    number: int, label: str, course: Sequence[float], reference: Sequence[float] | None, is_reference: bool
) -> Iterator[Shape]:
    place = panel(number)
    x = Scale(low=0.5, high=N_PARTS - 0.5, start=place.left + 4, end=place.right - 4)
    y = Scale(low=_LOWEST, high=_HIGHEST, start=place.bottom, end=place.top)
    yield words("name", place.left, place.top - 8, visible_name(label, _NAME_LIMIT))
    for value in (_LOWEST, (_LOWEST + _HIGHEST) / 2, _HIGHEST):
        yield line("grid", place.left, y.at(value), place.right, y.at(value))
        if place.is_first:
            yield words("tick end", place.left - 6, y.at(value) + 4, f"{value:.0f}")
    yield words("tick", place.left, place.bottom + 14, "start")
    yield words("tick end", place.right, place.bottom + 14, "end")
    if reference is not None:
        yield polyline("curve is-reference", _places(reference, x, y))
    if not is_reference:
        yield polyline("curve", _places(course, x, y))


def _places(course: Sequence[float], x: Scale, y: Scale) -> list[tuple[float, float]]:
    return [(x.at(part + 0.5), y.at(value)) for part, value in enumerate(course)]
