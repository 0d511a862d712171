"""Everything that is measured of a run's answers: certificates, one figure per answer and metric, sentence tints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from evalkit.measure import distance, style, tint
from evalkit.measure.certificates import certify, group_regenerations, regeneration_agreement
from evalkit.measure.damage import DAMAGE_FLAGS, damage_flags
from evalkit.measure.embedder import Embedder, EmbedderUnavailable, Vectors
from evalkit.measure.meaning import Meaning, read_meanings
from evalkit.measure.measured import blaming, measured
from evalkit.records.errors import NotMeasuredError
from evalkit.records.generation import Certificate, Generation, StopReason
from evalkit.records.run_data import Measurement
from evalkit.records.scores import METRICS, REFERENCE_METRICS, Answer, AnswerTint, Figure, Metric, Score, SentenceTint
from evalkit.records.suite import Suite

Key = tuple[str, str]
"""Label and prompt id."""
Figures = dict[Metric, Figure]

_OWN_METRICS = (
    *(Metric.TINT, Metric.PEAK_TINT, Metric.DARK_SHARE),
    *(Metric.READING_EASE, Metric.N_WORDS, Metric.N_TOKENS, Metric.TOKENS_PER_SECOND),
    *(Metric.DAMAGE, *DAMAGE_FLAGS, Metric.CUT),
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReadAnswer:
    """One answer with what the embedder made of it."""

    answer: Answer
    generation: Generation
    meaning: Meaning | NotMeasuredError

    @property
    def sentences(self) -> tuple[SentenceTint, ...]:
        """Raises the reason where the answer was not embedded."""
        return self._embedded().sentences

    @property
    def embedding(self) -> Vectors:
        """Raises the reason where the answer was not embedded."""
        return self._embedded().embedding

    def _embedded(self) -> Meaning:
        if isinstance(self.meaning, NotMeasuredError):
            raise self.meaning
        return self.meaning


def measure_answers(
    generations: Iterable[Generation],
    *,
    suite: Suite,
    labels: Sequence[str],
    reference_label: str,
    n_regenerations: int,
    embedder: Embedder | EmbedderUnavailable,
) -> Measurement:
    """Measure the first, cold regeneration of every (variant, prompt); the later ones only certify it.

    Every metric has a row for every (variant, prompt) of the run, with a reason where it has no value.
    """
    generations = tuple(generations)
    prompt_ids = tuple(prompt.id for prompt in suite.prompts)
    certificates = certify(generations, labels=labels, prompt_ids=prompt_ids, n_regenerations=n_regenerations)
    regenerations = group_regenerations(generations)
    answers = _read_answers(generations, suite, embedder)
    scores = []
    for certificate in certificates:
        key = (certificate.label, certificate.prompt_id)
        figures = _agreement(regenerations.get(key, ()), certificate) | _figures(answers, key, reference_label)
        scores += [
            Score(label=key[0], prompt_id=key[1], metric=metric, figure=figures[metric])
            for metric in METRICS
            if metric in figures
        ]
    tints = _answer_tints(answers, [(certificate.label, certificate.prompt_id) for certificate in certificates])
    return Measurement(certificates=certificates, scores=tuple(scores), tints=tuple(tints))


def _read_answers(
    generations: Iterable[Generation], suite: Suite, embedder: Embedder | EmbedderUnavailable
) -> dict[Key, ReadAnswer]:
    prompts = {prompt.id: "\n".join(filter(None, (suite.system, prompt.text))) for prompt in suite.prompts}
    first = [item for item in generations if item.regeneration_index == 0 and item.prompt_id in prompts]
    meanings = read_meanings((generation.text for generation in first), embedder)
    return {
        (generation.label, generation.prompt_id): ReadAnswer(
            answer=_as_answer(generation, prompts[generation.prompt_id]),
            generation=generation,
            meaning=meanings[generation.text],
        )
        for generation in first
    }


def _as_answer(generation: Generation, prompt_text: str) -> Answer:
    return Answer(
        label=generation.label,
        prompt_id=generation.prompt_id,
        prompt_text=prompt_text,
        text=generation.text,
        token_ids=generation.token_ids,
        cut=generation.stop_reason is StopReason.MAX_TOKENS,
    )


def _agreement(regenerations: Sequence[Generation], certificate: Certificate) -> Figures:
    figure = measured(lambda: regeneration_agreement(regenerations, certificate))
    return {Metric.REGENERATION_AGREEMENT: figure}


def _figures(answers: Mapping[Key, ReadAnswer], key: Key, reference_label: str) -> Figures:
    """Every figure of one (variant, prompt) but what its regenerations say."""
    label, prompt_id = key
    is_reference = label == reference_label
    ours, theirs = answers.get(key), answers.get((reference_label, prompt_id))
    missing = Figure.not_measured(f"{reference_label if ours else label} has no answer to this prompt.")
    figures = dict.fromkeys((*_OWN_METRICS, *(() if is_reference else REFERENCE_METRICS)), missing)
    if ours is not None:
        figures |= _own_figures(ours)
    if ours is not None and theirs is not None and not is_reference:
        figures |= _reference_figures(ours, theirs)
    return figures


def _own_figures(read: ReadAnswer) -> Figures:
    text, generation = read.answer.text, read.generation
    flags = {metric: Figure(value=float(flag)) for metric, flag in damage_flags(read.answer).items()}
    return flags | {
        Metric.TINT: measured(lambda: tint.text_tint(read.sentences)),
        Metric.PEAK_TINT: measured(lambda: tint.peak_tint(read.sentences)),
        Metric.DARK_SHARE: measured(lambda: tint.dark_share(read.sentences)),
        Metric.READING_EASE: measured(lambda: style.reading_ease(text)),
        Metric.N_WORDS: Figure(value=float(style.count_words(text))),
        Metric.N_TOKENS: Figure(value=float(generation.n_tokens)),
        Metric.TOKENS_PER_SECOND: measured(lambda: style.tokens_per_second(generation)),
    }


def _reference_figures(ours: ReadAnswer, theirs: ReadAnswer) -> Figures:
    answer, reference = ours.answer, theirs.answer
    return {
        Metric.COMMON_PREFIX_TOKENS: measured(lambda: distance.common_prefix_tokens(answer, reference)),
        Metric.CHRF: measured(lambda: distance.chrf(answer, reference)),
        Metric.WORD_JS_DIVERGENCE: measured(lambda: distance.word_js_divergence_bits(answer, reference)),
        Metric.EMBEDDING_DISTANCE: measured(lambda: _embedding_distance(ours, theirs)),
        Metric.LOG_LENGTH_RATIO: measured(lambda: distance.log_length_ratio(answer, reference)),
        Metric.DELTA_TINT: measured(lambda: _delta_tint(ours, theirs)),
    }


def _embedding_distance(ours: ReadAnswer, theirs: ReadAnswer) -> float:
    embedding = ours.embedding
    with blaming(theirs.answer.label):
        return distance.embedding_distance(embedding, theirs.embedding)


def _delta_tint(ours: ReadAnswer, theirs: ReadAnswer) -> float:
    tint_of_answer = tint.text_tint(ours.sentences)
    with blaming(theirs.answer.label):
        return tint_of_answer - tint.text_tint(theirs.sentences)


def _answer_tints(answers: Mapping[Key, ReadAnswer], keys: Iterable[Key]) -> Iterator[AnswerTint]:
    for key in keys:
        read = answers.get(key)
        if read is not None and isinstance(read.meaning, Meaning):
            yield AnswerTint(label=key[0], prompt_id=key[1], sentences=read.meaning.sentences)
