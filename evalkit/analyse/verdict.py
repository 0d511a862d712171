"""One line of plain words per variant: is it broken, is it darker, where does its text part from the reference's."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from evalkit.analyse.distribution_tint import may_be_chance
from evalkit.analyse.table import FigureTable
from evalkit.analyse.tint_verdict import TintTest, TintVerdict
from evalkit.records.axis import SIGNIFICANCE, AxisVerdict, DistributionTint
from evalkit.records.scores import Figure, Metric

_DAMAGE_WORDS = {
    Metric.LOOP: ("loops", "loop"),
    Metric.EMPTY: ("is empty", "are empty"),
    Metric.REFUSAL: ("refuses", "refuse"),
    Metric.TEMPLATE_LEAK: ("leaks template tokens", "leak template tokens"),
    Metric.FOREIGN_SCRIPT: ("slips into another script", "slip into another script"),
}


FAR_BEYOND_NOISE = 1000
"""A larger multiple says only that the noise is next to nothing."""


def reference_verdict(table: FigureTable) -> str:
    """What is to be said of the reference itself."""
    label = table.reference_label
    return _line(["the reference", *_missing_words(table, label), *_damage_words(table, label)])


def variant_verdict(
    table: FigureTable,
    label: str,
    delta_tint: Figure,
    test: TintTest,
    distribution: DistributionTint | None = None,
) -> str:
    """What was found of one variant against the reference; on tint its next tokens lead, where they were recorded."""
    if table.n_answers(label) == 0:
        return "no answer"
    parts = [*_missing_words(table, label), *_damage_words(table, label)]
    forks = table.values(label, Metric.COMMON_PREFIX_TOKENS)
    equal = [prompt_id for prompt_id in forks if _equals_reference(table, label, prompt_id)]
    if distribution is not None:
        parts.append(_distribution_words(table.reference_label, distribution))
    if equal and len(equal) == len(forks):
        parts.append(f"every answer equals {table.reference_label}'s")
    else:
        by_text = "" if distribution is None else "by its texts "
        parts.append(f"{by_text}{_tint_words(table, delta_tint, test)}")
        parts += _stray_words(table, label)
        parts += _fork_words(table, forks, equal)
    return _line(parts)


def signed(value: float, decimals: int = 1) -> str:
    """+1.2, 0.0 or a true minus sign before 1.2."""
    rounded = f"{abs(value):.{decimals}f}"
    if not rounded.strip("0."):
        return rounded
    return f"{'+' if value > 0 else chr(0x2212)}{rounded}"


def p_words(p: float) -> str:
    """`p 0.62`, `p 0.012`, `p < 0.001`."""
    return "p < 0.001" if p < 0.001 else f"p {p:.2g}"


def count(n: int, noun: str) -> str:
    """`1 prompt`, `4 prompts`."""
    return f"{n} {noun}{'' if n == 1 else 's'}"


def _line(parts: list[str]) -> str:
    return "; ".join(parts)


def _missing_words(table: FigureTable, label: str) -> Iterator[str]:
    missing = table.n_prompts - table.n_answers(label)
    if missing:
        yield f"no answer to {missing} of {count(table.n_prompts, 'prompt')}"


def _damage_words(table: FigureTable, label: str) -> Iterator[str]:
    n_answers = table.n_answers(label)
    found = [(table.count(label, flag), words) for flag, words in _DAMAGE_WORDS.items()]
    kinds = [(n, words[n > 1]) for n, words in found if n]
    if kinds:
        (first, words), *others = kinds
        rest = "".join(f", {n} {more}" for n, more in others)
        yield f"damaged: {first} of {count(n_answers, 'answer')} {words}{rest}"


def _equals_reference(table: FigureTable, label: str, prompt_id: str) -> bool:
    fork = table.figures[label, Metric.COMMON_PREFIX_TOKENS, prompt_id].value
    lengths = (table.values(name, Metric.N_TOKENS).get(prompt_id) for name in (label, table.reference_label))
    return all(length == fork for length in lengths)


def _distribution_words(reference: str, tint: DistributionTint) -> str:
    test = tint.test
    direction = "darker" if test.delta > 0 else "lighter"
    figures = f"{signed(test.delta, 2)}, {signed(test.low, 2)} to {signed(test.high, 2)} horror words per 1,000 tokens"
    if tint.verdict is not AxisVerdict.NOT_TOLD_APART:
        return f"{direction} than {reference} in its next tokens ({figures})"
    if may_be_chance(tint):
        chance = f"but among {tint.n_tests} variants that can be chance"
        return f"may be {direction} than {reference} in its next tokens ({figures}), {chance}"
    limit = f"differences above {test.smallest_detectable:.2f} would show"
    if test.p < SIGNIFICANCE:
        limit = "too little to speak of"
    return f"cannot be told apart from {reference} in the tint of its next tokens ({figures}; {limit})"


def _tint_words(table: FigureTable, delta: Figure, test: TintTest) -> str:
    reference = table.reference_label
    if delta.value is None:
        return "its tint was not compared"
    if delta.low is None or delta.high is None:
        return f"{signed(delta.value)} points of tint from {reference}, on 1 prompt only: it proves nothing"
    chance = "" if test.adjusted_p is None else f"; {p_words(test.adjusted_p)} after Holm"
    figures = f"{signed(delta.value)}, {signed(delta.low)} to {signed(delta.high)}{chance}"
    partly = "" if delta.n == table.n_prompts else f"; tint on {delta.n} of {count(table.n_prompts, 'prompt')}"
    match test.verdict:
        case TintVerdict.DARKER | TintVerdict.LIGHTER:
            return f"{test.verdict} than {reference} ({figures}{partly})"
        case TintVerdict.UNCERTAIN:
            direction = "darker" if delta.value > 0 else "lighter"
            among = f"but among {test.n_tests} variants that can be chance"
            return f"may be {direction} than {reference} ({figures}{partly}), {among}"
        case TintVerdict.NOT_TESTED:
            return f"the same {signed(delta.value)} points of tint from {reference} on every prompt"
    limit = f"{count(delta.n, 'prompt')} show only differences above {test.smallest_detectable or 0:.0f} points"
    return f"cannot be told apart from {reference} in tint ({figures}; {limit}{partly})"


def _stray_words(table: FigureTable, label: str) -> Iterator[str]:
    """The divergence on the prompts where the noise is known too, as a multiple of it."""
    own = table.values(label, Metric.KL_DIVERGENCE)
    noise = table.values(table.reference_label, Metric.KL_DIVERGENCE)
    shared = [prompt_id for prompt_id in own if prompt_id in noise]
    if not shared:
        return
    strays = statistics.fmean(own[prompt_id] for prompt_id in shared)
    floor = statistics.fmean(noise[prompt_id] for prompt_id in shared)
    if strays <= floor:
        yield f"strays no further from {table.reference_label} than other kernels would make it"
    elif strays > floor * FAR_BEYOND_NOISE:
        yield f"strays {strays:.4f} nats/token from {table.reference_label}, far beyond the noise"
    else:
        yield f"strays {strays:.4f} nats/token from {table.reference_label}, {strays / floor:.0f} times the noise"


def _fork_words(table: FigureTable, forks: dict[str, float], equal: list[str]) -> Iterator[str]:
    parted = [value for prompt_id, value in forks.items() if prompt_id not in equal]
    if not parted:
        return
    is_one = len(parted) == 1
    after = f"after {count(round(statistics.median(parted)), 'token')}{'' if is_one else ' (median)'}"
    if equal:
        verb = "equals" if len(equal) == 1 else "equal"
        others = "other forks" if is_one else "others fork"
        yield f"{len(equal)} of {count(len(forks), 'answer')} {verb} {table.reference_label}'s, the {others} {after}"
    else:
        yield f"its text forks {after}"
