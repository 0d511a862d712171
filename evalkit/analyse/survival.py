"""How long answers agree with the reference's: Kaplan-Meier over forks, censored where an answer ends without one."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from evalkit.records.divergence import Fork, SurvivalCurve, SurvivalPoint
from evalkit.records.scores import ALL_PROMPTS

ALL_VARIANTS = ALL_PROMPTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How long one answer agreed."""

    last_token: int
    """0-based index of the fork, or of the last token that was compared without one."""
    has_forked: bool


def survival_curves(forks: Iterable[Fork], labels: Sequence[str]) -> tuple[SurvivalCurve, ...]:
    """One curve per variant with a measured answer, then one over all of them."""
    by_label: dict[str, list[Agreement]] = {}
    for fork in forks:
        if fork.reason is None and (fork.token_index is not None or fork.n_agreed):
            last = fork.n_agreed - 1 if fork.token_index is None else fork.token_index
            agreement = Agreement(last_token=last, has_forked=fork.token_index is not None)
            by_label.setdefault(fork.label, []).append(agreement)
    curves = [kaplan_meier(label, by_label[label]) for label in labels if label in by_label]
    if len(curves) > 1:
        together = kaplan_meier(ALL_VARIANTS, [one for agreements in by_label.values() for one in agreements])
        curves.append(replace(together, points=tuple(_without_limits(point) for point in together.points)))
    return tuple(curves)


def kaplan_meier(label: str, agreements: Sequence[Agreement]) -> SurvivalCurve:
    """The share of answers that agree up to and including each token at which one forks.

    Source: Kaplan & Meier 1958; Greenwood 1926 for the variance, on the log-log scale (Kalbfleisch & Prentice 1980),
    which keeps the limits between 0 and 1. Computed by `scipy.stats.ecdf`.
    """
    import warnings

    import numpy as np
    from scipy import stats

    last = np.array([one.last_token for one in agreements])
    forked = np.array([one.has_forked for one in agreements])
    fitted = stats.ecdf(stats.CensoredData(uncensored=last[forked], right=last[~forked])).sf
    with warnings.catch_warnings():
        # Where all or none survive, the log-log scale has no limits; scipy says so and answers NaN.
        warnings.simplefilter("ignore", RuntimeWarning)
        limits = fitted.confidence_interval(confidence_level=0.95, method="log-log")
    points = tuple(
        SurvivalPoint(
            token=int(token),
            survival=float(fitted.probabilities[index]),
            low=_known(limits.low.probabilities[index]),
            high=_known(limits.high.probabilities[index]),
            n_at_risk=int((last >= token).sum()),
        )
        for index, token in enumerate(fitted.quantiles)
        if (last[forked] == token).any()
    )
    return SurvivalCurve(
        label=label,
        points=points,
        n_answers=len(agreements),
        n_forks=int(forked.sum()),
        median_tokens=next((float(point.token) for point in points if point.survival <= 0.5), None),
    )


def _without_limits(point: SurvivalPoint) -> SurvivalPoint:
    return replace(point, low=None, high=None)


def _known(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
