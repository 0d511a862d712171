"""Ratings of the variants against the reference from all votes, with intervals, tests and what is still missing.

The interval's standard error is the larger of two: the model's own (votes independent), and that of a Bayesian
bootstrap (Rubin 1981) which gives every prompt and every judge a random weight, so that a preference shared by one
judge's or one prompt's votes only is not taken for one of all. Weights, unlike resampling, keep every comparison, so
that each draw has a finite rating.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from evalkit.analyse.davidson import DavidsonFit, Floats, Tally, fit_davidson
from evalkit.analyse.intervals import holm_adjusted
from evalkit.records.blind import Outcome
from evalkit.records.errors import NotMeasuredError
from evalkit.records.preferences import Comparison, Rating, Standing
from evalkit.records.scores import Figure

N_DRAWS = 200
SEED = 20_240_601
Z = 1.959964
"""97.5 % quantile of the normal distribution."""

EQUIVALENCE = 0.1
"""Half width of "no difference larger than 60:40"."""

_OUTCOMES = {Outcome.LEFT: 1, Outcome.RIGHT: -1}

ELO_PER_LOGIT = 400 / math.log(10)


def rate(comparisons: Sequence[Comparison], *, labels: Sequence[str], reference_label: str) -> tuple[Rating, ...]:
    """One rating per label but the reference; not measured, with the reason, where the votes fix none."""
    rated = [label for label in labels if label != reference_label]
    try:
        votes = _Votes(comparisons, labels)
        fit = fit_davidson(votes.tally(), labels.index(reference_label))
    except NotMeasuredError as reason:
        return tuple(_not_measured(label, str(reason)) for label in rated)
    errors = np.maximum(np.sqrt(np.diag(fit.covariance)), _bootstrap_errors(votes, fit, labels.index(reference_label)))
    strengths = {label: (float(fit.strengths[i]), float(errors[i])) for i, label in enumerate(labels)}
    p_values = holm_adjusted({label: _p_value(*strengths[label]) for label in rated})
    return tuple(_rating(fit, label, *strengths[label], p_values[label], len(comparisons)) for label in rated)


class _Votes:
    """All votes as arrays, to be tallied again under other weights."""

    def __init__(self, comparisons: Sequence[Comparison], labels: Sequence[str]) -> None:
        index = {label: i for i, label in enumerate(labels)}
        self._n = len(labels)
        self._left = np.array([index[one.label_left] for one in comparisons], dtype=np.intp)
        self._right = np.array([index[one.label_right] for one in comparisons], dtype=np.intp)
        self._outcome = np.array([_OUTCOMES.get(one.outcome, 0) for one in comparisons])
        self.prompts = np.unique([one.prompt_id for one in comparisons], return_inverse=True)[1]
        self.judges = np.unique([one.judge for one in comparisons], return_inverse=True)[1]

    def tally(self, weights: Floats | None = None) -> Tally:
        """Votes per pair of variants; both bad is a tie."""
        weights = np.ones(len(self._left)) if weights is None else weights
        wins, ties = np.zeros((2, self._n, self._n))
        for outcome, winner, loser in ((1, self._left, self._right), (-1, self._right, self._left)):
            chosen = self._outcome == outcome
            np.add.at(wins, (winner[chosen], loser[chosen]), weights[chosen])
        tied = self._outcome == 0
        np.add.at(ties, (self._left[tied], self._right[tied]), weights[tied])
        return Tally(wins=wins, ties=ties + ties.T)


def _bootstrap_errors(votes: _Votes, fit: DavidsonFit, reference: int) -> Floats:
    random = np.random.default_rng(SEED)
    draws = []
    for _ in range(N_DRAWS):
        by_prompt = random.exponential(size=votes.prompts.max() + 1)[votes.prompts]
        weights = by_prompt * random.exponential(size=votes.judges.max() + 1)[votes.judges]
        draws.append(fit_davidson(votes.tally(weights / weights.mean()), reference, start=fit).strengths)
    return np.asarray(np.std(draws, axis=0, ddof=1))


def _p_value(strength: float, error: float) -> float:
    return math.erfc(abs(strength) / error / math.sqrt(2))


def _rating(fit: DavidsonFit, label: str, strength: float, error: float, p: float, n_votes: int) -> Rating:
    low, high = strength - Z * error, strength + Z * error
    win_share = Figure(value=fit.win_share(strength), low=fit.win_share(low), high=fit.win_share(high), n=n_votes)
    standing = _standing(win_share, p)
    return Rating(
        label=label,
        win_share=win_share,
        elo=Figure(value=ELO_PER_LOGIT * strength, low=ELO_PER_LOGIT * low, high=ELO_PER_LOGIT * high, n=n_votes),
        p_adjusted=p,
        standing=standing,
        n_votes_missing=0 if standing is not Standing.OPEN else _votes_missing(win_share, n_votes),
    )


def _standing(win_share: Figure, p: float) -> Standing:
    share, low, high = _bounds(win_share)
    if p < 0.05:
        return Standing.ABOVE if share > 0.5 else Standing.BELOW
    is_narrow = low > 0.5 - EQUIVALENCE and high < 0.5 + EQUIVALENCE
    return Standing.EQUIVALENT if is_narrow else Standing.OPEN


def _votes_missing(win_share: Figure, n_votes: int) -> int:
    """An interval shrinks with the root of the votes; it must leave .5 outside, or come to lie within 40 to 60 %."""
    share, low, high = _bounds(win_share)
    half_width, distance = (high - low) / 2, abs(share - 0.5)
    wanted = max(distance, EQUIVALENCE - distance)
    return max(1, math.ceil(n_votes * ((half_width / wanted) ** 2 - 1)))


def _bounds(figure: Figure) -> tuple[float, float, float]:
    assert figure.value is not None  # noqa: S101 - made two lines above
    assert figure.low is not None  # noqa: S101
    assert figure.high is not None  # noqa: S101
    return figure.value, figure.low, figure.high


def _not_measured(label: str, reason: str) -> Rating:
    nothing = Figure.not_measured(reason)
    return Rating(
        label=label,
        win_share=nothing,
        elo=nothing,
        p_adjusted=None,
        standing=Standing.NOT_MEASURED,
        n_votes_missing=None,
    )
