"""Ratings of the variants against the reference from all votes, with intervals, tests and what is still missing.

The interval's standard error is the larger of two: the model's own (votes independent), and that of a Bayesian
bootstrap (Rubin 1981) which gives every prompt and every judge a random weight, so that a preference shared by one
judge's or one prompt's votes only is not taken for one of all. Weights, unlike resampling, keep every comparison, so
that each draw has a finite rating.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from statistics import NormalDist

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

ONE_SIDED = "The votes are one-sided; half a win and half a loss against the reference were added to each variant."
NOT_ASKED = "No vote links it with the reference."

_OUTCOMES = {Outcome.LEFT: 1, Outcome.RIGHT: -1}

ELO_PER_LOGIT = 400 / math.log(10)


def rate(comparisons: Sequence[Comparison], *, labels: Sequence[str], reference_label: str) -> tuple[Rating, ...]:
    """One rating per label but the reference; not measured where nobody was asked about it.

    Where all votes are ties, or some variants never lost or never won, no finite rating fits; then half a win and half
    a loss against the reference are added for each variant (Anscombe 1956), which draws towards "equal".
    """
    linked = _linked(comparisons, reference_label)
    asked = [label for label in labels if label in linked or label == reference_label]
    made = dict(_rate_linked([one for one in comparisons if one.label_left in linked], asked, reference_label))
    return tuple(made.get(label) or _not_measured(label, NOT_ASKED) for label in labels if label != reference_label)


def _linked(comparisons: Sequence[Comparison], reference_label: str) -> set[str]:
    """Who was compared with the reference, with somebody who was, and so on."""
    linked, waiting = set[str](), {reference_label}
    while waiting:
        linked |= waiting
        sides = [(one.label_left, one.label_right) for one in comparisons]
        waiting = {label for pair in sides if linked & set(pair) for label in pair} - linked
    return linked


def _rate_linked(
    comparisons: Sequence[Comparison], labels: Sequence[str], reference_label: str
) -> Iterator[tuple[str, Rating]]:
    if not comparisons:
        return
    reference = labels.index(reference_label)
    votes, reason = _Votes(comparisons, labels), None
    try:
        fit = fit_davidson(votes.tally(), reference)
    except NotMeasuredError:
        votes, reason = _Votes(comparisons, labels, half_votes_against=reference), ONE_SIDED
        fit = fit_davidson(votes.tally(), reference)
    errors = np.maximum(np.sqrt(np.diag(fit.covariance)), _bootstrap_errors(votes, fit, reference))
    strengths = {label: (float(fit.strengths[i]), float(errors[i])) for i, label in enumerate(labels)}
    rated = [label for label in labels if label != reference_label]
    p_values = holm_adjusted({label: _p_value(*strengths[label]) for label in rated})
    for label in rated:
        yield label, _rating(fit, label, *strengths[label], p_values[label], len(comparisons), len(rated), reason)


class _Votes:
    """All votes as arrays, to be tallied again under other weights; half votes, where added, keep theirs."""

    def __init__(
        self, comparisons: Sequence[Comparison], labels: Sequence[str], half_votes_against: int | None = None
    ) -> None:
        index = {label: i for i, label in enumerate(labels)}
        self._n = len(labels)
        self._added = np.zeros((self._n, self._n))
        if half_votes_against is not None:
            self._added[half_votes_against] = self._added[:, half_votes_against] = 0.5
            self._added[half_votes_against, half_votes_against] = 0.0
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
        return Tally(wins=wins + self._added, ties=ties + ties.T)


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


def _rating(
    fit: DavidsonFit,
    label: str,
    strength: float,
    error: float,
    p: float,
    n_votes: int,
    n_tests: int,
    reason: str | None,
) -> Rating:
    low, high = strength - Z * error, strength + Z * error
    share = (fit.win_share(strength), fit.win_share(low), fit.win_share(high))
    win_share = Figure(value=share[0], low=share[1], high=share[2], n=n_votes, reason=reason)
    standing = _standing(win_share, p)
    return Rating(
        label=label,
        win_share=win_share,
        elo=Figure(value=ELO_PER_LOGIT * strength, low=ELO_PER_LOGIT * low, high=ELO_PER_LOGIT * high, n=n_votes),
        p_adjusted=p,
        standing=standing,
        n_votes_missing=0
        if standing is not Standing.OPEN
        else _votes_missing(win_share, n_votes, abs(strength) / error, n_tests),
    )


def _standing(win_share: Figure, p: float) -> Standing:
    share, low, high = _bounds(win_share)
    if p < 0.05:
        return Standing.ABOVE if share > 0.5 else Standing.BELOW
    is_narrow = low > 0.5 - EQUIVALENCE and high < 0.5 + EQUIVALENCE
    return Standing.EQUIVALENT if is_narrow else Standing.OPEN


def _votes_missing(win_share: Figure, n_votes: int, z: float, n_tests: int) -> int:
    """Errors shrink with the root of the votes, so z grows with it.

    Whichever comes first at this share: z reaches what `n_tests` tests ask for (Bonferroni's bound on Holm's steps), or
    the interval comes to lie within 40 to 60 %.
    """
    share, low, high = _bounds(win_share)
    half_width, room = (high - low) / 2, EQUIVALENCE - abs(share - 0.5)
    z_needed = NormalDist().inv_cdf(1 - 0.025 / n_tests)
    factors = [(z_needed / z) ** 2] if z > 0 else []
    if room > 0:
        factors.append((half_width / room) ** 2)
    return max(1, math.ceil(n_votes * (min(factors) - 1)))


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
