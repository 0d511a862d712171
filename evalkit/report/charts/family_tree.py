"""The family tree that the figures draw: who gives the same next tokens as whom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from evalkit.records.divergence import FamilyDistances, TreeNode
from evalkit.records.run_data import RunData
from evalkit.report.charts.scale import Scale, tick_words
from evalkit.report.charts.shapes import Chart, Shape, box, line, words
from evalkit.report.visible import visible_name

_NAME_LIMIT = 14
_LEFT, _RIGHT, _TOP, _ROW = 12, 420, 20, 28
_WIDTH = 540


@dataclass(frozen=True, slots=True, kw_only=True)
class _Joined:
    x: float
    y: float
    shapes: tuple[Shape, ...]


def family_tree_chart(run: RunData) -> Chart:
    """Average linkage over all pairs, nearest neighbours beside one another."""
    anchor, title = "chart-tree", "Family tree by figures"
    family = run.divergence.family if run.divergence else None
    if family is None or family.tree is None:
        return Chart(
            anchor=anchor, title=title, caption="", missing="This run holds no distances between its variants."
        )
    labels = list(_leaves(family.tree))
    bottom = _TOP + len(labels) * _ROW
    scale = Scale(low=0.0, high=family.tree.height or 1.0, start=_RIGHT, end=_LEFT)
    rows = {label: _TOP + index * _ROW + _ROW / 2 for index, label in enumerate(labels)}
    return Chart(
        anchor=anchor,
        title=title,
        caption=_caption(family),
        width=_WIDTH,
        height=bottom + 44,
        shapes=(
            *_noise(family, scale, bottom),
            *_axis(scale, bottom),
            *_drawn(family.tree, scale, rows).shapes,
            *(words("name", _RIGHT + 8, y + 4, visible_name(label, _NAME_LIMIT)) for label, y in rows.items()),
        ),
    )


def _caption(family: FamilyDistances) -> str:
    words_ = (
        "Mean Jensen-Shannon divergence between any two models along the reference’s answers, nats per token: branches "
        "that join further right are more alike. In the band at the right even the reference strays from itself."
    )
    groups = "; ".join(", ".join(visible_name(label, _NAME_LIMIT) for label in group) for group in family.groups)
    return f"{words_} The same model in effect: {groups}." if groups else words_


def _leaves(node: TreeNode) -> Iterator[str]:
    if node.label is not None:
        yield node.label
    for branch in node.branches:
        yield from _leaves(branch)


def _drawn(node: TreeNode, scale: Scale, rows: dict[str, float]) -> _Joined:
    if node.label is not None or not node.branches:
        return _Joined(x=scale.at(0.0), y=rows.get(node.label or "", 0.0), shapes=())
    branches = [_drawn(branch, scale, rows) for branch in node.branches]
    x = scale.at(node.height)
    top, bottom = min(each.y for each in branches), max(each.y for each in branches)
    return _Joined(
        x=x,
        y=(top + bottom) / 2,
        shapes=(
            *(shape for each in branches for shape in each.shapes),
            *(line("branch", x, each.y, each.x, each.y) for each in branches),
            line("branch", x, top, x, bottom, f"joined at {node.height:.4f} nats/token"),
        ),
    )


def _noise(family: FamilyDistances, scale: Scale, bottom: float) -> Iterator[Shape]:
    if family.noise.value is not None:
        edge = scale.at(family.noise.value)
        yield box("null", edge, _TOP, _RIGHT - edge, bottom - _TOP, "noise")


def _axis(scale: Scale, bottom: float) -> Iterator[Shape]:
    yield line("axis", _LEFT, bottom, _RIGHT, bottom)
    for value in scale.ticks(4):
        yield line("grid", scale.at(value), bottom, scale.at(value), bottom + 4)
        yield words("tick middle", scale.at(value), bottom + 18, tick_words(value))
    yield words("axis-title end", _RIGHT, bottom + 36, "nats per token: more alike →")
