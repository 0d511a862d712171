"""The page's sections in reading order.

A section is one module that builds its view (None: the page goes without it) and one template that places it, with
the view at hand as `view`. Adding one is one line here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from evalkit.report.answers import build_answers
from evalkit.report.blind import build_blind
from evalkit.report.charts.gallery import build_gallery
from evalkit.report.claims import build_claims
from evalkit.report.comparison import build_comparison
from evalkit.report.gate import build_gate
from evalkit.report.material import Material
from evalkit.report.provenance import build_definitions, build_provenance
from evalkit.report.style import build_style
from evalkit.report.summary import build_summary
from evalkit.report.trace import build_traces
from evalkit.report.view import Section


@dataclass(frozen=True, slots=True, kw_only=True)
class _Maker:
    anchor: str
    title: str
    short_title: str
    template: str
    build: Callable[[Material], object | None]


_MAKERS = (
    _Maker(
        anchor="summary", title="All figures", short_title="Figures", template="summary.html.jinja",
        build=lambda material: build_summary(material.run, material.lookup),
    ),
    _Maker(
        anchor="gate", title="The release gate", short_title="Gate", template="gate.html.jinja", build=build_gate,
    ),
    _Maker(
        anchor="comparison", title="Beside the other run", short_title="Other run", template="comparison.html.jinja",
        build=build_comparison,
    ),
    _Maker(
        anchor="claims", title="The publisher’s claims", short_title="Claims", template="claims.html.jinja",
        build=build_claims,
    ),
    _Maker(
        anchor="votes", title="Blind judging", short_title="Blind", template="blind.html.jinja", build=build_blind,
    ),
    _Maker(
        anchor="pictures", title="Pictures", short_title="Pictures", template="gallery.html.jinja",
        build=build_gallery,
    ),
    _Maker(
        anchor="answers", title="Answers side by side", short_title="Answers", template="answers.html.jinja",
        build=build_answers,
    ),
    _Maker(
        anchor="style", title="How the writing differs", short_title="Style", template="style.html.jinja",
        build=build_style,
    ),
    _Maker(
        anchor="trace", title="Behind every figure", short_title="Evidence", template="trace.html.jinja",
        build=build_traces,
    ),
    _Maker(
        anchor="definitions", title="What the figures mean", short_title="Definitions",
        template="definitions.html.jinja", build=lambda _: build_definitions(),
    ),
    _Maker(
        anchor="provenance", title="Where the figures come from", short_title="Provenance",
        template="provenance.html.jinja", build=lambda material: build_provenance(material.run),
    ),
)  # fmt: skip


def build_sections(material: Material) -> tuple[Section, ...]:
    """Every section that this run has something to say in."""
    made = ((maker, maker.build(material)) for maker in _MAKERS)
    return tuple(
        Section(
            anchor=maker.anchor, title=maker.title, short_title=maker.short_title, template=maker.template, view=view
        )
        for maker, view in made
        if view is not None
    )
