"""KL along the reference's answers, smoothed, beside what other kernels alone would show."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence

from evalkit.analyse.intervals import mean_with_interval
from evalkit.records.divergence import LoudToken, PositionalProfile, ProfilePoint
from evalkit.records.positions import PositionScores

WINDOW = 32
"""Tokens per mean: two sentences or so."""
MIN_STEP = 8
MAX_POINTS = 128
N_LOUDEST = 12
NULL_SHARE = 0.95


def positional_profiles(
    positions: Iterable[PositionScores], labels: Sequence[str], reference_label: str
) -> tuple[PositionalProfile, ...]:
    """One profile per variant that has read anything."""
    by_label: dict[str, dict[str, PositionScores]] = {label: {} for label in (*labels, reference_label)}
    for one in positions:
        if one.label in by_label and one.n_read:
            by_label[one.label][one.prompt_id] = one
    null = null_high_nats([one.kl_nats for one in by_label[reference_label].values()])
    return tuple(
        _profile(label, by_label[label], null) for label in labels if label != reference_label and by_label[label]
    )


def null_high_nats(noises: Sequence[Sequence[float]]) -> float | None:
    """The upper edge of the null band: 95 % of the noise's window means lie below it; None without noise."""
    import numpy as np

    means = [float(np.mean(part)) for noise in noises for part in _windows(noise)]
    return float(np.quantile(means, NULL_SHARE)) if means else None


def smoothed(kl_nats: Sequence[float], centre: int) -> float:
    """The mean of the window around one position, cut at the ends of the answer."""
    part = kl_nats[max(centre - WINDOW // 2, 0) : centre + WINDOW // 2]
    return sum(part) / len(part)


def _windows(noise: Sequence[float]) -> Iterator[Sequence[float]]:
    """Whole windows, half overlapping; the noise itself where it is shorter than one."""
    for start in range(0, max(len(noise) - WINDOW, 0) + 1, WINDOW // 2):
        if part := noise[start : start + WINDOW]:
            yield part


def _profile(label: str, by_prompt: Mapping[str, PositionScores], null: float | None) -> PositionalProfile:
    longest = max(one.n_read for one in by_prompt.values())
    step = max(MIN_STEP, -(-longest // MAX_POINTS))
    points = tuple(_point(by_prompt, centre) for centre in range(0, longest, step))
    above = None
    if null is not None:
        above = sum((point.kl_nats if point.low is None else point.low) > null for point in points) / len(points)
    return PositionalProfile(
        label=label,
        window=WINDOW,
        points=points,
        null_high_nats=null,
        share_above_null=above,
        loudest=tuple(_loudest(by_prompt)),
    )


def _point(by_prompt: Mapping[str, PositionScores], centre: int) -> ProfilePoint:
    reaching = {id_: (smoothed(one.kl_nats, centre),) for id_, one in by_prompt.items() if one.n_read > centre}
    figure = mean_with_interval(reaching)
    return ProfilePoint(
        token=centre,
        kl_nats=figure.value or 0.0,
        low=None if figure.low is None else max(figure.low, 0.0),
        high=figure.high,
        n_prompts=len(reaching),
    )


def _loudest(by_prompt: Mapping[str, PositionScores]) -> Iterator[LoudToken]:
    every = ((one.kl_nats[index], id_, index) for id_, one in by_prompt.items() for index in range(one.n_read))
    for kl_nats, prompt_id, index in heapq.nlargest(N_LOUDEST, every):
        text = by_prompt[prompt_id].pieces[index]
        yield LoudToken(prompt_id=prompt_id, token_index=index, text=text, kl_nats=kl_nats)
