"""The gate's two files: the accepted baseline, which people review and commit, and a run's decision."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from evalkit.records.errors import RunFolderError, UsageError
from evalkit.records.gate import Baseline, Decision
from evalkit.records.run import SCHEMA_VERSION
from evalkit.store.files import write_atomically

Record = TypeVar("Record")

_UNREADABLE = (ValueError, KeyError, TypeError, ValidationError)

SCORED_ANEW = "The run was scored anew since: this decision is about other figures. Gate the run again."
BASELINE_NAME = "baseline.json"
LINE_LENGTH = 110
"""What fits on a line stands on one: a baseline is read as a diff."""


def write_baseline(path: Path, baseline: Baseline) -> None:
    """Keep an accepted release; keys stand in one order, so two baselines differ only where releases do."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, as_json(baseline).encode())


def write_decision(path: Path, decision: Decision) -> None:
    """Keep a decision; the same inputs give the same bytes."""
    write_atomically(path, as_json(decision).encode())


def hash_figures(run: Path) -> str:
    """sha256 over a scored run's table of figures, hex."""
    return hashlib.sha256((run / "scores.csv").read_bytes()).hexdigest()


def read_decision(path: Path) -> Decision | None:
    """What the gate last said, with a note where the run's figures are others by now; None where it was not asked.

    Raises:
        RunFolderError: the file is of another schema, or damaged.
    """
    if not path.exists():
        return None
    try:
        decision = _validated(path.read_bytes(), Decision)
    except _UNREADABLE as error:
        raise RunFolderError(f"{path} is no decision: {_reason(error)}. Delete it, or gate the run again.") from error
    if decision.figures_hash == hash_figures(path.parent):
        return decision
    return replace(decision, notes=(SCORED_ANEW, *decision.notes))


def read_baseline(path: Path) -> Baseline:
    """The accepted release.

    Raises:
        UsageError: there is no such file.
        RunFolderError: it is of another schema, or damaged.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise UsageError(f"there is no baseline {path}. Make one with: evalkit bless RUN --reason ...") from None
    try:
        return _validated(content, Baseline)
    except _UNREADABLE as error:
        raise RunFolderError(f"{path} is no baseline: {_reason(error)}. Restore it, or bless a run again.") from error


def _validated(content: bytes, kind: type[Record]) -> Record:
    plain = json.loads(content)
    if not isinstance(plain, dict):
        raise ValueError("it holds no JSON object")
    if plain["schema_version"] != SCHEMA_VERSION:
        raise ValueError(f"it has schema version {plain['schema_version']}; this evalkit reads {SCHEMA_VERSION}")
    return TypeAdapter(kind).validate_python(plain)


def _reason(error: Exception) -> str:
    """One line: of what pydantic found the first."""
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return str(error)


def as_json(record: object) -> str:
    """A record as JSON for people: unrounded, without defaults, short parts on one line."""
    plain: dict[str, Any] = TypeAdapter(type(record)).dump_python(record, mode="json", exclude_defaults=True)
    text = _laid_out({"schema_version": SCHEMA_VERSION} | _without_infinity(plain), "") + "\n"
    # A lone surrogate may stand in JSON as an escape only.
    return text.encode("utf-8", errors="backslashreplace").decode()


def _without_infinity(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_infinity(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_without_infinity(one) for one in value]
    # JSON has no infinity: what is without bound is a word.
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _laid_out(value: Any, indent: str) -> str:
    line = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, dict | list) or not value or len(indent) + len(line) <= LINE_LENGTH:
        return line
    inner = indent + "  "
    if isinstance(value, dict):
        parts = [f"{json.dumps(key, ensure_ascii=False)}: {_laid_out(one, inner)}" for key, one in value.items()]
        opening, closing = "{", "}"
    else:
        parts = [_laid_out(one, inner) for one in value]
        opening, closing = "[", "]"
    body = ",\n".join(inner + part for part in parts)
    return f"{opening}\n{body}\n{indent}{closing}"
