"""Which weights moved: one cell per layer and kind of tensor, one small picture per variant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evalkit.records.run_data import RunData
from evalkit.records.tensors import TensorComparison
from evalkit.report.charts.heat import N_SHADES
from evalkit.report.charts.shapes import Chart, Shape, box, words
from evalkit.report.visible import visible_name

_CELL, _GAP = 11, 1
_NAMES_WIDTH, _TOP, _FOOT = 112, 24, 26
_ACROSS_GAP, _DOWN_GAP = 28, 14
_MOST_WIDTH = 1120
_NAME_LIMIT = 16
_OUTSIDE = "outside"
"""The column of tensors that belong to no layer: embedding, output."""

Column = int | str


def tensor_map_chart(run: RunData) -> Chart:
    """All variants on one scale, from equal bytes to the largest distance in the family."""
    anchor, title = "chart-tensors", "Which weights moved"
    comparisons = [comparison for comparison in run.comparisons if comparison.tensors]
    if not comparisons:
        missing = "The files’ weights were not compared in this run; evalkit models --compare reads them."
        return Chart(anchor=anchor, title=title, caption="", missing=missing)
    kinds = list(dict.fromkeys(cell.kind for each in comparisons for cell in each.cells))
    columns = _columns(comparisons)
    most = max((cell.rms_relative or 0.0) for each in comparisons for cell in each.cells)
    width, height = len(columns) * (_CELL + _GAP), len(kinds) * (_CELL + _GAP)
    per_row = max(1, (_MOST_WIDTH - _NAMES_WIDTH) // (width + _ACROSS_GAP))
    n_rows = -(-len(comparisons) // per_row)
    return Chart(
        anchor=anchor,
        title=title,
        caption="Each cell is one kind of tensor (line) in one layer (column; the first is outside of the layers): the "
        f"darker, the further from {visible_name(comparisons[0].first, _NAME_LIMIT)}’s values. Lightest: equal "
        f"bytes; darkest: a relative root mean square of {most:.2g}.",
        width=_NAMES_WIDTH + min(per_row, len(comparisons)) * (width + _ACROSS_GAP),
        height=n_rows * (_TOP + height + _FOOT + _DOWN_GAP),
        shapes=tuple(
            shape
            for number, comparison in enumerate(comparisons)
            for shape in _panel(
                comparison,
                kinds,
                columns,
                most,
                (
                    _NAMES_WIDTH + number % per_row * (width + _ACROSS_GAP),
                    _TOP + number // per_row * (_TOP + height + _FOOT + _DOWN_GAP),
                ),
            )
        ),
        is_wide=True,
    )


def _columns(comparisons: Sequence[TensorComparison]) -> list[Column]:
    layers = {cell.layer for each in comparisons for cell in each.cells}
    numbered = sorted(layer for layer in layers if layer is not None)
    return [_OUTSIDE, *numbered] if None in layers else list(numbered)


def _panel(
    comparison: TensorComparison,
    kinds: Sequence[str],
    columns: Sequence[Column],
    most: float,
    corner: tuple[float, float],
) -> Iterator[Shape]:
    left, top = corner
    name = visible_name(comparison.second, _NAME_LIMIT)
    moved = "no weight moved" if comparison.is_no_op else f"{comparison.n_moved} of {len(comparison.tensors)} moved"
    yield words("name", left, top - 8, name)
    yield words("tick", left, top + len(kinds) * (_CELL + _GAP) + 14, moved)
    if left == _NAMES_WIDTH:
        for row, kind in enumerate(kinds):
            y = top + row * (_CELL + _GAP) + _CELL - 1
            yield words("tick end", left - 6, y, visible_name(kind, _NAME_LIMIT))
    places = {column: number for number, column in enumerate(columns)}
    for cell in comparison.cells:
        column: Column = _OUTSIDE if cell.layer is None else cell.layer
        x, y = left + places[column] * (_CELL + _GAP), top + kinds.index(cell.kind) * (_CELL + _GAP)
        place = "outside of the layers" if cell.layer is None else f"layer {cell.layer}"
        told = "not compared" if cell.rms_relative is None else f"{cell.rms_relative:.4f}"
        note = f"{name}, {visible_name(cell.kind, _NAME_LIMIT)}, {place}: {told}"
        yield box(_shade(cell.rms_relative, most), x, y, _CELL, _CELL, note)


def _shade(distance: float | None, most: float) -> str:
    if distance is None:
        return "tnone"
    return f"h{round(distance / most * (N_SHADES - 1)) if most else 0}"
