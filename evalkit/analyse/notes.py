"""What a reader must know before believing a table: few prompts, unmeasured scores, damaged or cut answers."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from evalkit.analyse.table import FigureTable
from evalkit.analyse.tint_verdict import TintTest
from evalkit.analyse.verdict import count
from evalkit.records.generation import Certificate, CertificateState
from evalkit.records.scores import Metric


def write_notes(
    table: FigureTable, tests: Mapping[str, TintTest], certificates: Sequence[Certificate]
) -> tuple[str, ...]:
    """All notes, the gravest first."""
    return (
        *_missing_notes(table),
        *_unmeasured_tint_notes(table),
        *_power_notes(table, tests),
        *_certificate_notes(certificates),
        *_null_notes(table, certificates),
        *_warm_notes(certificates),
        *_loop_notes(table),
        *_cut_notes(table),
    )


def is_reproducible(certificates: Sequence[Certificate]) -> bool | None:
    """False when any regeneration forked; True when all are certified identical; None when that is not known."""
    states = {certificate.state for certificate in certificates}
    if CertificateState.FORKED in states:
        return False
    return True if states == {CertificateState.IDENTICAL} else None


def _missing_notes(table: FigureTable) -> Iterator[str]:
    for label in table.labels:
        missing = table.n_prompts - table.n_answers(label)
        if missing:
            yield f"{label} has no answer to {missing} of {count(table.n_prompts, 'prompt')}."


def _unmeasured_tint_notes(table: FigureTable) -> Iterator[str]:
    """The reasons of answers that exist, each once, with how many answers it holds for."""
    reasons = Counter(
        figure.reason
        for label in table.labels
        for prompt_id, figure in table.column(label, Metric.TINT).items()
        if figure.reason and prompt_id in table.values(label, Metric.EMPTY)
    )
    n_answers = sum(map(table.n_answers, table.labels))
    for reason, n in reasons.items():
        whose = "any answer" if n == n_answers else f"{n} of {count(n_answers, 'answer')}"
        yield f"Tint was not measured for {whose}: {reason}"


def _power_notes(table: FigureTable, tests: Mapping[str, TintTest]) -> Iterator[str]:
    detectable = [test.smallest_detectable for test in tests.values() if test.smallest_detectable is not None]
    if table.n_prompts == 1:
        yield (
            "1 prompt gives no intervals and no verdict on tint, and it ranks nobody: answers differ more by prompt "
            "than by variant."
        )
    elif detectable:
        points = f"{statistics.median(detectable):.0f} points"
        yield (
            f"With {count(table.n_prompts, 'prompt')} a variant must differ from {table.reference_label} by about "
            f"{points} of tint to be found 4 times in 5. More prompts find smaller differences."
        )


def _certificate_notes(certificates: Sequence[Certificate]) -> Iterator[str]:
    forked = [item for item in certificates if item.state is CertificateState.FORKED]
    if forked:
        names = ", ".join(dict.fromkeys(item.label for item in forked))
        yield (
            f"{len(forked)} of {len(certificates)} answers came out differently when generated again ({names}): "
            "differences between variants may be of that kind."
        )
    reasons = Counter(item.reason for item in certificates if item.state is CertificateState.NOT_MEASURED)
    for reason, n in reasons.items():
        yield f"Reproducibility was not measured for {n} of {count(len(certificates), 'answer')}: {reason}"


def _null_notes(table: FigureTable, certificates: Sequence[Certificate]) -> Iterator[str]:
    """What the distances would be if nothing but a second try differed."""
    own = [item for item in certificates if item.label == table.reference_label]
    if own and all(item.state is CertificateState.IDENTICAL for item in own):
        yield (
            f"{table.reference_label} beside itself: its regenerations are identical on "
            f"{'its prompt' if len(own) == 1 else f'all {len(own)} prompts'}, so the null of every text distance is "
            "that of equal texts (0; chrF 100)."
        )
    noise = table.values(table.reference_label, Metric.KL_DIVERGENCE)
    if noise:
        yield (
            f"{table.reference_label}'s own lines of KL and same top are the noise floor: {table.reference_label} "
            f"against itself in other kernels ({statistics.fmean(noise.values()):.4f} nats/token). What lies no higher "
            "says nothing of the weights."
        )


def _warm_notes(certificates: Sequence[Certificate]) -> Iterator[str]:
    found = [certificate.warm for certificate in certificates if certificate.warm is not None]
    if found:
        n_other = sum(one.fork_token is not None for one in found)
        yield (
            f"An app that reuses the prompt's prefix would have printed another text in {n_other} of "
            f"{count(len(found), 'case')}; the figures are those of the answers from cleared memory."
        )


def _loop_notes(table: FigureTable) -> Iterator[str]:
    loops = {label: table.count(label, Metric.LOOP) for label in table.labels}
    named = ", ".join(f"{label} {n}" for label, n in loops.items() if n)
    if named:
        yield f"Looping answers ({named}) mislead tint and distances: read them before their figures."


def _cut_notes(table: FigureTable) -> Iterator[str]:
    n_cut = sum(table.count(label, Metric.CUT) for label in table.labels)
    if n_cut:
        n_answers = sum(map(table.n_answers, table.labels))
        words = (
            "was cut by the token limit: its length does"
            if n_cut == 1
            else "were cut by the token limit: their lengths do"
        )
        yield f"{n_cut} of {count(n_answers, 'answer')} {words} not compare."
