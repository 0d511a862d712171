"""The block that a publisher pastes into a model card: Markdown that GitHub and Hugging Face both render.

A card is read beside others, so figures carry llama-perplexity's names. Model output is fenced and labels are
escaped: nothing in them becomes a heading, a link, markup or the end of the fence.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from evalkit.records.family import GgufHeader, Variant
from evalkit.records.run import RunConfig
from evalkit.records.run_data import RunData
from evalkit.records.scores import Figure, Metric
from evalkit.report.columns import marked
from evalkit.report.format import DASH, written
from evalkit.report.head import build_head
from evalkit.report.lookup import Lookup, look_up
from evalkit.report.signature import signature_line
from evalkit.report.visible import shortened, visible

COLUMNS = (
    # llama-perplexity's names where it prints the same figure.
    ("Mean KLD", Metric.KL_DIVERGENCE),
    ("Same top p", Metric.TOP1_AGREEMENT),
    ("Mean ln(PPL(Q)/PPL(base))", Metric.LN_PPL_RATIO),
    ("First fork (median tokens)", Metric.COMMON_PREFIX_TOKENS),
    ("Tint of the next token", Metric.DISTRIBUTION_TINT),
    ("Delta-tint of the texts", Metric.DELTA_TINT),
    ("Damage", Metric.DAMAGE),
    ("Regenerations alike", Metric.REGENERATION_AGREEMENT),
)
TEXT_LIMIT = 20_000
"""Characters of one example; a card is no archive."""
_MARKUP = re.compile(r"[\\`*_{}\[\]<>#|~&@]|:(?=//)|(?<=\bwww)\.|^[-+.)]|(?<=^\d)[.)]", re.IGNORECASE)
"""What Markdown reads inside a line, what makes a bare address a link, and what would begin a list."""


def model_card(run: RunData) -> str:
    """The whole block, ending in a newline; equal for equal runs."""
    lookup = look_up(run)
    return "\n".join(
        (*_opening(run, lookup), *_table(run), *_settings(run), *_examples(run, lookup), *_hashes(run), "")
    )


def _opening(run: RunData, lookup: Lookup) -> Iterator[str]:
    head = build_head(run, lookup)
    yield f"## {escaped(head.family)}: how its variants differ"
    yield ""
    yield escaped(head.lede)
    yield ""
    yield f"**{escaped(head.reproducibility)}**"
    for warned in head.warnings:
        names = f" ({', '.join(map(escaped, warned.labels))})" if warned.labels else ""
        yield ""
        yield f"> **{escaped(warned.title)}{names}.** {escaped(' '.join(warned.message.split()))}"
    yield ""


def _table(run: RunData) -> Iterator[str]:
    figures = {summary.label: summary.figures for summary in run.summary.variants}
    titles = (escaped(marked(title, metric, run.manifest.tint_method)) for title, metric in COLUMNS)
    yield f"| Variant | What was done | {' | '.join(titles)} |"
    yield f"|---|---|{'---:|' * len(COLUMNS)}"
    for variant in run.manifest.config.family.variants:
        cells = (_cell(metric, figures.get(variant.label, {}).get(metric)) for _, metric in COLUMNS)
        name = escaped(shortened(variant.label, 48))
        yield f"| **{name}** | {escaped(shortened(variant.description, 200))} | {' | '.join(cells)} |"
    reference = escaped(run.manifest.config.family.reference.label)
    yield ""
    yield (
        f"KLD in nats per token along {reference}'s own answers; {reference}'s line is the noise of other kernels. In "
        "brackets: 95 % intervals over prompts. Tint of the next token: horror words expected per 1,000 tokens, and "
        f"delta-tint: points of horror (0 to 100), both more than {reference}'s. {DASH}: not measured."
    )
    for note in run.summary.notes:
        yield f"- {escaped(note)}"
    yield ""


def _cell(metric: Metric, figure: Figure | None) -> str:
    shown = written(metric, figure)
    return f"{shown.text} ({shown.interval})" if shown.interval else shown.text


def _settings(run: RunData) -> Iterator[str]:
    config = run.manifest.config
    yield "### Settings"
    yield ""
    for fact in build_head(run, look_up(run)).settings:
        yield f"- {escaped(fact.name)}: {escaped(fact.value)}"
    yield f"- Signature: {escaped(signature_line(run.manifest))}"
    yield ""
    if isinstance(config, RunConfig):
        yield "Reproduce it:"
        yield ""
        yield from fenced(shlex.join(_public_command(run)), "sh")
        yield ""


def _public_command(run: RunData) -> list[str]:
    """The command with files by name: a publisher's folders are nobody's business."""
    return [word.rpartition("/")[2] or word for word in run.manifest.command]


def _examples(run: RunData, lookup: Lookup) -> Iterator[str]:
    config = run.manifest.config
    yield "### Example outputs"
    for prompt in config.suite.prompts:
        yield ""
        yield f"#### {escaped(prompt.title)}"
        yield ""
        yield "Prompt:"
        yield ""
        yield from fenced(prompt.text)
        for variant in config.family.variants:
            answers = lookup.generations.get((variant.label, prompt.id), ())
            yield ""
            yield f"##### {escaped(shortened(variant.label, 48))}"
            yield ""
            yield from fenced(answers[0].text) if answers else ("_No answer._",)
    yield ""


def _hashes(run: RunData) -> Iterator[str]:
    yield "### Hashes"
    yield ""
    yield "sha256 over every tensor's name, type, shape and bytes: two files with one hash have the same weights."
    yield ""
    yield "| Variant | File | Payload | Imatrix data |"
    yield "|---|---|---|---|"
    for variant in run.manifest.config.family.variants:
        yield (
            f"| {escaped(shortened(variant.label, 48))} | {escaped(variant.path.name)} | `{variant.payload_hash}` "
            f"| {escaped(_imatrix(variant))} |"
        )
    yield ""
    yield f"Suite `{run.manifest.config.suite.content_hash}`, run `{run.manifest.run_id}`."


def _imatrix(variant: Variant) -> str:
    if not isinstance(variant.source, GgufHeader):
        return "not known"
    imatrix = variant.source.imatrix
    return (imatrix.dataset or imatrix.file or "not named") if imatrix else "none"


def escaped(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    return _MARKUP.sub(r"\\\g<0>", visible(" ".join(text.split())))


def fenced(text: str, language: str = "text") -> Iterator[str]:
    """The text in a code fence longer than any run of backticks in it, hidden characters written out."""
    shown = visible(shortened(text, TEXT_LIMIT))
    longest = max(map(len, re.findall(r"`+", shown)), default=0)
    fence = "`" * max(3, longest + 1)
    yield f"{fence}{language}"
    yield from shown.splitlines() or [""]
    yield fence
