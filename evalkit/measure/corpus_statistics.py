"""Figures over all scored positions of a text, with llama-perplexity's formulas, names and interpolation.

Positions are taken for independent, as that program takes them; neighbours in a text are not, so its uncertainties are
somewhat too small. It gives none for median and percentiles: ours is half the distance between the order statistics one
binomial standard deviation either side (Wilks 1948), and none for the maximum.

Source: llama.cpp, tools/perplexity/perplexity.cpp (`kl_divergence`), as of llama-cpp-python 0.3.36.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from evalkit.records.corpus import CorpusDivergence, CorpusFigure, CorpusPositions

PERCENTILES = {"kld_90": 0.9, "kld_95": 0.95, "kld_99": 0.99, "kld_99_9": 0.999}

PERCENT = 100.0

Values = npt.NDArray[np.float64]
Sorted = npt.NDArray[np.float32]


def summarise_corpus(positions: CorpusPositions) -> CorpusDivergence:
    """Every figure, in the order in which `evalkit diverge` prints them.

    Args:
        positions: at least two; `MIN_POSITIONS` for figures that mean something.
    """
    figures = (*_kl_figures(positions), *_probability_figures(positions), *_perplexity_figures(positions))
    bounds = positions.error_bound_nats
    return CorpusDivergence(
        figures=figures,
        n_positions=len(positions.kl_nats),
        mean_error_bound_nats=math.fsum(bounds) / len(bounds) if bounds else None,
    )


def _kl_figures(positions: CorpusPositions) -> Iterator[CorpusFigure]:
    values = np.array(positions.kl_nats)
    ordered = np.sort(values.astype(np.float32))
    n = len(ordered)
    middle = (ordered[(n - 1) // 2] + ordered[n // 2]) / np.float32(2)
    yield _figure("mean_kld", *mean_and_uncertainty(values), unit="nats")
    yield _figure("median_kld", float(middle), _rank_uncertainty(ordered, 0.5), unit="nats")
    for name, fraction in PERCENTILES.items():
        yield _figure(name, percentile(ordered, fraction), _rank_uncertainty(ordered, fraction), unit="nats")
    yield _figure("max_kld", float(ordered[-1]), None, unit="nats")


def _probability_figures(positions: CorpusPositions) -> Iterator[CorpusFigure]:
    """How the probability of the text's own next token changed, and how often the most likely token stayed."""
    p_reference, p_variant = (
        np.exp(-np.array(nll)).astype(np.float32) for nll in (positions.nll_reference, positions.nll_variant)
    )
    change = (p_variant - p_reference).astype(np.float64)
    mean_square, its_error = mean_and_uncertainty(change**2)
    rms = math.sqrt(mean_square)
    yield _figure("rms_delta_p", PERCENT * rms, PERCENT * (0.5 / rms * its_error if rms else 0.0), unit="%")
    mean, error = mean_and_uncertainty(change)
    yield _figure("mean_delta_p", PERCENT * mean, PERCENT * error, unit="%")
    n = len(positions.same_top)
    share = sum(positions.same_top) / n
    yield _figure("same_top_p", PERCENT * share, PERCENT * math.sqrt(share * (1 - share) / (n - 1)), unit="%")


def _perplexity_figures(positions: CorpusPositions) -> Iterator[CorpusFigure]:
    reference, variant = np.array(positions.nll_reference), np.array(positions.nll_variant)
    (mean_r, error_r), (mean_v, error_v) = mean_and_uncertainty(reference), mean_and_uncertainty(variant)
    yield _figure("ppl_reference", _exp(mean_r), _exp(mean_r) * error_r, unit="perplexity")
    yield _figure("ppl_variant", _exp(mean_v), _exp(mean_v) * error_v, unit="perplexity")
    covariance = float((reference * variant).mean() - mean_r * mean_v) / (len(reference) - 1)
    square = error_r**2 + error_v**2 - 2 * covariance
    yield _figure("ln_ppl_ratio", mean_v - mean_r, math.sqrt(max(square, 0.0)), unit="ln")


def mean_and_uncertainty(values: Values) -> tuple[float, float]:
    """The mean and one standard error of it."""
    mean = float(values.mean())
    variance = float((values**2).mean()) - mean**2
    return mean, math.sqrt(variance / (len(values) - 1)) if variance > 0 else 0.0


def percentile(ordered: Sorted, fraction: float) -> float:
    """Linear between neighbours, in 32 bits as llama-perplexity has it: on long texts that moves the place a little."""
    place = np.float32(fraction) * np.float32(len(ordered) - 1)
    below = int(place)
    rest = place - np.float32(below)
    above = min(below + 1, len(ordered) - 1)
    return float((np.float32(1) - rest) * ordered[below] + rest * ordered[above])


def _rank_uncertainty(ordered: Sorted, fraction: float) -> float:
    n = len(ordered)
    spread = math.sqrt(n * fraction * (1 - fraction))
    low, high = max(math.floor(n * fraction - spread), 0), min(math.ceil(n * fraction + spread), n - 1)
    return float(ordered[high] - ordered[low]) / 2


def _exp(nats: float) -> float:
    return math.exp(nats) if nats < math.log(np.finfo(np.float64).max) else math.inf


def _figure(name: str, value: float, uncertainty: float | None, *, unit: str) -> CorpusFigure:
    return CorpusFigure(name=name, value=value, uncertainty=uncertainty, unit=unit)
