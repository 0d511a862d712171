"""The verdict on each variant in one line of words, for the first screen."""

from __future__ import annotations

import re

from evalkit.records.run_data import RunData
from evalkit.report.format import DASH
from evalkit.report.lookup import Lookup
from evalkit.report.trace import variant_anchor
from evalkit.report.view import VerdictLine

_BRACKETS = re.compile(r"\s*\([^()]*\)")


def build_verdicts(run: RunData, lookup: Lookup) -> tuple[VerdictLine, ...]:
    """One line per variant of the family, those without a summary included."""
    verdicts = {summary.label: summary.verdict for summary in run.summary.variants}
    return tuple(
        VerdictLine(
            label=variant.label,
            anchor=variant_anchor(number) if variant.label in verdicts else "summary",
            failure=lookup.failed[variant.label].cause if variant.label in lookup.failed else "",
            parts=verdict_parts(verdicts.get(variant.label, "")) or (DASH,),
        )
        for number, variant in enumerate(run.manifest.config.family.variants, start=1)
    )


def verdict_parts(verdict: str) -> tuple[str, ...]:
    """The parts of one line, in order, without what stands in brackets.

    `broken; no darker (+1.0; few prompts); forks early` -> `broken`, `no darker`, `forks early`.
    """
    return tuple(part for piece in _BRACKETS.sub("", verdict).split(";") if (part := piece.strip()))
