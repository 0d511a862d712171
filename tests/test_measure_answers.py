"""Every (variant, prompt) gets a row for every metric: a value, or the reason why there is none."""

import random
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from evalkit.measure.answers import measure_answers
from evalkit.measure.embedder import Embedder, EmbedderUnavailable
from evalkit.measure.genre import GENRE_METRICS
from evalkit.measure.meaning import read_meanings, text_reader
from evalkit.records.generation import CertificateState, Generation, Method, StopReason
from evalkit.records.run_data import Measurement
from evalkit.records.scores import DISTANCE_METRICS, METRICS, REFERENCE_METRICS, Figure, Metric, MetricGroup
from evalkit.records.suite import Check, CheckKind
from evalkit.records.tint_reader import TintMethod, TintReader
from tests.measure_samples import PUBLISHED, WordEmbedder, suite, written, written_thrice

NO_EMBEDDER = EmbedderUnavailable("There is no embedder here.")
FROM_POSITIONS = {metric for metric, info in METRICS.items() if info.group is MetricGroup.DIVERGENCE} | {
    Metric.DISTRIBUTION_TINT
}
EMBEDDED = {
    *(Metric.TINT, Metric.PEAK_TINT, Metric.DARK_SHARE, Metric.DELTA_TINT, Metric.EMBEDDING_DISTANCE),
    *GENRE_METRICS,
}
UNDECLARED = {Metric.INSTRUCTION_MISS}
"""What the sample suite declares nothing for."""
TEXTS = {(label, prompt): PUBLISHED[label] for label in ("M1", "M2", "M7") for prompt in ("waystone", "inn")}


def measure(
    generations: tuple[Generation, ...], embedder: Embedder | EmbedderUnavailable | None = None, **changes: object
) -> Measurement:
    arguments = {"suite": suite("waystone", "inn"), "labels": ("M1", "M2", "M7"), "reference_label": "M1"} | changes
    reader = partial(read_meanings, embedder=embedder or WordEmbedder())
    return measure_answers(generations, n_regenerations=3, **{"read_texts": reader} | arguments)


def figures(measurement: Measurement, label: str, prompt_id: str = "waystone") -> dict[Metric, Figure]:
    return {
        score.metric: score.figure
        for score in measurement.scores
        if (score.label, score.prompt_id) == (label, prompt_id)
    }


def test_every_metric_has_one_row_per_answer_and_the_reference_no_delta_to_itself() -> None:
    measurement = measure(written_thrice(TEXTS))
    assert set(figures(measurement, "M7")) == set(METRICS) - FROM_POSITIONS
    assert set(figures(measurement, "M1")) == set(METRICS) - FROM_POSITIONS - set(REFERENCE_METRICS)
    rows = [(score.label, score.prompt_id, score.metric) for score in measurement.scores]
    assert len(rows) == len(set(rows))
    assert {score.metric for score in measurement.scores if score.figure.value is None} == UNDECLARED


def test_an_answer_equal_to_the_references_has_no_distance() -> None:
    found = figures(measure(written_thrice(TEXTS | {("M2", "waystone"): PUBLISHED["M1"]})), "M2")
    assert found[Metric.COMMON_PREFIX_TOKENS].value == len(PUBLISHED["M1"].split())
    assert found[Metric.CHRF].value == 100
    for metric in (Metric.WORD_JS_DIVERGENCE, Metric.LOG_LENGTH_RATIO, Metric.DELTA_TINT):
        assert found[metric].value == 0
    assert found[Metric.EMBEDDING_DISTANCE].value == pytest.approx(0, abs=1e-6)


def test_delta_tint_is_the_difference_to_the_reference_on_the_same_prompt() -> None:
    measurement = measure(written_thrice(TEXTS | {("M1", "inn"): PUBLISHED["M9"]}))
    for prompt_id in ("waystone", "inn"):
        ours, theirs = (figures(measurement, label, prompt_id)[Metric.TINT].value for label in ("M7", "M1"))
        assert ours is not None
        assert theirs is not None
        assert figures(measurement, "M7", prompt_id)[Metric.DELTA_TINT].value == pytest.approx(ours - theirs)


def test_order_of_the_lines_changes_nothing() -> None:
    lines = list(written_thrice(TEXTS))
    expected = measure(tuple(lines))
    random.Random(5).shuffle(lines)  # noqa: S311
    assert measure(tuple(lines)) == expected


def test_the_first_regeneration_is_scored_and_the_others_certify_it() -> None:
    lines = [line for line in written_thrice(TEXTS) if line.cell.regeneration_index < 2]
    lines += [written(label, prompt, "Something else entirely.", 2) for label, prompt in TEXTS]
    measurement = measure(tuple(lines))
    assert {one.state for one in measurement.certificates} == {CertificateState.FORKED}
    assert figures(measurement, "M7")[Metric.REGENERATION_AGREEMENT].value == 0.5
    assert figures(measurement, "M7")[Metric.TINT] == figures(measure(written_thrice(TEXTS)), "M7")[Metric.TINT]


def test_a_missing_answer_has_a_reason_in_every_row() -> None:
    texts = {key: text for key, text in TEXTS.items() if key != ("M7", "inn")}
    found = figures(measure(written_thrice(texts)), "M7", "inn")
    assert set(found) == set(METRICS) - FROM_POSITIONS
    assert all(figure.value is None and figure.reason for figure in found.values())
    assert found[Metric.CHRF].reason == found[Metric.LOOP].reason == "M7 has no answer to this prompt."
    assert found[Metric.REGENERATION_AGREEMENT].reason == "There is no answer."


def test_without_the_references_answer_only_the_comparison_is_missing() -> None:
    texts = {key: text for key, text in TEXTS.items() if key != ("M1", "inn")}
    found = figures(measure(written_thrice(texts)), "M7", "inn")
    missing = {metric for metric, figure in found.items() if figure.value is None}
    assert missing == {Metric.DELTA_TINT, *DISTANCE_METRICS, *UNDECLARED}
    assert found[Metric.DELTA_TINT].reason == "M1 has no answer to this prompt."


def test_without_an_embedder_everything_else_is_measured() -> None:
    measurement = measure(written_thrice(TEXTS), NO_EMBEDDER)
    found = figures(measurement, "M7")
    assert {metric for metric, figure in found.items() if figure.value is None} == EMBEDDED | UNDECLARED
    assert {found[metric].reason for metric in EMBEDDED} == {"There is no embedder here."}
    assert measurement.tints == ()


def test_lite_measures_the_tints_and_says_why_nothing_is_embedded() -> None:
    lite = text_reader(TintReader(method=TintMethod.LITE, embedder=Path("nowhere")))
    measurement = measure(written_thrice(TEXTS), read_texts=lite)
    found = figures(measurement, "M7")
    unembedded = {Metric.EMBEDDING_DISTANCE, *GENRE_METRICS}
    assert {metric for metric, figure in found.items() if figure.value is None} == unembedded | UNDECLARED
    (reason,) = {found[metric].reason for metric in unembedded}
    assert reason is not None
    assert "--tint lite" in reason
    assert len(measurement.tints) == len(TEXTS)
    own, theirs = found[Metric.TINT].value, figures(measurement, "M1")[Metric.TINT].value
    assert own is not None
    assert theirs is not None
    assert found[Metric.DELTA_TINT].value == pytest.approx(own - theirs)


def test_an_embedder_that_fails_when_used_is_a_reason_too() -> None:
    class Broken:
        def embed(self, texts: object) -> object:
            raise NO_EMBEDDER

    found = figures(measure(written_thrice(TEXTS), Broken()), "M2")  # type: ignore[arg-type]
    assert found[Metric.TINT].reason == "There is no embedder here."


def test_an_empty_answer_is_damage_with_reasons_and_no_crash() -> None:
    found = figures(measure(written_thrice(TEXTS | {("M7", "waystone"): ""})), "M7")
    assert found[Metric.EMPTY].value == found[Metric.DAMAGE].value == 1
    assert found[Metric.COMMON_PREFIX_TOKENS].value == 0
    assert found[Metric.N_TOKENS].value == found[Metric.N_WORDS].value == 0
    for metric in (*EMBEDDED, Metric.CHRF, Metric.LOG_LENGTH_RATIO, Metric.READING_EASE, Metric.TOKENS_PER_SECOND):
        assert found[metric].value is None
        assert found[metric].reason


def test_an_empty_reference_is_named_in_the_reason() -> None:
    found = figures(measure(written_thrice(TEXTS | {("M1", "waystone"): ""})), "M7")
    assert found[Metric.CHRF].reason == "M1: The answer has no word; chrF needs at least 1."
    assert found[Metric.DELTA_TINT].reason == (
        "M1: The answer has no word; the measure of tint and meaning needs at least 1."
    )


def test_the_null_of_the_distances_is_that_of_equal_texts_where_the_regenerations_are_identical() -> None:
    found = figures(measure(written_thrice(TEXTS)), "M1")
    assert (found[Metric.CHRF].value, found[Metric.CHRF].n) == (100, 2)
    assert found[Metric.COMMON_PREFIX_TOKENS].value == len(PUBLISHED["M1"].split())
    assert found[Metric.WORD_JS_DIVERGENCE].value == found[Metric.LOG_LENGTH_RATIO].value == 0
    assert found[Metric.EMBEDDING_DISTANCE].value == pytest.approx(0, abs=1e-6)


def test_the_null_of_the_distances_is_the_mean_distance_of_the_later_regenerations() -> None:
    lines = [line for line in written_thrice(TEXTS) if line.cell.regeneration_index < 2]
    lines += [written(label, prompt, PUBLISHED["M9"], 2) for label, prompt in TEXTS]
    others = figures(measure(written_thrice(TEXTS | {("M7", "waystone"): PUBLISHED["M9"]})), "M7")
    null = figures(measure(tuple(lines)), "M1")
    apart = others[Metric.WORD_JS_DIVERGENCE].value
    assert apart is not None
    assert null[Metric.WORD_JS_DIVERGENCE].value == pytest.approx(apart / 2)  # One of the two is equal.


def test_without_a_certificate_there_is_no_null() -> None:
    lines = tuple(line for line in written_thrice(TEXTS) if line.cell.regeneration_index == 0)
    found = figures(measure(lines), "M1")[Metric.CHRF]
    assert found.value is None
    assert found.reason == "The null was not measured: Only 1 of 3 regenerations exists."


def test_a_text_that_was_made_elsewhere_has_no_tokens_no_certificate_and_no_known_end() -> None:
    lines = tuple(
        replace(line, method=Method.IMPORTED, stop_reason=StopReason.UNKNOWN, token_ids=(), margins_nats=())
        for line in written_thrice(TEXTS)
        if line.cell.regeneration_index == 0
    )
    measurement = measure(lines)
    assert {one.state for one in measurement.certificates} == {CertificateState.NOT_MEASURED}
    assert all("made elsewhere" in (one.reason or "") for one in measurement.certificates)
    found = figures(measurement, "M7")
    missing = {metric for metric, figure in found.items() if figure.value is None}
    assert missing == UNDECLARED | {
        *(Metric.N_TOKENS, Metric.TOKENS_PER_SECOND, Metric.CUT, Metric.COMMON_PREFIX_TOKENS),
        Metric.REGENERATION_AGREEMENT,
    }
    assert "made elsewhere" in (found[Metric.N_TOKENS].reason or "")


@pytest.mark.parametrize(("least", "is_missed"), [(10, 0), (100_000, 1)])
def test_an_answer_that_misses_a_check_of_its_prompt_is_flagged_and_not_damaged(least: int, is_missed: int) -> None:
    asked = suite("waystone", "inn")
    checks = (Check(kind=CheckKind.N_WORDS, least=least), Check(kind=CheckKind.CONTAINS, text="silence"))
    asked = replace(asked, prompts=tuple(replace(prompt, checks=checks) for prompt in asked.prompts))
    measurement = measure(written_thrice(TEXTS), suite=asked)
    found = figures(measurement, "M7")
    assert (found[Metric.INSTRUCTION_MISS].value, found[Metric.DAMAGE].value) == (is_missed, 0)
    assert len(measurement.checks) == 3 * 2 * 2


def test_a_cut_answer_is_flagged() -> None:
    lines = tuple(replace(line, stop_reason=StopReason.MAX_TOKENS) for line in written_thrice(TEXTS))
    found = figures(measure(lines), "M7")
    assert (found[Metric.CUT].value, found[Metric.DAMAGE].value) == (1, 0)


def test_the_system_prompt_counts_as_prompt_for_foreign_scripts() -> None:
    lines = written_thrice(TEXTS | {("M7", "waystone"): "Тьма и холод стояли в доме всю ночь."})
    russian = replace(suite("waystone", "inn"), system="Отвечай по-русски.")
    assert figures(measure(lines), "M7")[Metric.FOREIGN_SCRIPT].value == 1
    assert figures(measure(lines, suite=russian), "M7")[Metric.FOREIGN_SCRIPT].value == 0


def test_answers_to_prompts_or_of_variants_outside_the_run_are_left_out() -> None:
    strangers = (written("M9", "waystone", "Hello."), written("M1", "elsewhere", "Hello."))
    assert measure((*written_thrice(TEXTS), *strangers)) == measure(written_thrice(TEXTS))


def test_sentence_ranges_lie_in_the_answer_in_order() -> None:
    for tints in measure(written_thrice(TEXTS)).tints:
        text, position = TEXTS[tints.label, tints.prompt_id], 0
        for sentence in tints.sentences:
            assert position <= sentence.start < sentence.end <= len(text)
            position = sentence.end
