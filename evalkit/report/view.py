"""View records: everything the template shows, already in words; the template only places them.

Anchors are numbers (`prompt-2`, `variant-3`), never labels or ids: those are strangers' text.
"""

from __future__ import annotations

from dataclasses import dataclass

from evalkit.report.passage import Stretch


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A name and its value."""

    name: str
    value: str
    is_code: bool = False
    """A hash, a path or a machine's own line: set in a fixed-width face."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """One thing that a reader must know before the figures."""

    title: str
    message: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What was run, on what, and how far it can be trusted."""

    family: str
    run_id: str
    created: str
    lede: str
    brief: str
    """The settings that decide how the figures read, in one line."""
    is_reproducible: bool | None
    reproducibility: str
    warnings: tuple[Warned, ...]
    notes: tuple[str, ...]
    settings: tuple[Fact, ...]
    system_prompt: str
    """Empty when there was none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictLine:
    """One variant's verdict, short enough for a first screen."""

    label: str
    anchor: str
    """Of the evidence."""
    failure: str
    """Why it has not all of its answers; empty when it has."""
    parts: tuple[str, ...]
    """In order of weight, without what stands in brackets: a phone shows the first ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Whisker:
    """Coordinates of one interval plot, in the plot's own units."""

    low: str
    high: str
    dot: str
    zero: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureCell:
    """One figure of the summary table."""

    text: str
    interval: str
    note: str
    """What a reader sees on pointing at it."""
    sort_value: str
    """Unrounded; empty sorts last."""
    is_muted: bool
    is_missing: bool
    footnote: str
    """Its mark; empty where nothing is missing."""
    whisker: Whisker | None
    anchor: str
    """Of the figure's trace; empty where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryRow:
    """One variant's line."""

    number: int
    label: str
    is_reference: bool
    description: str
    lineage: str
    quant_type: str
    size: str
    size_bytes: int
    imatrix: str
    verdict: str
    failure: str
    """Why it has not all of its answers; empty when it has."""
    cells: tuple[FigureCell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One figure column's heading."""

    title: str
    unit: str
    definition: str
    anchor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryTable:
    """All variants, all figures."""

    groups: tuple[tuple[str, int], ...]
    """(heading, number of columns)"""
    columns: tuple[Column, ...]
    rows: tuple[SummaryRow, ...]
    footnotes: tuple[tuple[str, str], ...]
    """(mark, why a figure is missing)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Regeneration:
    """Another text that the same variant gave: a later regeneration, or an earlier release's answer."""

    title: str
    diff_note: str
    stretches: tuple[Stretch, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerView:
    """One column: a variant's answer to one prompt."""

    anchor: str
    variant: int
    label: str
    is_reference: bool
    description: str
    missing: str
    """Why there is no answer; empty when there is one."""
    facts: tuple[Fact, ...] = ()
    flags: tuple[str, ...] = ()
    """Damage, in words."""
    notes: tuple[str, ...] = ()
    """What else changes how this answer reads: its template, a cut on this page, too many differences to mark."""
    stretches: tuple[Stretch, ...] = ()
    regenerations: tuple[Regeneration, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptView:
    """One prompt and all answers to it, the reference's first."""

    number: int
    title: str
    prompt_id: str
    limit: str
    text: str
    answers: tuple[AnswerView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantChoice:
    """One check box: which variant's columns to show."""

    variant: int
    label: str
    is_reference: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """What one figure means."""

    anchor: str
    title: str
    unit: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FactSheet:
    """Facts about one file, one prompt or the program."""

    title: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatTemplate:
    """One chat template and the files that carry it."""

    title: str
    labels: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where every figure comes from, to the bytes."""

    run: FactSheet
    prompts: FactSheet
    templates: tuple[ChatTemplate, ...]
    variants: tuple[FactSheet, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswersView:
    """The reading view: every prompt, and what can be switched."""

    choices: tuple[VariantChoice, ...]
    prompts: tuple[PromptView, ...]
    levels: tuple[tuple[int, str], ...]
    """(level, its middle tint): the legend of the shading."""
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One part of the page, ready to be placed by its template, which knows `view` as that name."""

    anchor: str
    title: str
    short_title: str
    """In the list of contents."""
    template: str
    view: object


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportView:
    """The whole page."""

    head: Head
    verdicts: tuple[VerdictLine, ...]
    sections: tuple[Section, ...]
