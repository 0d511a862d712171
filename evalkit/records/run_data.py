"""Everything that a run folder holds, read back: what reports, blind kits and gates are made from."""

from __future__ import annotations

from dataclasses import dataclass

from evalkit.records.blind import Kit, Reveal
from evalkit.records.divergence import DivergenceAnalysis
from evalkit.records.family import FailedVariant
from evalkit.records.gate import Decision
from evalkit.records.generation import Certificate, Generation
from evalkit.records.preferences import Preferences
from evalkit.records.run import Manifest
from evalkit.records.scores import AnswerTint, RunSummary, Score
from evalkit.records.suite import Check
from evalkit.records.tensors import TensorComparison
from evalkit.records.text_tree import TextTree
from evalkit.records.tint_reader import TintMethod


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckFinding:
    """One check of one answer: one line of `checks.jsonl`."""

    label: str
    prompt_id: str
    check: Check
    is_met: bool | None
    """None: it cannot be told, since the token limit cut the answer."""
    found: str
    needed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """What the measures made of a run's answers; no model is needed from here on."""

    certificates: tuple[Certificate, ...]
    scores: tuple[Score, ...]
    """Per prompt from `measure`, and with `prompt_id` `*` from `analyse`."""
    tints: tuple[AnswerTint, ...]
    checks: tuple[CheckFinding, ...] = ()
    """One per answer and check that its prompt declares."""
    tint_method: TintMethod = TintMethod.FULL
    """How the tint of the texts was read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunData:
    """One run, whole."""

    manifest: Manifest
    generations: tuple[Generation, ...]
    failed: tuple[FailedVariant, ...]
    """Variants that gave no or not all answers, those that could not be opened included."""
    measurement: Measurement
    summary: RunSummary
    divergence: DivergenceAnalysis | None = None
    text_tree: TextTree | None = None
    """Forks, profiles and the family's distances; None where nothing was scored."""
    comparisons: tuple[TensorComparison, ...] = ()
    """How each variant's tensors differ from the reference's, where both files could be read."""
    kits: tuple[Kit, ...] = ()
    """Blind kits that were made from this run; their commitments belong into every report."""
    reveals: tuple[Reveal, ...] = ()
    """Those of them whose key was opened, with every vote."""
    preferences: Preferences | None = None
    """What their votes and those of model judges add up to."""
    decision: Decision | None = None
    """The gate's last word on the run; None where it was not asked."""
