"""Summaries say what was found, how sure it is, and what was not measured, in words."""

import random
import statistics
from dataclasses import replace

import pytest

from evalkit.analyse.summary import summarise
from evalkit.records.generation import Certificate, CertificateState
from evalkit.records.run_data import Measurement
from evalkit.records.scores import ALL_PROMPTS, METRICS, REFERENCE_METRICS, Figure, Metric, RunSummary, Score

PROMPTS = ("waystone", "mirror", "bravado", "cooling")
FLAGS = (Metric.LOOP, Metric.EMPTY, Metric.CUT, Metric.REFUSAL, Metric.TEMPLATE_LEAK, Metric.FOREIGN_SCRIPT)
Rows = dict[tuple[str, str, Metric], Figure]


def rows(deltas: dict[str, tuple[float, ...]], prompt_ids: tuple[str, ...] = PROMPTS) -> Rows:
    """A healthy run in which M1 has tint 60 and 100 tokens everywhere, and each variant these delta-tints."""
    found: Rows = {}
    for label, values in {"M1": (0.0,) * len(prompt_ids), **deltas}.items():
        for prompt_id, delta in zip(prompt_ids, values, strict=True):
            row = {Metric.TINT: 60 + delta, Metric.N_TOKENS: 100.0, Metric.DAMAGE: 0.0, **dict.fromkeys(FLAGS, 0.0)}
            if label != "M1":
                row |= {Metric.DELTA_TINT: delta, Metric.COMMON_PREFIX_TOKENS: 17.0, Metric.CHRF: 40.0 + delta}
            found |= {(label, prompt_id, metric): Figure(value=value) for metric, value in row.items()}
    return found


def certificate(label: str, prompt_id: str, state: CertificateState = CertificateState.IDENTICAL) -> Certificate:
    reason = "Only 2 of 3 regenerations exist." if state is CertificateState.NOT_MEASURED else None
    return Certificate(label=label, prompt_id=prompt_id, state=state, n_regenerations=3, reason=reason)


def summary_of(
    found: Rows, prompt_ids: tuple[str, ...] = PROMPTS, certificates: tuple[Certificate, ...] = ()
) -> tuple[Measurement, RunSummary]:
    labels = tuple(dict.fromkeys(label for label, _, _ in found))
    measurement = Measurement(
        certificates=certificates,
        scores=tuple(Score(label=key[0], prompt_id=key[1], metric=key[2], figure=one) for key, one in found.items()),
        tints=(),
    )
    return summarise(measurement, labels=labels, prompt_ids=prompt_ids, reference_label="M1")


def verdict(found: Rows, label: str = "M2", prompt_ids: tuple[str, ...] = PROMPTS) -> str:
    _, summary = summary_of(found, prompt_ids)
    return next(one.verdict for one in summary.variants if one.label == label)


def figures(found: Rows, label: str = "M2", prompt_ids: tuple[str, ...] = PROMPTS) -> dict[Metric, Figure]:
    _, summary = summary_of(found, prompt_ids)
    return next(one.figures for one in summary.variants if one.label == label)


SMALL = (6.0, -4.0, 3.0, -0.2)  # mean 1.2


def test_a_small_difference_cannot_be_told_apart_and_the_limit_stands_beside_it() -> None:
    # Deviations 4.8 -5.2 1.8 -1.4: squares sum to 55.28; standard error sqrt(55.28 / 3 / 4) = 2.146;
    # 3.182 * 2.146 = 6.83, so -5.6 to 8.0; noncentral t for 80 % at 3 degrees: 4.256 * 2.146 = 9.1.
    assert verdict(rows({"M2": SMALL})) == (
        "cannot be told apart from M1 in tint (+1.2, −5.6 to +8.0; p 0.62 after Holm; "
        "4 prompts show only differences above 9 points); "
        "its text forks after 17 tokens (median)"
    )


def test_a_large_and_steady_difference_is_darker_or_lighter() -> None:
    darker, lighter = (verdict(rows({"M2": values})) for values in ((20, 22, 21, 19), (-20, -22, -21, -19)))
    assert darker.startswith("darker than M1 (+20.5, +18.4 to +22.6; p < 0.001 after Holm)")
    assert lighter.startswith("lighter than M1 (−20.5, −22.6 to −18.4; p < 0.001 after Holm)")


ALMOST = (4.0, 9.0, 5.0, 8.0)  # mean 6.5, standard error 1.19, t = 5.46, p = .012


def test_what_is_certain_alone_can_be_chance_among_nine() -> None:
    assert verdict(rows({"M2": ALMOST})).startswith("darker than M1")
    nine = {"M2": ALMOST} | {f"M{number}": SMALL for number in range(3, 11)}
    assert verdict(rows(nine)).startswith(
        "may be darker than M1 (+6.5, +2.7 to +10.3; p 0.11 after Holm), but among 9 variants that can be chance"
    )


def test_shuffled_rows_give_the_same_summary() -> None:
    found = rows({"M2": ALMOST, "M3": SMALL})
    shuffled = list(found.items())
    random.Random(3).shuffle(shuffled)  # noqa: S311
    measurement, summary = summary_of(found)
    reversed_rows = replace(measurement, scores=measurement.scores[::-1])
    assert summarise(reversed_rows, labels=("M1", "M2", "M3"), prompt_ids=PROMPTS, reference_label="M1")[1] == summary
    assert summary_of(dict(sorted(shuffled, key=lambda item: item[0][0])))[1] == summary


def test_rows_over_all_prompts_are_added_and_replaced_when_summarised_again() -> None:
    measurement, summary = summary_of(rows({"M2": SMALL}))
    added = {(one.label, one.metric): one.figure for one in measurement.scores if one.prompt_id == ALL_PROMPTS}
    assert added["M2", Metric.DELTA_TINT].value == pytest.approx(1.2)
    assert set(METRICS) - {metric for label, metric in added if label == "M1"} == set(REFERENCE_METRICS)
    assert summarise(measurement, labels=("M1", "M2"), prompt_ids=PROMPTS, reference_label="M1") == (
        measurement, summary,
    )  # fmt: skip


def test_means_have_intervals_shares_and_medians_have_none() -> None:
    found = rows({"M2": SMALL})
    for prompt_id, fork in zip(PROMPTS, (3.0, 17.0, 21.0, 900.0), strict=True):
        found["M2", prompt_id, Metric.COMMON_PREFIX_TOKENS] = Figure(value=fork)
    found["M2", "mirror", Metric.DAMAGE] = Figure(value=1.0)
    summary = figures(found)
    assert summary[Metric.TINT].low is not None
    assert (summary[Metric.COMMON_PREFIX_TOKENS].value, summary[Metric.COMMON_PREFIX_TOKENS].low) == (19.0, None)
    assert (summary[Metric.DAMAGE].value, summary[Metric.DAMAGE].low, summary[Metric.DAMAGE].n) == (0.25, None, 4)


def test_an_interval_does_not_leave_what_is_possible() -> None:
    found = rows({"M2": SMALL})
    for prompt_id, chrf in zip(PROMPTS, (100.0, 30.0, 100.0, 100.0), strict=True):
        found["M2", prompt_id, Metric.CHRF] = Figure(value=chrf)
    assert figures(found)[Metric.CHRF].high == 100


def test_the_reference_is_not_compared_with_itself() -> None:
    found = rows({"M2": SMALL})
    assert verdict(found, "M1") == "the reference"
    assert figures(found, "M1")[Metric.DELTA_TINT] == Figure.not_measured(
        "M1 is the reference and is not compared with itself."
    )


def test_equal_answers_are_called_equal() -> None:
    found = rows({"M2": (0.0,) * 4})
    equal = {("M2", prompt_id, Metric.COMMON_PREFIX_TOKENS): Figure(value=100.0) for prompt_id in PROMPTS}
    assert verdict(found | equal) == "every answer equals M1's"
    del equal["M2", "mirror", Metric.COMMON_PREFIX_TOKENS]
    assert verdict(found | equal).endswith("; 3 of 4 answers equal M1's, the other forks after 17 tokens")


def test_an_answer_that_goes_on_after_the_references_is_not_equal() -> None:
    found = rows({"M2": (0.0,) * 4})
    for prompt_id in PROMPTS:
        found["M2", prompt_id, Metric.COMMON_PREFIX_TOKENS] = Figure(value=100.0)
        found["M2", prompt_id, Metric.N_TOKENS] = Figure(value=120.0)
    assert "equals" not in verdict(found)


def test_damage_comes_first_and_is_counted() -> None:
    found = rows({"M2": SMALL})
    for prompt_id, flag in (("waystone", Metric.LOOP), ("mirror", Metric.LOOP), ("bravado", Metric.REFUSAL)):
        found["M2", prompt_id, flag] = Figure(value=1.0)
    assert verdict(found).startswith("damaged: 2 of 4 answers loop, 1 refuses; cannot be told apart")
    _, summary = summary_of(found)
    assert "Looping answers (M2 2) mislead tint and distances: read them before their figures." in summary.notes


def test_a_damaged_reference_says_so() -> None:
    found = rows({"M2": SMALL})
    found["M1", "mirror", Metric.EMPTY] = Figure(value=1.0)
    assert verdict(found, "M1") == "the reference; damaged: 1 of 4 answers is empty"


def test_one_prompt_proves_nothing() -> None:
    found = rows({"M2": (9.0,)}, ("waystone",))
    assert verdict(found, prompt_ids=("waystone",)) == (
        "+9.0 points of tint from M1, on 1 prompt only: it proves nothing; its text forks after 17 tokens"
    )
    _, summary = summary_of(found, ("waystone",))
    assert any("1 prompt gives no intervals" in note for note in summary.notes)


def missing(found: Rows, label: str, *prompt_ids: str) -> Rows:
    reason = Figure.not_measured(f"{label} has no answer to this prompt.")
    return {key: reason if key[0] == label and key[1] in prompt_ids else figure for key, figure in found.items()}


def test_a_missing_answer_is_named_and_the_rest_compared() -> None:
    found = missing(rows({"M2": SMALL}), "M2", "cooling")
    assert verdict(found).startswith("no answer to 1 of 4 prompts; cannot be told apart")
    assert "tint on 3 of 4 prompts" in verdict(found)
    summary = figures(found)
    assert summary[Metric.DELTA_TINT].value == pytest.approx(statistics.fmean(SMALL[:3]))
    assert summary[Metric.DELTA_TINT].n == 3
    assert "M2 has no answer to 1 of 4 prompts." in summary_of(found)[1].notes


def test_no_answer_at_all_has_its_reason_and_no_number() -> None:
    found = missing(rows({"M2": SMALL}), "M2", *PROMPTS)
    assert verdict(found) == "no answer"
    assert figures(found)[Metric.TINT] == Figure.not_measured("M2 has no answer to this prompt.")


def test_without_an_embedder_the_reason_is_a_note_once() -> None:
    found = rows({"M2": SMALL, "M3": SMALL})
    for key in [key for key in found if key[2] in (Metric.TINT, Metric.DELTA_TINT)]:
        found[key] = Figure.not_measured("No embedder here.")
    assert verdict(found) == "its tint was not compared; its text forks after 17 tokens (median)"
    _, summary = summary_of(found)
    assert summary.notes == ("Tint was not measured for any answer: No embedder here.",)


def test_few_prompts_and_cut_answers_are_noted() -> None:
    found = rows({"M2": SMALL})
    found["M2", "mirror", Metric.CUT] = Figure(value=1.0)
    assert summary_of(found)[1].notes == (
        "With 4 prompts a variant must differ from M1 by about 9 points of tint to be found 4 times in 5. "
        "More prompts find smaller differences.",
        "1 of 8 answers was cut by the token limit: its length does not compare.",
    )


@pytest.mark.parametrize(
    ("states", "reproducible"),
    [
        ((CertificateState.IDENTICAL, CertificateState.IDENTICAL), True),
        ((CertificateState.IDENTICAL, CertificateState.FORKED), False),
        ((CertificateState.NOT_MEASURED, CertificateState.FORKED), False),
        ((CertificateState.IDENTICAL, CertificateState.NOT_MEASURED), None),
        ((), None),
    ],
)
def test_reproducible_only_when_every_certificate_is_identical(
    states: tuple[CertificateState, ...], reproducible: bool | None
) -> None:
    certificates = tuple(certificate("M1", str(number), state) for number, state in enumerate(states))
    assert summary_of(rows({"M2": SMALL}), certificates=certificates)[1].reproducible is reproducible


def test_forks_and_missing_certificates_are_noted() -> None:
    certificates = (
        certificate("M1", "waystone"), certificate("M2", "waystone", CertificateState.FORKED),
        certificate("M2", "mirror", CertificateState.NOT_MEASURED),
    )  # fmt: skip
    notes = " ".join(summary_of(rows({"M2": SMALL}), certificates=certificates)[1].notes)
    assert "1 of 3 answers came out differently when generated again (M2)" in notes
    assert "Reproducibility was not measured for 1 of 3 answers: Only 2 of 3 regenerations exist." in notes


def test_a_reference_alone_has_a_summary() -> None:
    _, summary = summary_of(rows({}))
    assert [one.verdict for one in summary.variants] == ["the reference"]
    assert summary.notes == ()


def test_the_divergence_is_told_as_a_multiple_of_the_noise() -> None:
    kl = {
        (label, prompt_id, Metric.KL_DIVERGENCE): Figure(value=value)
        for label, value in (("M1", 0.0005), ("M2", 0.012))
        for prompt_id in PROMPTS
    }
    # 0.012 / 0.0005 = 24
    assert "; strays 0.0120 nats/token from M1, 24 times the noise; " in verdict(rows({"M2": SMALL}) | kl)


def test_a_divergence_within_the_noise_is_none() -> None:
    kl = {(label, p, Metric.KL_DIVERGENCE): Figure(value=0.0005) for label in ("M1", "M2") for p in PROMPTS}
    assert "; strays no further from M1 than other kernels would make it; " in verdict(rows({"M2": SMALL}) | kl)


def test_an_interval_of_a_share_ends_at_the_whole() -> None:
    shares = zip(PROMPTS, (0.99, 0.90, 0.99, 0.99), strict=True)
    found = {("M2", p, Metric.TOP1_AGREEMENT): Figure(value=value) for p, value in shares}
    assert figures(rows({"M2": SMALL}) | found)[Metric.TOP1_AGREEMENT].high == 1.0


def test_a_noise_of_next_to_nothing_is_no_denominator() -> None:
    kl = {
        (label, prompt_id, Metric.KL_DIVERGENCE): Figure(value=value)
        for label, value in (("M1", 1e-9), ("M2", 0.012))
        for prompt_id in PROMPTS
    }
    assert "; strays 0.0120 nats/token from M1, far beyond the noise; " in verdict(rows({"M2": SMALL}) | kl)
