"""A publisher's claims, each put to a test that is paired by prompt and answered in one of three words.

supported        p < .05, one-sided, for the claim
not supported    p < .05 for the opposite; of a trend or contrast also when the whole 95 % interval lies below the
                 least effect that would matter
cannot tell      neither

Claims are few and were written down before the figures, so each keeps its own 5 %; within a claim all tests are
accounted for.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from evalkit.analyse.intervals import PromptMean, holm_adjusted, p_value, prompt_mean
from evalkit.analyse.table import FigureTable
from evalkit.records.claims import Claim, ClaimAnswer, ClaimKind, ClaimVerdict, Direction
from evalkit.records.errors import NotMeasuredError
from evalkit.records.scores import METRICS, REFERENCE_METRICS, Metric

SIGNIFICANCE = 0.05
LEAST_TREND_LABELS = 3
LEAST_PROMPTS = 2
T_TEST = "paired t over prompts"
PAGE = "Page's L over prompts"
INTERSECTION = "paired t over prompts against each, the weakest"

ByPrompt = dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Paired:
    """A mean over prompts, signed so that above 0 speaks for the claim, with both one-sided p values."""

    mean: PromptMean
    p: float
    """For the claim."""

    @property
    def low(self) -> float:
        return self.mean.value - self.mean.half_width

    @property
    def high(self) -> float:
        return self.mean.value + self.mean.half_width


def answer_claims(claims: Iterable[Claim], table: FigureTable) -> tuple[ClaimAnswer, ...]:
    """Every claim with its test; what cannot be tested is "cannot tell" with its reason."""
    return tuple(_answer(claim, table) for claim in claims)


def claim_words(answer: ClaimAnswer) -> str:
    """One claim and its answer in a line."""
    test = ""
    if answer.p is not None:
        p = "p < .001" if answer.p < 0.001 else f"p = {answer.p:.3f}"
        test = f" ({answer.test}, one-sided {p}, {answer.n_prompts} prompts)"
    return f"{answer.claim.text} {answer.verdict.value.capitalize()}{test}. {answer.reason}"


def _answer(claim: Claim, table: FigureTable) -> ClaimAnswer:
    ask = {ClaimKind.TREND: _trend, ClaimKind.CONTRAST: _contrast, ClaimKind.EXTREME: _extreme}[claim.kind]
    present = _present(claim, table)
    try:
        answer = ask(present, table)
    except NotMeasuredError as reason:
        return ClaimAnswer(claim=claim, verdict=ClaimVerdict.CANNOT_TELL, test="", reason=str(reason))
    absent = [label for label in (*claim.labels, *claim.against) if label not in table.labels]
    note = f" Not in this run, and left out: {', '.join(absent)}." if absent else ""
    return replace(answer, claim=claim, reason=f"{answer.reason}{note}")


def _present(claim: Claim, table: FigureTable) -> Claim:
    """The claim about those of its labels that are in the run."""
    return replace(
        claim,
        labels=tuple(label for label in claim.labels if label in table.labels),
        against=tuple(label for label in claim.against if label in table.labels),
    )


def _trend(claim: Claim, table: FigureTable) -> ClaimAnswer:
    """Do the labels' ranks rise along their order, within each prompt?"""
    if len(claim.labels) < LEAST_TREND_LABELS:
        raise NotMeasuredError(f"A trend needs at least {LEAST_TREND_LABELS} of its labels in the run.")
    blocks = _blocks(table, claim.metric, claim.labels)
    _require_prompts(blocks, table, claim)
    rows = [[_sign(claim) * value for value in block] for block in blocks.values()]
    p, p_opposite = _page_p(rows), _page_p([row[::-1] for row in rows])
    slopes = prompt_mean({prompt_id: (_spearman(row),) for prompt_id, row in zip(blocks, rows, strict=True)})
    paired = _Paired(mean=slopes, p=p)
    verdict = _verdict(claim, paired, p_opposite)
    least = f", and {claim.least:g} would matter" if claim.least else ""
    words = (
        f"mean rank correlation of {METRICS[claim.metric].title} with the order of {len(claim.labels)} "
        f"variants: {slopes.value:+.2f}{least}."
    )
    return _answered(claim, verdict, PAGE, paired, "rank correlation", words)


def _contrast(claim: Claim, table: FigureTable) -> ClaimAnswer:
    """Is the group's mean above that of those it is set against, within each prompt?"""
    if not claim.labels or not claim.against:
        raise NotMeasuredError("One of the two groups has no variant in the run.")
    paired = _compare(table, claim, claim.labels, claim.against)
    verdict = _verdict(claim, paired, 1 - paired.p)
    words = f"{_names(claim.labels)} minus {_names(claim.against)}: {_effect_words(claim, paired)}"
    return _answered(claim, verdict, T_TEST, paired, METRICS[claim.metric].unit, words)


def _extreme(claim: Claim, table: FigureTable) -> ClaimAnswer:
    """Is the one above every other? It must beat each, so p is the largest; one that surely beats it refutes that."""
    if not claim.labels:
        raise NotMeasuredError("The variant of the claim is not in the run.")
    label = claim.labels[0]
    others = claim.against or tuple(other for other in table.labels if other != label)
    if not others:
        raise NotMeasuredError("There is no other variant to compare with.")
    tests = {other: _compare(table, claim, (label,), (other,)) for other in others}
    weakest = max(tests, key=lambda other: tests[other].p)
    opposite = holm_adjusted({other: 1 - test.p for other, test in tests.items()})
    # Any of many may seem to be above it by chance: Holm allows for that, a plain interval does not.
    if tests[weakest].p < SIGNIFICANCE:
        verdict = ClaimVerdict.SUPPORTED
    else:
        refuted = min(opposite.values()) < SIGNIFICANCE
        verdict = ClaimVerdict.NOT_SUPPORTED if refuted else ClaimVerdict.CANNOT_TELL
    effect = _effect_words(claim, tests[weakest])
    words = f"of {len(tests)} others {weakest} stands most against it: {label} minus {weakest} {effect}"
    return _answered(claim, verdict, INTERSECTION, tests[weakest], METRICS[claim.metric].unit, words)


def _compare(table: FigureTable, claim: Claim, group: Sequence[str], against: Sequence[str]) -> _Paired:
    """Group minus the others, prompt by prompt, on the prompts that all of them have."""
    blocks = _blocks(table, claim.metric, (*group, *against))
    _require_prompts(blocks, table, claim)
    differences = {
        prompt_id: (_sign(claim) * (statistics.fmean(row[: len(group)]) - statistics.fmean(row[len(group) :])),)
        for prompt_id, row in blocks.items()
    }
    mean = prompt_mean(differences)
    two_sided = p_value(mean)
    return _Paired(mean=mean, p=two_sided / 2 if mean.value > 0 else 1 - two_sided / 2)


def _blocks(table: FigureTable, metric: Metric, labels: Sequence[str]) -> dict[str, list[float]]:
    """Per prompt the figures of all labels, in their order; prompts that any of them lacks are left out.

    A difference to the reference is 0 for the reference itself.
    """
    columns = [_column(table, label, metric) for label in labels]
    return {
        prompt_id: [column[prompt_id] for column in columns]
        for prompt_id in table.prompt_ids
        if all(prompt_id in column for column in columns)
    }


def _column(table: FigureTable, label: str, metric: Metric) -> Mapping[str, float]:
    if metric in REFERENCE_METRICS and label == table.reference_label:
        return dict.fromkeys(table.prompt_ids, 0.0)
    return table.values(label, metric)


def _require_prompts(blocks: Mapping[str, object], table: FigureTable, claim: Claim) -> None:
    if len(blocks) >= LEAST_PROMPTS:
        return
    title = METRICS[claim.metric].title
    if not blocks and (reason := _why_not_measured(table, claim)):
        raise NotMeasuredError(f"{title} was not measured. {reason}")
    raise NotMeasuredError(
        f"{title} was measured of all the claim's variants on {len(blocks)} prompt{'' if len(blocks) == 1 else 's'}; "
        f"a test needs at least {LEAST_PROMPTS}."
    )


def _why_not_measured(table: FigureTable, claim: Claim) -> str | None:
    """The first reason among the claim's variants that have no figure at all."""
    for label in (*claim.labels, *claim.against):
        figures = table.column(label, claim.metric).values()
        if label != table.reference_label and all(figure.value is None for figure in figures):
            return next((figure.reason for figure in figures if figure.reason), None)
    return None


def _verdict(claim: Claim, paired: _Paired, p_opposite: float) -> ClaimVerdict:
    if paired.p < SIGNIFICANCE:
        return ClaimVerdict.SUPPORTED
    if p_opposite < SIGNIFICANCE or paired.high < claim.least:
        return ClaimVerdict.NOT_SUPPORTED
    return ClaimVerdict.CANNOT_TELL


def _answered(claim: Claim, verdict: ClaimVerdict, test: str, paired: _Paired, unit: str, words: str) -> ClaimAnswer:
    return ClaimAnswer(
        claim=claim,
        verdict=verdict,
        test=test,
        p=paired.p,
        n_prompts=paired.mean.n_prompts,
        effect=paired.mean.value,
        low=paired.low,
        high=paired.high,
        unit=unit,
        reason=f"{words[0].upper()}{words[1:]}",
    )


def _page_p(rows: Sequence[Sequence[float]]) -> float:
    """One-sided p of "the columns' ranks rise", prompts as blocks.

    Raises:
        NotMeasuredError: within every prompt all values are equal.

    Source: Page 1963, "Ordered Hypotheses for Multiple Treatments"; scipy's exact null where it is small enough.
    """
    from scipy.stats import page_trend_test

    if all(len(set(row)) == 1 for row in rows):
        raise NotMeasuredError("The values of all variants are equal; a trend needs some that differ.")
    return float(page_trend_test(rows).pvalue)


def _spearman(values: Sequence[float]) -> float:
    """Rank correlation of the values with their order; 0 where they are all equal."""
    from scipy.stats import rankdata

    ranks = rankdata(values)
    n = len(ranks)
    middle = (n + 1) / 2
    spread = math.fsum((rank - middle) ** 2 for rank in ranks)
    if spread == 0:
        return 0.0
    together = math.fsum((place - middle) * (rank - middle) for place, rank in enumerate(ranks, start=1))
    return together / math.sqrt(spread * (n**3 - n) / 12)


def _sign(claim: Claim) -> int:
    return 1 if claim.direction is Direction.UP else -1


def _names(labels: Sequence[str]) -> str:
    return labels[0] if len(labels) == 1 else f"the mean of {', '.join(labels)}"


def _effect_words(claim: Claim, paired: _Paired) -> str:
    sign = _sign(claim)
    low, high = sorted((sign * paired.low, sign * paired.high))
    least = f"; {claim.least:g} would matter" if claim.least else ""
    return f"{sign * paired.mean.value:+.3g} {METRICS[claim.metric].unit} ({low:+.3g} to {high:+.3g}{least})."
