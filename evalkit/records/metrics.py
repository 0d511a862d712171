"""The names of a run's figures, and what is to be said of each; the table itself is `metric_table.py`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Metric(StrEnum):
    """Every figure of a run. What each means stands in `METRICS`."""

    REGENERATION_AGREEMENT = "regeneration_agreement"
    KL_DIVERGENCE = "kl_divergence"
    TOP1_AGREEMENT = "top1_agreement"
    LN_PPL_RATIO = "ln_ppl_ratio"
    REVERSE_KL = "reverse_kl"
    JS_DIVERGENCE = "js_divergence"
    KL_MEDIAN = "kl_median"
    KL_90 = "kl_90"
    KL_95 = "kl_95"
    KL_99 = "kl_99"
    KL_99_9 = "kl_99_9"
    KL_MAX = "kl_max"
    FLIP_RATE = "flip_rate"
    DELTA_P_MEAN = "delta_p_mean"
    DELTA_P_RMS = "delta_p_rms"
    PERPLEXITY = "perplexity"
    SOURCE_KL_DIVERGENCE = "source_kl_divergence"
    SOURCE_TOP1_AGREEMENT = "source_top1_agreement"
    COMMON_PREFIX_TOKENS = "common_prefix_tokens"
    CHRF = "chrf"
    WORD_JS_DIVERGENCE = "word_js_divergence"
    EMBEDDING_DISTANCE = "embedding_distance"
    LOG_LENGTH_RATIO = "log_length_ratio"
    TINT = "tint"
    DISTRIBUTION_TINT = "distribution_tint"
    DELTA_TINT = "delta_tint"
    PEAK_TINT = "peak_tint"
    DARK_SHARE = "dark_share"
    READING_EASE = "reading_ease"
    GRADE_LEVEL = "grade_level"
    DIALOGUE_SHARE = "dialogue_share"
    FIRST_PERSON = "first_person"
    SECOND_PERSON = "second_person"
    THIRD_PERSON = "third_person"
    SENTENCE_LENGTH = "sentence_length"
    SENTENCE_LENGTH_SD = "sentence_length_sd"
    FRAGMENT_SHARE = "fragment_share"
    SIGHT_WORDS = "sight_words"
    SOUND_WORDS = "sound_words"
    TOUCH_WORDS = "touch_words"
    SMELL_WORDS = "smell_words"
    TASTE_WORDS = "taste_words"
    CONTRAST_PATTERNS = "contrast_patterns"
    CLICHES = "cliches"
    MATTR_100 = "mattr_100"
    SCI_FI = "sci_fi"
    FANTASY = "fantasy"
    MYSTERY = "mystery"
    MELANCHOLY = "melancholy"
    HUMOUR = "humour"
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
    INSTRUCTION_MISS = "instruction_miss"


class MetricGroup(StrEnum):
    """What a metric is about: tables and reports pick by it."""

    REPEATS = "repeats"
    """Does the same answer come out again?"""
    DIVERGENCE = "divergence"
    """The model beside the reference, by its distributions."""
    DISTANCE = "distance"
    """The text beside the reference's."""
    TINT = "tint"
    STYLE = "style"
    """The text itself; read as difference to the reference's."""
    DAMAGE = "damage"
    COST = "cost"
    """Length and speed."""


TEXT_TINTS = (Metric.TINT, Metric.DELTA_TINT, Metric.PEAK_TINT, Metric.DARK_SHARE)
"""What full and lite read differently; figures of the two do not compare."""

DISTANCE_METRICS = (
    Metric.COMMON_PREFIX_TOKENS,
    Metric.CHRF,
    Metric.WORD_JS_DIVERGENCE,
    Metric.EMBEDDING_DISTANCE,
    Metric.LOG_LENGTH_RATIO,
)
"""Figures against the reference's answer to the same prompt. The reference's own are the null: its later regenerations
against its first."""

REFERENCE_METRICS = (Metric.DISTRIBUTION_TINT, Metric.DELTA_TINT)
"""Figures against the reference that the reference itself has no row of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricInfo:
    """What a reader needs to read one metric."""

    title: str
    unit: str
    group: MetricGroup
    definition: str
    """One or two sentences: what the number means and which direction is which."""
