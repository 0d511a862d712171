"""A run's rows by what they are about, so that views ask instead of search."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from evalkit.records.divergence import Fork
from evalkit.records.family import FailedVariant
from evalkit.records.generation import Certificate, Generation
from evalkit.records.run_data import CheckFinding, RunData
from evalkit.records.scores import Figure, Metric, SentenceTint

Key = tuple[str, str]
"""(label, prompt id)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """One run, addressable."""

    generations: dict[Key, tuple[Generation, ...]]
    """In the order of regeneration; the first is the one that was measured."""
    figures: dict[tuple[str, str, Metric], Figure]
    certificates: dict[Key, Certificate]
    sentences: dict[Key, tuple[SentenceTint, ...]]
    forks: dict[Key, Fork]
    checks: dict[Key, tuple[CheckFinding, ...]]
    failed: dict[str, FailedVariant]
    """By label; those that could not even be opened included."""


def look_up(run: RunData) -> Lookup:
    """Sort a run's rows into a lookup."""
    generations: defaultdict[Key, list[Generation]] = defaultdict(list)
    for generation in sorted(run.generations, key=lambda row: row.regeneration_index):
        generations[generation.label, generation.prompt_id].append(generation)
    measurement = run.measurement
    checks: defaultdict[Key, list[CheckFinding]] = defaultdict(list)
    for finding in measurement.checks:
        checks[finding.label, finding.prompt_id].append(finding)
    failed = (*run.manifest.config.family.failed, *run.failed)
    return Lookup(
        generations={key: tuple(rows) for key, rows in generations.items()},
        figures={(row.label, row.prompt_id, row.metric): row.figure for row in measurement.scores},
        certificates={(row.label, row.prompt_id): row for row in measurement.certificates},
        sentences={(row.label, row.prompt_id): row.sentences for row in measurement.tints},
        forks={(row.label, row.prompt_id): row for row in run.divergence.forks} if run.divergence else {},
        checks={key: tuple(rows) for key, rows in checks.items()},
        failed={row.label: row for row in failed},
    )
