"""What every figure of a run means: title, unit, group and definition."""

from __future__ import annotations

from evalkit.records.divergence_metrics import DIVERGENCE_METRICS
from evalkit.records.metrics import Metric, MetricGroup, MetricInfo
from evalkit.records.style_metrics import STYLE_METRICS

METRICS: dict[Metric, MetricInfo] = {
    Metric.REGENERATION_AGREEMENT: MetricInfo(
        title="Regenerations alike",
        unit="share",
        group=MetricGroup.REPEATS,
        definition="Share of the later regenerations whose tokens equal the first one's. 1 is reproducible.",
    ),
    Metric.KL_DIVERGENCE: MetricInfo(
        title="KL divergence",
        unit="nats/token",
        group=MetricGroup.DIVERGENCE,
        definition="How far the next-token distribution strays from the reference's along the reference's own answer "
        "(mean of D_KL(reference || variant), raw logits). 0 is equal, lower is closer. The reference's own figure is "
        "the noise floor: its divergence from itself in other kernels and another number of threads.",
    ),
    Metric.TOP1_AGREEMENT: MetricInfo(
        title="Same top token",
        unit="share",
        group=MetricGroup.DIVERGENCE,
        definition="Share of positions of the reference's answer at which the most likely token is the reference's.",
    ),
    Metric.LN_PPL_RATIO: MetricInfo(
        title="Perplexity ratio",
        unit="ln",
        group=MetricGroup.DIVERGENCE,
        definition="Natural log of the variant's perplexity on the reference's answer over the reference's own. "
        "0 is equal; above 0 the answer surprises the variant more.",
    ),
    **DIVERGENCE_METRICS,
    Metric.SOURCE_KL_DIVERGENCE: MetricInfo(
        title="KL from the source",
        unit="nats/token",
        group=MetricGroup.DIVERGENCE,
        definition="How far the next-token distribution strays from the unrounded model's along the reference's "
        "answers (mean of D_KL(unrounded || variant)). The reference has one, too: it is rounded itself. 0 is equal.",
    ),
    Metric.SOURCE_TOP1_AGREEMENT: MetricInfo(
        title="Same top as the source",
        unit="share",
        group=MetricGroup.DIVERGENCE,
        definition="Share of positions of the reference's answer at which the most likely token is the unrounded "
        "model's.",
    ),
    Metric.COMMON_PREFIX_TOKENS: MetricInfo(
        title="Fork from reference",
        unit="tokens",
        group=MetricGroup.DISTANCE,
        definition="Tokens before the answer first leaves the reference's; over all prompts, the median. "
        "Higher is closer.",
    ),
    Metric.CHRF: MetricInfo(
        title="chrF to reference",
        unit="0 to 100",
        group=MetricGroup.DISTANCE,
        definition="Character n-gram F-score against the reference's answer (Popovic 2015). 100 is equal.",
    ),
    Metric.WORD_JS_DIVERGENCE: MetricInfo(
        title="Word divergence",
        unit="bits",
        group=MetricGroup.DISTANCE,
        definition="Jensen-Shannon divergence of the two answers' word frequencies. 0 is equal, 1 no shared word.",
    ),
    Metric.EMBEDDING_DISTANCE: MetricInfo(
        title="Meaning distance",
        unit="1 - cosine",
        group=MetricGroup.DISTANCE,
        definition="1 minus the cosine of the mean MiniLM window embeddings of the two answers. 0 is equal.",
    ),
    Metric.LOG_LENGTH_RATIO: MetricInfo(
        title="Length ratio",
        unit="ln(words)",
        group=MetricGroup.DISTANCE,
        definition="Natural log of the answer's words over the reference's. 0 is equal, above 0 is longer.",
    ),
    Metric.TINT: MetricInfo(
        title="Horror tint",
        unit="0 to 100",
        group=MetricGroup.TINT,
        definition="How strongly the answer leans to horror. 50 is the boundary, 10 points are one logit. "
        "Compare within one prompt only.",
    ),
    Metric.DISTRIBUTION_TINT: MetricInfo(
        title="Tint in the distribution",
        unit="horror words/1,000 tokens",
        group=MetricGroup.TINT,
        definition="How many more horror words per 1,000 tokens the model expects to write than the reference, after "
        "the same tokens: along the reference's answers and on neutral and dark passages, beyond what rounding does to "
        "any lexicon. Above 0 is darker.",
    ),
    Metric.DELTA_TINT: MetricInfo(
        title="Delta-tint",
        unit="points",
        group=MetricGroup.TINT,
        definition="Tint minus the reference's tint on the same prompt. Above 0 is darker.",
    ),
    Metric.PEAK_TINT: MetricInfo(
        title="Peak tint",
        unit="0 to 100",
        group=MetricGroup.TINT,
        definition="Mean tint of the darkest quarter of the sentences.",
    ),
    Metric.DARK_SHARE: MetricInfo(
        title="Dark share",
        unit="share of words",
        group=MetricGroup.TINT,
        definition="Share of words in sentences whose tint is above 50.",
    ),
    Metric.READING_EASE: MetricInfo(
        title="Reading ease",
        unit="points",
        group=MetricGroup.STYLE,
        definition="Flesch reading ease by textstat with the CMU dictionary's syllables. Higher is easier.",
    ),
    **STYLE_METRICS,
    Metric.N_WORDS: MetricInfo(title="Words", unit="words", group=MetricGroup.COST, definition="Words in the answer."),
    Metric.N_TOKENS: MetricInfo(
        title="Tokens",
        unit="tokens",
        group=MetricGroup.COST,
        definition="Generated tokens, without the end-of-turn token.",
    ),
    Metric.TOKENS_PER_SECOND: MetricInfo(
        title="Decode speed",
        unit="tokens/s",
        group=MetricGroup.COST,
        definition="Generated tokens per second of decoding, prompt and drafts not counted; answers that are made side "
        "by side share the time. Compare within one run only.",
    ),
    Metric.DAMAGE: MetricInfo(
        title="Damage",
        unit="share of answers",
        group=MetricGroup.DAMAGE,
        definition="Share of answers with any damage flag. A cut answer alone does not count: the limit cut it.",
    ),
    Metric.LOOP: MetricInfo(
        title="Loop",
        unit="flag",
        group=MetricGroup.DAMAGE,
        definition="1 when, in any part of the answer, distinct-3 < .85 or the zlib ratio < .38, or when a run of more "
        "than 15 words comes again.",
    ),
    Metric.EMPTY: MetricInfo(
        title="Empty", unit="flag", group=MetricGroup.DAMAGE, definition="1 when the answer has no word."
    ),
    Metric.CUT: MetricInfo(
        title="Cut",
        unit="flag",
        group=MetricGroup.DAMAGE,
        definition="1 when the token limit ended the answer, not the model.",
    ),
    Metric.REFUSAL: MetricInfo(
        title="Refusal",
        unit="flag",
        group=MetricGroup.DAMAGE,
        definition="1 when the answer opens by declining the task.",
    ),
    Metric.TEMPLATE_LEAK: MetricInfo(
        title="Template leak",
        unit="flag",
        group=MetricGroup.DAMAGE,
        definition="1 when chat-template tokens stand in the text.",
    ),
    Metric.FOREIGN_SCRIPT: MetricInfo(
        title="Foreign script",
        unit="flag",
        group=MetricGroup.DAMAGE,
        definition="1 when more than 2 % of the letters are of a script that the prompt does not use.",
    ),
    Metric.INSTRUCTION_MISS: MetricInfo(
        title="Instruction miss",
        unit="flag",
        group=MetricGroup.DAMAGE,
        definition="1 when the answer misses anything that its prompt asks for and the suite can check, such as six "
        "plots or 800 to 1000 words. It stands beside damage and does not count as such.",
    ),
}
"""What a reader needs of every metric, in the order in which rows and definitions are shown."""
