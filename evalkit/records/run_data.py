"""Everything that a run folder holds, read back: what reports, blind kits and gates are made from."""

from __future__ import annotations

from dataclasses import dataclass

from evalkit.records.family import FailedVariant
from evalkit.records.generation import Certificate, Generation
from evalkit.records.run import Manifest
from evalkit.records.scores import AnswerTint, RunSummary, Score


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """What the measures made of a run's answers; no model is needed from here on."""

    certificates: tuple[Certificate, ...]
    scores: tuple[Score, ...]
    """Per prompt from `measure`, and with `prompt_id` `*` from `analyse`."""
    tints: tuple[AnswerTint, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunData:
    """One run, whole."""

    manifest: Manifest
    generations: tuple[Generation, ...]
    failed: tuple[FailedVariant, ...]
    """Variants that gave no or not all answers, those that could not be opened included."""
    measurement: Measurement
    summary: RunSummary
