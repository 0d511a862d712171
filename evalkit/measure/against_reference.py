"""An answer beside the reference's, and the null of each distance: the reference's regenerations beside its first."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial

from evalkit.measure import distance, tint
from evalkit.measure.measured import blaming, measured
from evalkit.measure.read_answers import ReadAnswer
from evalkit.records.generation import Certificate, CertificateState
from evalkit.records.scores import DISTANCE_METRICS, Figure, Metric

_Compare = Callable[[ReadAnswer, ReadAnswer], float]


def distances(ours: ReadAnswer, theirs: ReadAnswer) -> dict[Metric, Figure]:
    """Every distance of two answers to one prompt."""
    return {metric: measured(partial(compare, ours, theirs)) for metric, compare in _DISTANCES.items()}


def null_distances(certificate: Certificate, first: ReadAnswer, later: Sequence[ReadAnswer]) -> dict[Metric, Figure]:
    """What the distances are where nothing but a second try differs: the later regenerations' mean.

    Where the regenerations are identical, each is exactly that of equal texts: 0, or chrF 100.
    """
    if certificate.state is CertificateState.NOT_MEASURED or not later:
        reason = f"The null was not measured: {certificate.reason or 'there is one regeneration.'}"
        return dict.fromkeys(DISTANCE_METRICS, Figure.not_measured(reason))
    figures = [distances(other, first) for other in later]
    return {metric: _mean([figure[metric] for figure in figures]) for metric in DISTANCE_METRICS}


def delta_tint(ours: ReadAnswer, theirs: ReadAnswer) -> float:
    """Tint minus the reference's, points; above 0 is darker."""
    tint_of_answer = tint.text_tint(ours.sentences)
    with blaming(theirs.answer.label):
        return tint_of_answer - tint.text_tint(theirs.sentences)


def _embedding_distance(ours: ReadAnswer, theirs: ReadAnswer) -> float:
    embedding = ours.embedding
    with blaming(theirs.answer.label):
        return distance.embedding_distance(embedding, theirs.embedding)


def _of_texts(compare: Callable[..., float]) -> _Compare:
    return lambda ours, theirs: compare(ours.answer, theirs.answer)


def _mean(figures: Sequence[Figure]) -> Figure:
    values = [figure.value for figure in figures if figure.value is not None]
    if len(values) < len(figures):
        return next(figure for figure in figures if figure.value is None)
    return Figure(value=math.fsum(values) / len(values), n=len(values))


_DISTANCES: dict[Metric, _Compare] = {
    Metric.COMMON_PREFIX_TOKENS: _of_texts(distance.common_prefix_tokens),
    Metric.CHRF: _of_texts(distance.chrf),
    Metric.WORD_JS_DIVERGENCE: _of_texts(distance.word_js_divergence_bits),
    Metric.EMBEDDING_DISTANCE: _embedding_distance,
    Metric.LOG_LENGTH_RATIO: _of_texts(distance.log_length_ratio),
}
