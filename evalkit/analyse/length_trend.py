"""The publisher's claim that longer outputs differ more, tested.

Two things could make it true. The divergence may grow along the answer: per prompt, Spearman's rank correlation of
position and KL; over prompts, the mean correlation against 0 by Student's t, Holm-adjusted over the variants. Or each
further token is one more chance to part: that holds for as long as the hazard, the share of positions at which the
variant would choose another token, stays above zero late in the answer.

Prompts are what is drawn: positions of one answer depend on each other, and no test here counts them as independent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from evalkit.analyse.intervals import holm_adjusted, mean_with_interval, p_value, prompt_mean
from evalkit.records.divergence import LengthTest
from evalkit.records.errors import NotMeasuredError
from evalkit.records.positions import PositionScores
from evalkit.records.scores import Figure

ALPHA = 0.05
MIN_POSITIONS = 30
"""An answer with fewer has no early and late to speak of."""

Values = Sequence[float]


def length_tests(positions: Iterable[PositionScores], labels: Sequence[str]) -> tuple[LengthTest, ...]:
    """One test per label that has read at least one answer of `MIN_POSITIONS` tokens."""
    by_label: dict[str, dict[str, PositionScores]] = {label: {} for label in labels}
    for one in positions:
        if one.label in by_label and one.n_read >= MIN_POSITIONS:
            by_label[one.label][one.prompt_id] = one
    found = {label: _correlations(of_label) for label, of_label in by_label.items() if of_label}
    adjusted = holm_adjusted(_p_values(found))
    return tuple(_test(label, by_label[label], found[label], adjusted.get(label)) for label in found)


def position_correlation(kl_nats: Values) -> float | None:
    """Spearman's rho of position and divergence, -1 to 1; None where the divergence never changes."""
    from scipy.stats import spearmanr

    if min(kl_nats) == max(kl_nats):
        return None
    return float(spearmanr(range(len(kl_nats)), kl_nats).statistic)


def _correlations(by_prompt: Mapping[str, PositionScores]) -> dict[str, float]:
    found = {prompt_id: position_correlation(one.kl_nats) for prompt_id, one in by_prompt.items()}
    return {prompt_id: value for prompt_id, value in found.items() if value is not None}


def _p_values(correlations: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    found = {}
    for label, by_prompt in correlations.items():
        try:
            found[label] = p_value(prompt_mean({prompt_id: (value,) for prompt_id, value in by_prompt.items()}))
        except NotMeasuredError:
            continue
    return found


def _test(
    label: str, by_prompt: Mapping[str, PositionScores], correlations: Mapping[str, float], p: float | None
) -> LengthTest:
    correlation = mean_with_interval({prompt_id: (value,) for prompt_id, value in correlations.items()})
    early_kl, late_kl = _thirds(by_prompt, lambda one: one.kl_nats)
    early_flips, late_flips = _thirds(by_prompt, lambda one: one.flips)
    return LengthTest(
        label=label,
        correlation=_within(correlation, -1, 1),
        p=p,
        early_kl=early_kl,
        late_kl=late_kl,
        early_flips=_within(early_flips, 0, 1),
        late_flips=_within(late_flips, 0, 1),
        verdict=f"{_trend_words(correlation, p)}; {_hazard_words(late_flips)}",
    )


def _thirds(
    by_prompt: Mapping[str, PositionScores], values_of: Callable[[PositionScores], Values]
) -> tuple[Figure, Figure]:
    early, late = {}, {}
    for prompt_id, one in by_prompt.items():
        values, third = values_of(one), one.n_read // 3
        early[prompt_id] = (sum(values[:third]) / third,)
        late[prompt_id] = (sum(values[one.n_read - third : one.n_read]) / third,)
    return _within(mean_with_interval(early), 0, None), _within(mean_with_interval(late), 0, None)


def _within(figure: Figure, least: float, most: float | None) -> Figure:
    if figure.low is None or figure.high is None:
        return figure
    return replace(figure, low=max(figure.low, least), high=figure.high if most is None else min(figure.high, most))


def _trend_words(correlation: Figure, p: float | None) -> str:
    if p is None or correlation.value is None:
        return "whether the divergence grows along the answer cannot be tested: that needs 2 prompts or more"
    if p >= ALPHA:
        return f"no growth of the divergence along the answer can be told from chance (p = {p:.2g})"
    return f"the divergence {'grows' if correlation.value > 0 else 'shrinks'} along the answer (p = {p:.2g})"


def _hazard_words(late: Figure) -> str:
    if not late.value:
        return "late in the answers nothing makes it part"
    if late.low is None or late.low <= 0:
        return f"late in the answers {late.value:.1%} of the tokens would differ, which may be chance"
    return f"late in the answers {late.value:.1%} of the tokens would still differ, so longer answers part more often"
