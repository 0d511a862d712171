"""All pictures of a run, in the order in which they answer: how far, in which direction, where."""

from __future__ import annotations

from dataclasses import dataclass

from evalkit.report.charts.family_tree import family_tree_chart
from evalkit.report.charts.heat import HeatMap, build_heat_maps
from evalkit.report.charts.lineage import lineage_graph
from evalkit.report.charts.plane import tint_against_damage
from evalkit.report.charts.profile import profile_chart
from evalkit.report.charts.scatter import next_token_tint_against_divergence, tint_against_divergence
from evalkit.report.charts.shapes import Chart
from evalkit.report.charts.survival import survival_chart
from evalkit.report.charts.tensor_map import tensor_map_chart
from evalkit.report.charts.tint_course import tint_course_chart
from evalkit.report.material import Material


@dataclass(frozen=True, slots=True, kw_only=True)
class Gallery:
    """The section's pictures and tables."""

    charts: tuple[Chart, ...]
    heat_maps: tuple[HeatMap, ...]


def build_gallery(material: Material) -> Gallery:
    """Draw what the run holds; a picture without its figures says why it is missing."""
    run = material.run
    return Gallery(
        charts=(
            next_token_tint_against_divergence(run),
            tint_against_divergence(run),
            survival_chart(run),
            tint_against_damage(run),
            lineage_graph(run),
            family_tree_chart(run),
            profile_chart(run),
            tint_course_chart(run),
            tensor_map_chart(run),
        ),
        heat_maps=build_heat_maps(material),
    )
