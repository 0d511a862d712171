"""`scores.csv`: the tidy table of figures, for spreadsheets and data frames."""

from __future__ import annotations

import io
from pathlib import Path

from evalkit.records.errors import RunFolderError
from evalkit.records.scores import TEXT_TINTS, Figure, Metric, Score
from evalkit.records.tint_reader import TintMethod
from evalkit.store.files import write_atomically

COLUMNS = ("variant", "prompt", "metric", "value", "low", "high", "n", "unit", "reason")


def write_scores(path: Path, scores: tuple[Score, ...], method: TintMethod) -> None:
    """One row per figure, unrounded; an empty value always has its reason beside it, and a lite tint says so."""
    import pandas as pd

    frame = pd.DataFrame([_row(score, method) for score in scores], columns=list(COLUMNS))
    buffer = io.StringIO()
    frame.to_csv(buffer, index=False, lineterminator="\n")
    write_atomically(path, buffer.getvalue().encode("utf-8", errors="backslashreplace"))


def read_scores(path: Path) -> tuple[Score, ...]:
    """The figures of a run, to the last bit as they were written.

    Raises:
        RunFolderError: no file, or columns that differ.
    """
    import pandas as pd

    if not path.exists():
        raise RunFolderError(f"{path} is missing: this run was not scored. Do it with: evalkit score {path.parent}")
    # As text: Python's own float() gives back the written bits, whatever pandas' parsers do.
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    if tuple(frame.columns) != COLUMNS:
        raise RunFolderError(f"{path} has the columns {', '.join(frame.columns)}; needed: {', '.join(COLUMNS)}.")
    return tuple(_score(row) for row in frame.itertuples(index=False, name=None))


def _row(score: Score, method: TintMethod) -> tuple[object, ...]:
    figure = score.figure
    unit = f"{score.unit} (lite)" if method is TintMethod.LITE and score.metric in TEXT_TINTS else score.unit
    return (
        score.label, score.prompt_id, score.metric.value, figure.value, figure.low, figure.high, figure.n,
        unit, figure.reason or "",
    )  # fmt: skip


def _score(row: tuple[str, ...]) -> Score:
    label, prompt_id, metric, value, low, high, n, _unit, reason = row
    figure = Figure(value=_number(value), low=_number(low), high=_number(high), n=int(n), reason=reason or None)
    return Score(label=label, prompt_id=prompt_id, metric=Metric(metric), figure=figure)


def _number(text: str) -> float | None:
    return float(text) if text else None
