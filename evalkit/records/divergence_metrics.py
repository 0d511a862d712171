"""What the figures of a variant along the reference's answers mean."""

from __future__ import annotations

from evalkit.records.metrics import Metric, MetricGroup, MetricInfo

KL_QUANTILES: dict[Metric, float] = {
    Metric.KL_MEDIAN: 0.5,
    Metric.KL_90: 0.9,
    Metric.KL_95: 0.95,
    Metric.KL_99: 0.99,
    Metric.KL_99_9: 0.999,
}
"""Which share of the positions strays no further."""

_WORDS = {0.5: "Half", 0.9: "90 %", 0.95: "95 %", 0.99: "99 %", 0.999: "99.9 %"}
_NOISE = "The reference's own figure is the noise: itself in other kernels."


def _quantile_info(share: float) -> MetricInfo:
    return MetricInfo(
        title="KL median" if share == 0.5 else f"KL {100 * share:g} %",
        unit="nats/token",
        group=MetricGroup.DIVERGENCE,
        definition=f"{_WORDS[share]} of the positions of the reference's answer stray no further in KL divergence. "
        f"Over all prompts the positions are pooled, and the interval lets those of one prompt go together. {_NOISE}",
    )


DIVERGENCE_METRICS: dict[Metric, MetricInfo] = {
    Metric.REVERSE_KL: MetricInfo(
        title="Reverse KL",
        unit="nats/token",
        group=MetricGroup.DIVERGENCE,
        definition="Mean of D_KL(variant || reference) along the reference's answer: high where the variant likes what "
        f"the reference would not say. 0 is equal. {_NOISE}",
    ),
    Metric.JS_DIVERGENCE: MetricInfo(
        title="Jensen-Shannon",
        unit="nats/token",
        group=MetricGroup.DIVERGENCE,
        definition="Mean Jensen-Shannon divergence of the next-token distributions along the reference's answer. 0 is "
        f"equal, 0.693 (ln 2) nothing in common; neither side is the measure of the other. {_NOISE}",
    ),
    **{metric: _quantile_info(share) for metric, share in KL_QUANTILES.items()},
    Metric.KL_MAX: MetricInfo(
        title="KL maximum",
        unit="nats",
        group=MetricGroup.DIVERGENCE,
        definition=f"KL divergence at the position where it is largest; over all prompts, the largest. {_NOISE}",
    ),
    Metric.FLIP_RATE: MetricInfo(
        title="Choices changed",
        unit="share",
        group=MetricGroup.DIVERGENCE,
        definition="Share of positions of the reference's answer at which the variant would choose another token, "
        f"after the repeat penalty. 0 is the same answer. {_NOISE}",
    ),
    Metric.DELTA_P_MEAN: MetricInfo(
        title="Mean delta-p",
        unit="probability",
        group=MetricGroup.DIVERGENCE,
        definition="Mean of the variant's probability of the answer's token minus the reference's. Below 0 the variant "
        f"finds the reference's own words less likely. {_NOISE}",
    ),
    Metric.DELTA_P_RMS: MetricInfo(
        title="RMS delta-p",
        unit="probability",
        group=MetricGroup.DIVERGENCE,
        definition="Root mean square of the same differences: how far the probabilities move either way. 0 is equal. "
        f"{_NOISE}",
    ),
    Metric.PERPLEXITY: MetricInfo(
        title="Perplexity",
        unit="per token",
        group=MetricGroup.DIVERGENCE,
        definition="Perplexity of the reference's answer: exp of the mean negative log-probability of its tokens. Over "
        "all prompts, the geometric mean. The reference's own figure is its perplexity of its own text, not the noise.",
    ),
}
