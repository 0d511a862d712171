"""Figures: one tidy row each, with interval, count, unit and, where there is none, the reason."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

ALL_PROMPTS = "*"
"""The `prompt_id` of a row that summarises a variant over all of its prompts."""


class Metric(StrEnum):
    """Every figure of a run. What each means stands in `METRICS`."""

    REGENERATION_AGREEMENT = "regeneration_agreement"
    KL_DIVERGENCE = "kl_divergence"
    TOP1_AGREEMENT = "top1_agreement"
    LN_PPL_RATIO = "ln_ppl_ratio"
    COMMON_PREFIX_TOKENS = "common_prefix_tokens"
    CHRF = "chrf"
    WORD_JS_DIVERGENCE = "word_js_divergence"
    EMBEDDING_DISTANCE = "embedding_distance"
    LOG_LENGTH_RATIO = "log_length_ratio"
    TINT = "tint"
    DELTA_TINT = "delta_tint"
    PEAK_TINT = "peak_tint"
    DARK_SHARE = "dark_share"
    READING_EASE = "reading_ease"
    N_WORDS = "n_words"
    N_TOKENS = "n_tokens"
    TOKENS_PER_SECOND = "tokens_per_second"
    DAMAGE = "damage"
    LOOP = "loop"
    EMPTY = "empty"
    CUT = "cut"
    REFUSAL = "refusal"
    TEMPLATE_LEAK = "template_leak"
    FOREIGN_SCRIPT = "foreign_script"


REFERENCE_METRICS = (
    Metric.COMMON_PREFIX_TOKENS,
    Metric.CHRF,
    Metric.WORD_JS_DIVERGENCE,
    Metric.EMBEDDING_DISTANCE,
    Metric.LOG_LENGTH_RATIO,
    Metric.DELTA_TINT,
)
"""Figures against the reference's answer to the same prompt; the reference itself has no such rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricInfo:
    """What a reader needs to read one metric."""

    title: str
    unit: str
    definition: str
    """One or two sentences: what the number means and which direction is which."""


METRICS: dict[Metric, MetricInfo] = {
    Metric.REGENERATION_AGREEMENT: MetricInfo(
        title="Regenerations alike",
        unit="share",
        definition="Share of the later regenerations whose tokens equal the first one's. 1 is reproducible.",
    ),
    Metric.KL_DIVERGENCE: MetricInfo(
        title="KL divergence",
        unit="nats/token",
        definition="How far the next-token distribution strays from the reference's along the reference's own answer "
        "(mean of D_KL(reference || variant), raw logits). 0 is equal, lower is closer. The reference's own figure is "
        "the noise floor: its divergence from itself in other kernels and another number of threads.",
    ),
    Metric.TOP1_AGREEMENT: MetricInfo(
        title="Same top token",
        unit="share",
        definition="Share of positions of the reference's answer at which the most likely token is the reference's.",
    ),
    Metric.LN_PPL_RATIO: MetricInfo(
        title="Perplexity ratio",
        unit="ln",
        definition="Natural log of the variant's perplexity on the reference's answer over the reference's own. "
        "0 is equal; above 0 the answer surprises the variant more.",
    ),
    Metric.COMMON_PREFIX_TOKENS: MetricInfo(
        title="Fork from reference",
        unit="tokens",
        definition="Tokens before the answer first leaves the reference's; over all prompts, the median. "
        "Higher is closer.",
    ),
    Metric.CHRF: MetricInfo(
        title="chrF to reference",
        unit="0 to 100",
        definition="Character n-gram F-score against the reference's answer (Popovic 2015). 100 is equal.",
    ),
    Metric.WORD_JS_DIVERGENCE: MetricInfo(
        title="Word divergence",
        unit="bits",
        definition="Jensen-Shannon divergence of the two answers' word frequencies. 0 is equal, 1 no shared word.",
    ),
    Metric.EMBEDDING_DISTANCE: MetricInfo(
        title="Meaning distance",
        unit="1 - cosine",
        definition="1 minus the cosine of the mean MiniLM window embeddings of the two answers. 0 is equal.",
    ),
    Metric.LOG_LENGTH_RATIO: MetricInfo(
        title="Length ratio",
        unit="ln(words)",
        definition="Natural log of the answer's words over the reference's. 0 is equal, above 0 is longer.",
    ),
    Metric.TINT: MetricInfo(
        title="Horror tint",
        unit="0 to 100",
        definition="How strongly the answer leans to horror. 50 is the boundary, 10 points are one logit. "
        "Compare within one prompt only.",
    ),
    Metric.DELTA_TINT: MetricInfo(
        title="Delta-tint",
        unit="points",
        definition="Tint minus the reference's tint on the same prompt. Above 0 is darker.",
    ),
    Metric.PEAK_TINT: MetricInfo(
        title="Peak tint",
        unit="0 to 100",
        definition="Mean tint of the darkest quarter of the sentences.",
    ),
    Metric.DARK_SHARE: MetricInfo(
        title="Dark share",
        unit="share of words",
        definition="Share of words in sentences whose tint is above 50.",
    ),
    Metric.READING_EASE: MetricInfo(
        title="Reading ease",
        unit="points",
        definition="Flesch reading ease by textstat with the CMU dictionary's syllables. Higher is easier.",
    ),
    Metric.N_WORDS: MetricInfo(title="Words", unit="words", definition="Words in the answer."),
    Metric.N_TOKENS: MetricInfo(
        title="Tokens", unit="tokens", definition="Generated tokens, without the end-of-turn token."
    ),
    Metric.TOKENS_PER_SECOND: MetricInfo(
        title="Decode speed",
        unit="tokens/s",
        definition="Generated tokens per second of decoding, prompt and drafts not counted; answers that are made side "
        "by side share the time. Compare within one run only.",
    ),
    Metric.DAMAGE: MetricInfo(
        title="Damage",
        unit="share of answers",
        definition="Share of answers with any damage flag. A cut answer alone does not count: the limit cut it.",
    ),
    Metric.LOOP: MetricInfo(
        title="Loop",
        unit="flag",
        definition="1 when, in any part of the answer, distinct-3 < .85 or the zlib ratio < .38, or when a run of more "
        "than 15 words comes again.",
    ),
    Metric.EMPTY: MetricInfo(title="Empty", unit="flag", definition="1 when the answer has no word."),
    Metric.CUT: MetricInfo(
        title="Cut", unit="flag", definition="1 when the token limit ended the answer, not the model."
    ),
    Metric.REFUSAL: MetricInfo(
        title="Refusal", unit="flag", definition="1 when the answer opens by declining the task."
    ),
    Metric.TEMPLATE_LEAK: MetricInfo(
        title="Template leak", unit="flag", definition="1 when chat-template tokens stand in the text."
    ),
    Metric.FOREIGN_SCRIPT: MetricInfo(
        title="Foreign script",
        unit="flag",
        definition="1 when more than 2 % of the letters are of a script that the prompt does not use.",
    ),
}


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
    cut: bool = False
    """The token limit ended the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionScores:
    """A variant read along the reference's answer to one prompt; one value per token of that answer."""

    label: str
    prompt_id: str
    kl_nats: tuple[float, ...]
    """D_KL(reference || variant) of the distributions that predict the token, nats."""
    same_top: tuple[bool, ...]
    """Whether both have the same most likely token, before any penalty."""
    log_p_reference: tuple[float, ...]
    """The reference's log-probability of the token, nats."""
    log_p_variant: tuple[float, ...]
    """The variant's log-probability of the token, nats."""


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
class VariantSummary:
    """One variant's line in the summary table: figures over all prompts, and the verdict in words."""

    label: str
    figures: dict[Metric, Figure]
    verdict: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """What the terminal prints and `summary.json` holds."""

    variants: tuple[VariantSummary, ...]
    reproducible: bool | None
    """True: every (variant, prompt) certified identical; False: at least one forked; None: not measured."""
    notes: tuple[str, ...]
    """What changes how the figures read: too few prompts, unmeasured scores, damaged answers."""
