"""Everything that is measured of a run's answers: certificates, one figure per answer and metric, sentence tints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from evalkit.measure import style, tint
from evalkit.measure.against_reference import delta_tint, distances, null_distances
from evalkit.measure.certificates import certify, group_regenerations, regeneration_agreement
from evalkit.measure.checks import find_misses
from evalkit.measure.damage import DAMAGE_FLAGS, damage_flags, is_cut
from evalkit.measure.genre import GENRE_METRICS, shipped_genres
from evalkit.measure.meaning import Meaning, TextReader
from evalkit.measure.measured import measured
from evalkit.measure.read_answers import ReadAnswer, read_answers
from evalkit.measure.style import STYLE_TEXT_METRICS, style_figures
from evalkit.records.errors import NotMeasuredError
from evalkit.records.generation import Cell, Certificate, Generation
from evalkit.records.run_data import CheckFinding, Measurement
from evalkit.records.scores import (
    DISTANCE_METRICS,
    METRICS,
    AnswerTint,
    Figure,
    Metric,
    Score,
)
from evalkit.records.suite import Suite

Answers = Mapping[Cell, ReadAnswer]
Figures = dict[Metric, Figure]

_OWN_METRICS = (
    *(Metric.TINT, Metric.PEAK_TINT, Metric.DARK_SHARE),
    *(*STYLE_TEXT_METRICS, *GENRE_METRICS),
    *(Metric.N_WORDS, Metric.N_TOKENS, Metric.TOKENS_PER_SECOND),
    *(Metric.DAMAGE, *DAMAGE_FLAGS, Metric.CUT, Metric.INSTRUCTION_MISS),
)


def measure_answers(
    generations: Iterable[Generation],
    *,
    suite: Suite,
    labels: Sequence[str],
    reference_label: str,
    n_regenerations: int,
    read_texts: TextReader,
) -> Measurement:
    """Measure the first, cold regeneration of every (variant, prompt); the later ones certify it.

    The reference's later ones are the null of the distances too. Every metric has a row for every (variant, prompt) of
    the run, with a reason where it has no value.
    """
    generations = tuple(generations)
    prompt_ids = tuple(prompt.id for prompt in suite.prompts)
    certificates = certify(generations, labels=labels, prompt_ids=prompt_ids, n_regenerations=n_regenerations)
    regenerations = group_regenerations(generations)
    read = [
        one for group in regenerations.values() for one in group
        if one.regeneration_index == 0 or one.label == reference_label
    ]  # fmt: skip
    answers = read_answers(read, suite, read_texts)
    checks = tuple(_check_findings(answers, suite, labels))
    scores = []
    for certificate in certificates:
        key = (certificate.label, certificate.prompt_id)
        figures = (
            _agreement(regenerations.get(key, ()), certificate)
            | _figures(answers, certificate, reference_label)
            | _misses(answers, certificate, checks)
        )
        scores += [
            Score(label=key[0], prompt_id=key[1], metric=metric, figure=figures[metric])
            for metric in METRICS
            if metric in figures
        ]
    tints = tuple(_answer_tints(answers, certificates))
    return Measurement(certificates=certificates, scores=tuple(scores), tints=tints, checks=checks)


def _agreement(regenerations: Sequence[Generation], certificate: Certificate) -> Figures:
    figure = measured(lambda: regeneration_agreement(regenerations, certificate))
    return {Metric.REGENERATION_AGREEMENT: figure}


def _figures(answers: Answers, certificate: Certificate, reference_label: str) -> Figures:
    """Every figure of one (variant, prompt) but what its regenerations and its checks say."""
    label, prompt_id = certificate.label, certificate.prompt_id
    ours, theirs = _first(answers, label, prompt_id), _first(answers, reference_label, prompt_id)
    missing = Figure.not_measured(f"{reference_label if ours else label} has no answer to this prompt.")
    own: Figures = dict.fromkeys(_OWN_METRICS, missing) | (_own_figures(ours) if ours else {})
    if label == reference_label:
        later = [
            read for cell, read in answers.items()
            if (cell.label, cell.prompt_id) == (label, prompt_id) and cell.regeneration_index > 0
        ]  # fmt: skip
        return own | (null_distances(certificate, ours, later) if ours else dict.fromkeys(DISTANCE_METRICS, missing))
    if ours is None or theirs is None:
        return own | dict.fromkeys((*DISTANCE_METRICS, Metric.DELTA_TINT), missing)
    return own | distances(ours, theirs) | {Metric.DELTA_TINT: measured(lambda: delta_tint(ours, theirs))}


def _first(answers: Answers, label: str, prompt_id: str) -> ReadAnswer | None:
    return answers.get(Cell(label=label, prompt_id=prompt_id, regeneration_index=0))


def _own_figures(read: ReadAnswer) -> Figures:
    text, generation = read.answer.text, read.generation
    flags = {metric: Figure(value=float(flag)) for metric, flag in damage_flags(read.answer).items()}
    return (
        flags
        | style_figures(text)
        | _genres(read)
        | {
            Metric.TINT: measured(lambda: tint.text_tint(read.sentences)),
            Metric.PEAK_TINT: measured(lambda: tint.peak_tint(read.sentences)),
            Metric.DARK_SHARE: measured(lambda: tint.dark_share(read.sentences)),
            Metric.CUT: measured(lambda: float(is_cut(read.answer))),
            Metric.N_WORDS: Figure(value=float(style.count_words(text))),
            Metric.N_TOKENS: measured(lambda: float(generation.n_tokens)),
            Metric.TOKENS_PER_SECOND: measured(lambda: style.tokens_per_second(generation)),
        }
    )


def _genres(read: ReadAnswer) -> Figures:
    try:
        leanings = shipped_genres().leanings(read.embedding)
    except NotMeasuredError as reason:
        return dict.fromkeys(GENRE_METRICS, Figure.not_measured(str(reason)))
    return {metric: Figure(value=value) for metric, value in leanings.items()}


def _check_findings(answers: Answers, suite: Suite, labels: Sequence[str]) -> Iterator[CheckFinding]:
    for label in labels:
        for prompt in suite.prompts:
            read = _first(answers, label, prompt.id)
            if read is not None:
                yield from find_misses(read.answer, prompt.checks)


def _misses(answers: Answers, certificate: Certificate, checks: Iterable[CheckFinding]) -> Figures:
    """1 when any check of the answer is missed; 0 only when all are met."""
    label, prompt_id = certificate.label, certificate.prompt_id
    if _first(answers, label, prompt_id) is None:
        return {}
    met = [one.is_met for one in checks if (one.label, one.prompt_id) == (label, prompt_id)]
    if not met:
        figure = Figure.not_measured("The suite declares nothing that can be checked of this prompt's answers.")
    elif False in met:
        figure = Figure(value=1.0)
    elif None in met:
        figure = Figure.not_measured("The token limit cut the answer before what was asked could be there.")
    else:
        figure = Figure(value=0.0)
    return {Metric.INSTRUCTION_MISS: figure}


def _answer_tints(answers: Answers, certificates: Iterable[Certificate]) -> Iterator[AnswerTint]:
    for one in certificates:
        read = _first(answers, one.label, one.prompt_id)
        if read is not None and isinstance(read.meaning, Meaning):
            yield AnswerTint(label=one.label, prompt_id=one.prompt_id, sentences=read.meaning.sentences)
