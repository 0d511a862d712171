"""What the sections are made from."""

from __future__ import annotations

from dataclasses import dataclass

from evalkit.records.run_data import RunData
from evalkit.report.lookup import Lookup


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """One run, its rows by what they are about, and the run that it is set beside."""

    run: RunData
    lookup: Lookup
    other: RunData | None = None
    other_lookup: Lookup | None = None
