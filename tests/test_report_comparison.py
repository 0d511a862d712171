from __future__ import annotations

import dataclasses

from evalkit.records.decoding import Decoding
from evalkit.records.run_data import RunData
from evalkit.records.scores import Figure, Metric
from evalkit.records.tint_reader import TintMethod
from evalkit.report.comparison import METRICS_COMPARED, Comparison, build_comparison
from evalkit.report.html import build_report, render_report
from evalkit.report.lookup import look_up
from evalkit.report.material import Material
from tests.page import read_page
from tests.report_data import published_run

NBSP = "\N{NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"


def last_release() -> RunData:
    """The same run, but M4's weights and text were others, its KL was .004 lower, and there was an M11."""
    run = published_run()
    config = run.manifest.config
    variants = tuple(
        dataclasses.replace(variant, payload_hash="0" * 64) if variant.label == "M4" else variant
        for variant in config.family.variants
    )
    eleventh = dataclasses.replace(variants[-1], label="M11")
    family = dataclasses.replace(config.family, variants=(*variants, eleventh))
    generations = tuple(
        dataclasses.replace(row, text=f"{row.text} More.", token_ids=(*row.token_ids[:12], 1))
        if row.label == "M4"
        else row
        for row in run.generations
    )
    summaries = tuple(
        dataclasses.replace(
            summary,
            figures=summary.figures
            | {Metric.KL_DIVERGENCE: Figure(value=(summary.figures[Metric.KL_DIVERGENCE].value or 0) - 0.004)},
        )
        if summary.label == "M4"
        else summary
        for summary in run.summary.variants
    )
    manifest = dataclasses.replace(
        run.manifest, run_id="20261001T000000Z-00000000", config=dataclasses.replace(config, family=family)
    )
    return dataclasses.replace(
        run,
        manifest=manifest,
        generations=generations,
        summary=dataclasses.replace(run.summary, variants=summaries),
    )


def compare(run: RunData, other: RunData) -> Comparison:
    view = build_comparison(Material(run=run, lookup=look_up(run), other=other, other_lookup=look_up(other)))
    assert view is not None
    return view


def test_run_alone_has_no_comparison() -> None:
    run = published_run()
    assert build_comparison(Material(run=run, lookup=look_up(run))) is None
    assert "comparison" not in [section.anchor for section in build_report(run).sections]


def test_change_is_this_run_less_the_other() -> None:
    view = compare(published_run(), last_release())
    kl = METRICS_COMPARED.index(Metric.KL_DIVERGENCE)
    assert view.refusal == ""
    assert view.variants[3].figures[kl].change == "+0.0040"
    assert view.variants[4].figures[kl].change == ""
    # Measured in neither run: the reference has no delta-tint.
    assert view.variants[0].figures[METRICS_COMPARED.index(Metric.DELTA_TINT)].change == ""


def test_weights_answers_and_labels_that_changed_are_told() -> None:
    view = compare(published_run(), last_release())
    assert [row.weights for row in view.variants[3:5]] == ["other weights", "same weights"]
    assert [answer.text for answer in view.variants[3].answers] == [f"after 12{NBSP}tokens"] * 2
    assert view.variants[4].answers[0].is_equal
    assert view.only_there == ("M11",)
    assert [row.weights for row in compare(last_release(), published_run()).variants][-1] == "only here"


def test_runs_of_other_decoding_are_shown_but_not_subtracted() -> None:
    run = published_run()
    config = dataclasses.replace(run.manifest.config, decoding=Decoding(repeat_penalty=1.0))
    other = dataclasses.replace(run, manifest=dataclasses.replace(run.manifest, config=config))
    view = compare(run, other)
    assert "decoding" in view.refusal
    assert {figure.change for row in view.variants for figure in row.figures} == {"\N{EN DASH}"}
    assert view.variants[1].figures[2].here == view.variants[1].figures[2].there == "0.0110"


def test_full_and_lite_tints_are_shown_but_not_subtracted_and_all_else_is() -> None:
    other = last_release()
    lite = dataclasses.replace(other, manifest=dataclasses.replace(other.manifest, tint_method=TintMethod.LITE))
    view = compare(published_run(), lite)
    assert view.refusal == ""
    assert [pair.name for pair in view.signature if not pair.is_equal] == ["Tint"]
    changes = dict(zip(METRICS_COMPARED, (figure.change for figure in view.variants[3].figures), strict=True))
    assert changes[Metric.TINT] == changes[Metric.DELTA_TINT] == "\N{EN DASH}"
    assert changes[Metric.KL_DIVERGENCE] == "+0.0040"


def test_other_engine_build_is_told_and_refuses_nothing() -> None:
    run = published_run()
    assert run.manifest.build is not None
    build = dataclasses.replace(run.manifest.build, library_hash="f" * 64)
    view = compare(run, dataclasses.replace(run, manifest=dataclasses.replace(run.manifest, build=build)))
    assert view.refusal == ""
    assert [pair.name for pair in view.signature if not pair.is_equal] == ["Engine"]


def test_reading_view_shows_the_other_releases_text_where_it_differs() -> None:
    page = read_page(render_report(build_report(published_run(), last_release())))
    (changed,) = page.all("article", id="answer-1-4")
    assert "In run 20261001T000000Z-00000000 it differs" in changed.text
    (same,) = page.all("article", id="answer-1-3")
    assert "20261001T000000Z" not in same.text
