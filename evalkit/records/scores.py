"""Figures: one tidy row each, with interval, count, unit and, where there is none, the reason."""

from __future__ import annotations

from dataclasses import dataclass, field

# A figure and what it measures are asked for together; the table is long, so it has a module of its own.
from evalkit.records.axis import DistributionTint
from evalkit.records.claims import ClaimAnswer
from evalkit.records.metric_table import METRICS as METRICS
from evalkit.records.metrics import DISTANCE_METRICS as DISTANCE_METRICS
from evalkit.records.metrics import REFERENCE_METRICS as REFERENCE_METRICS
from evalkit.records.metrics import TEXT_TINTS as TEXT_TINTS
from evalkit.records.metrics import Metric as Metric
from evalkit.records.metrics import MetricGroup as MetricGroup
from evalkit.records.metrics import MetricInfo as MetricInfo

ALL_PROMPTS = "*"
"""The `prompt_id` of a row that summarises a variant over all of its prompts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A value with its interval, or the reason why there is none. Never both, never neither."""

    value: float | None
    low: float | None = None
    high: float | None = None
    """Bounds of the 95 % interval; None where the figure is a plain count or reading."""
    n: int = 1
    """Number of values behind it."""
    reason: str | None = None
    """Why `value`, or the interval of an existing value, was not measured."""

    @classmethod
    def not_measured(cls, reason: str) -> Figure:
        """No value, and why."""
        return cls(value=None, n=0, reason=reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One row of `scores.csv`."""

    label: str
    prompt_id: str
    metric: Metric
    figure: Figure

    @property
    def unit(self) -> str:
        """The unit of the metric."""
        return METRICS[self.metric].unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the measures read of one (variant, prompt): its first, cold regeneration."""

    label: str
    prompt_id: str
    prompt_text: str
    """All that the model read: the system prompt, where there is one, and the prompt."""
    text: str
    token_ids: tuple[int, ...] | None = None
    """None for texts that were made elsewhere."""
    cut: bool | None = False
    """The token limit ended the answer; None for texts that were made elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentenceTint:
    """One sentence's share in an answer's tint; the word-weighted mean of all `tint` is the text's, before clipping."""

    start: int
    end: int
    """Half-open range of characters in the answer's text; ranges do not overlap and are in order."""
    n_words: int
    tint: float
    """50 + 10 * log-odds, not clipped: a true decomposition."""
    category: str
    """The nearest anchor's category: what kind of horror, or of calm, it is closest to."""
    lexicon_hits: tuple[str, ...] = ()
    """Words of the sentence that the horror lexicon knows: they explain, they do not score."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerTint:
    """The sentence decomposition of one answer: one line of `sentences.jsonl`."""

    label: str
    prompt_id: str
    sentences: tuple[SentenceTint, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A figure of style minus the reference's on the same prompt, over all prompts that both answered."""

    figure: Figure
    covers_zero: bool | None
    """Whether the interval covers 0, so that nothing is shown and a page greys it; None without an interval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TintDamage:
    """One variant on the plane that tells a coloured model from a broken one."""

    label: str
    delta_tint: Figure
    damage: Figure
    """Share of its answers that are damaged."""
    extra_damage: float | None
    """That share minus the reference's; None where either has no answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantSummary:
    """One variant's line in the summary table: figures over all prompts, and the verdict in words."""

    label: str
    figures: dict[Metric, Figure]
    verdict: str
    differences: dict[Metric, Difference] = field(default_factory=dict)
    """By metric of style and length; empty for the reference."""
    distribution: DistributionTint | None = None
    """The test of its next tokens; None for the reference, and where it was not measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """What the terminal prints and `summary.json` holds."""

    variants: tuple[VariantSummary, ...]
    reproducible: bool | None
    """True: every (variant, prompt) certified identical; False: at least one forked; None: not measured."""
    notes: tuple[str, ...]
    """What changes how the figures read: too few prompts, unmeasured scores, damaged answers."""
    claims: tuple[ClaimAnswer, ...] = ()
    """The publisher's claims, answered."""
    plane: tuple[TintDamage, ...] = ()
    """Tint against damage, one point per variant, the reference left out."""
