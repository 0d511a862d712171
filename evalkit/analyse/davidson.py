"""Bradley-Terry ratings with ties after Davidson, by maximum likelihood.

Strengths b with the reference at 0, and one tie parameter t for all pairs. Of two variants with d = b_i - b_j,

    P(i wins) : P(j wins) : P(tie) = exp(d / 2) : exp(-d / 2) : exp(t)

a multinomial logit, whose likelihood has one maximum, found by Newton's method.

Source: Davidson 1970, "On Extending the Bradley-Terry Model to Accommodate Ties in Paired Comparison Experiments".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evalkit.records.errors import NotMeasuredError

Floats = npt.NDArray[np.float64]

_MAX_STEPS = 100
_TOLERANCE = 1e-11
_RISES = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Votes, or weights of votes, per ordered pair of variants."""

    wins: Floats
    """(n, n): votes for the row's variant against the column's."""
    ties: Floats
    """(n, n), symmetric: every tie stands in both cells."""

    @property
    def has_ties(self) -> bool:
        """Whether the tie parameter is finite."""
        return bool(self.ties.any())


@dataclass(frozen=True, slots=True, kw_only=True)
class DavidsonFit:
    """The most likely strengths."""

    strengths: Floats
    """(n,) natural log-odds; the reference's is 0."""
    tie: float
    """Log tie parameter; minus infinity where no vote was a tie."""
    covariance: Floats
    """(n, n) of the strengths, from the Fisher information; 0 for the reference."""

    def win_share(self, strength: float) -> float:
        """Expected share of votes against the reference, ties half."""
        win, loss, tie = np.exp(strength / 2), np.exp(-strength / 2), np.exp(self.tie)
        return float((win + tie / 2) / (win + loss + tie))


def fit_davidson(tally: Tally, reference: int, start: DavidsonFit | None = None) -> DavidsonFit:
    """The maximum of the likelihood.

    Args:
        tally: the votes.
        reference: index of the variant whose strength is 0.
        start: a fit of the same votes under other weights: few steps lead from it to this one, and where it was
            finite, so is this.

    Raises:
        NotMeasuredError: there is none: some variants never lost, won or tied against the others, or all are ties.
    """
    if start is None:
        _check_existence(tally)
    n = len(tally.wins)
    free = [index for index in range(n) if index != reference]
    first, second = np.triu_indices(n, 1)
    votes = np.stack([tally.wins[first, second], tally.wins[second, first], tally.ties[first, second]])
    # Rows: pairs. Columns: the free strengths, then the tie parameter.
    design = np.zeros((len(first), n))
    design[np.arange(len(first)), first] += 1.0
    design[np.arange(len(first)), second] -= 1.0
    design = design[:, free]
    point = np.zeros(len(free) + 1)
    if start is not None:
        point = np.append(start.strengths[free], start.tie if tally.has_ties else 0.0)
    likelihood = _log_likelihood(point, design, votes, has_ties=tally.has_ties)
    for _ in range(_MAX_STEPS):
        gradient, information = _derivatives(point, design, votes, has_ties=tally.has_ties)
        step = np.linalg.solve(information, gradient)
        while (moved := _log_likelihood(point + step, design, votes, has_ties=tally.has_ties)) < likelihood - 1e-12:
            step = step / 2
        point, likelihood = point + step, moved
        if np.abs(step).max() < _TOLERANCE:
            break
    _, information = _derivatives(point, design, votes, has_ties=tally.has_ties)
    strengths, covariance = np.zeros(n), np.zeros((n, n))
    strengths[free] = point[:-1]
    covariance[np.ix_(free, free)] = np.linalg.inv(information)[:-1, :-1]
    return DavidsonFit(strengths=strengths, tie=float(point[-1]) if tally.has_ties else -np.inf, covariance=covariance)


def _check_existence(tally: Tally) -> None:
    """A finite maximum exists unless some direction never lowers, and somewhere raises, every observed vote's score."""
    if not tally.wins.any():
        raise NotMeasuredError("Every vote was a tie: nothing says how far apart the variants could be.")
    from scipy.sparse.csgraph import connected_components

    n_parts, _ = connected_components(tally.wins + tally.ties, directed=False)
    if n_parts > 1:
        raise NotMeasuredError("Some variants were never compared with the rest. More votes are needed.")
    if _can_rise_for_ever(tally):
        raise NotMeasuredError(
            "Some variants never lost or never won, so no finite rating fits the votes. More votes are needed."
        )


def _can_rise_for_ever(tally: Tally) -> bool:
    from scipy.optimize import linprog

    n = len(tally.wins)
    half = np.eye(n + 1)[:n] / 2
    tie = np.eye(n + 1)[n] if tally.has_ties else None
    # Each row: how much further the observed outcome's score moves than another outcome's; none may be negative.
    rows = []
    for i, j in zip(*np.nonzero(tally.wins), strict=True):
        rows.append(2 * (half[i] - half[j]))
        if tie is not None:
            rows.append(half[i] - half[j] - tie)
    for i, j in zip(*np.nonzero(tally.ties), strict=True):
        rows.append(np.eye(n + 1)[n] - (half[i] - half[j]))
    gains = np.array(rows)
    best = linprog(-gains.sum(axis=0), A_ub=-gains, b_ub=np.zeros(len(gains)), bounds=(-1, 1))
    return bool(-best.fun > _RISES)


def _probabilities(point: Floats, design: Floats, *, has_ties: bool) -> Floats:
    half = design @ point[:-1] / 2
    scores = np.stack([half, -half, np.full_like(half, point[-1] if has_ties else -np.inf)])
    weights = np.exp(scores - scores.max(axis=0))
    return np.asarray(weights / weights.sum(axis=0))


def _log_likelihood(point: Floats, design: Floats, votes: Floats, *, has_ties: bool) -> float:
    probabilities = _probabilities(point, design, has_ties=has_ties)
    return float(votes[votes > 0] @ np.log(probabilities[votes > 0]))


def _derivatives(point: Floats, design: Floats, votes: Floats, *, has_ties: bool) -> tuple[Floats, Floats]:
    """The gradient of the log-likelihood and the Fisher information."""
    win, loss, tie = _probabilities(point, design, has_ties=has_ties)
    n = votes.sum(axis=0)
    by_difference = (votes[0] - votes[1] - n * (win - loss)) / 2
    gradient = np.append(design.T @ by_difference, votes[2].sum() - n @ tie)
    information = np.zeros((len(gradient), len(gradient)))
    information[:-1, :-1] = design.T @ (design * (n * (win + loss - (win - loss) ** 2) / 4)[:, None])
    information[:-1, -1] = information[-1, :-1] = design.T @ (-n * (win - loss) * tie / 2)
    # Without ties the tie parameter is fixed, and 1 keeps the matrix regular.
    information[-1, -1] = n @ (tie * (1 - tie)) if has_ties else 1.0
    return gradient, information
