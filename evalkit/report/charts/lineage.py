"""How the variants were made from one another, coloured by what became of their tint."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from evalkit.records.run_data import RunData
from evalkit.records.scores import Figure, Metric
from evalkit.report.charts.shapes import Chart, Shape, box, curve, line, words
from evalkit.report.format import written
from evalkit.report.passage import tint_level
from evalkit.report.visible import visible_name

_NODE_WIDTH, _NODE_HEIGHT = 92, 44
_ACROSS, _DOWN = 128, 60
_MARGIN = 6
_NAME_LIMIT = 10
_MIDDLE = 50.0

Spot = str | tuple[str, int]
"""A label, or a lane: (parent, column that its edges pass by)."""
Place = tuple[int, float]
"""(column, row); a column with fewer nodes than the longest is centred, so rows may be halves."""


def lineage_graph(run: RunData) -> Chart:
    """Parents to the left of what was made from them; edges as the publisher states them."""
    variants = run.manifest.config.family.variants
    parents = {variant.label: variant.lineage for variant in variants}
    known = {label: tuple(p for p in made_from if p in parents and p != label) for label, made_from in parents.items()}
    title, anchor = "Lineage", "chart-lineage"
    if not any(known.values()):
        missing = "No lineage is stated: name each variant's origin in family.yaml, as in lineage: [M4]."
        return Chart(anchor=anchor, title=title, caption="", missing=missing)
    places = place_generations(known)
    figures = {summary.label: summary.figures.get(Metric.DELTA_TINT) for summary in run.summary.variants}
    reference = run.manifest.config.family.reference.label
    n_across = 1 + max(column for column, _ in places.values())
    n_down = 1 + max(row for _, row in places.values())
    return Chart(
        anchor=anchor,
        title=title,
        caption="What was made from what, as the publisher states it. The ground is the delta-tint over all prompts: "
        "blue is lighter than the reference, red is darker; a broken outline says that the interval holds 0.",
        width=n_across * _ACROSS - (_ACROSS - _NODE_WIDTH) + 2 * _MARGIN,
        height=round(n_down * _DOWN - (_DOWN - _NODE_HEIGHT) + 2 * _MARGIN),
        shapes=(
            *_edges(known, places),
            *(shape for label in known for shape in _node(label, places[label], figures.get(label), reference)),
        ),
    )


def place_generations(parents: Mapping[str, Sequence[str]]) -> dict[Spot, Place]:
    """The place of every label, and of every lane in which an edge passes by a column that it skips.

    A label stands one column right of its last parent, in the order of the labels; a lane passes through the middle.
    """
    columns = _columns(parents)
    members: dict[int, list[Spot]] = {}
    for label, column in columns.items():
        members.setdefault(column, []).append(label)
    lanes = {
        (parent, column)
        for label, made_from in parents.items()
        for parent in made_from
        for column in range(columns[parent] + 1, columns[label])
    }
    for lane in sorted(lanes):
        spots = members[lane[1]]
        spots.insert(len(spots) // 2, lane)
    longest = max(map(len, members.values()))
    return {
        spot: (column, row + (longest - len(spots)) / 2)
        for column, spots in members.items()
        for row, spot in enumerate(spots)
    }


def _columns(parents: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """A circle in what a publisher states is opened at its first label: nobody waits for ever."""
    columns: dict[str, int] = {}
    while waiting := [label for label in parents if label not in columns]:
        ready = [label for label in waiting if all(parent in columns for parent in parents[label])]
        for label in ready or waiting[:1]:
            columns[label] = max((columns[parent] + 1 for parent in parents[label] if parent in columns), default=0)
    return columns


def _edges(parents: Mapping[str, Sequence[str]], places: Mapping[Spot, Place]) -> Iterator[Shape]:
    for label, made_from in parents.items():
        for parent in made_from:
            route: list[Spot] = [(parent, column) for column in range(places[parent][0] + 1, places[label][0])]
            x, y = _corner(places[parent])
            start = (x + _NODE_WIDTH, y + _NODE_HEIGHT / 2)
            for spot in (*route, label):
                x, y = _corner(places[spot])
                end = (x, y + _NODE_HEIGHT / 2)
                yield curve("edge", start, end)
                start = (x + _NODE_WIDTH, end[1])
                if spot != label:
                    yield line("edge", *end, *start)


def _node(label: str, place: Place, figure: Figure | None, reference: str) -> Iterator[Shape]:
    x, y = _corner(place)
    shown = written(Metric.DELTA_TINT, figure)
    name = visible_name(label, _NAME_LIMIT)
    value = figure.value if figure else None
    level = "none" if value is None else str(tint_level(_MIDDLE + value))
    note = f"{name}: delta-tint {shown.text} ({shown.interval})" if value is not None else f"{name}: {shown.reason}"
    yield box(f"node t{level}{' is-open' if shown.covers_zero else ''}", x, y, _NODE_WIDTH, _NODE_HEIGHT, note)
    yield words("name middle", x + _NODE_WIDTH / 2, y + 19, name)
    yield words("tick middle", x + _NODE_WIDTH / 2, y + 35, "reference" if label == reference else shown.text)


def _corner(place: Place) -> tuple[float, float]:
    column, row = place
    return _MARGIN + column * _ACROSS, _MARGIN + row * _DOWN
