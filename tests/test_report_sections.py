"""Evidence, claims, style, forks and verdicts: what stands around the figures."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from evalkit.records.family import TextSource
from evalkit.records.metrics import Metric
from evalkit.records.run import ImportConfig
from evalkit.records.run_data import CheckFinding
from evalkit.records.suite import Check, CheckKind
from evalkit.report.card import model_card
from evalkit.report.claims import build_claims
from evalkit.report.columns import SUMMARY_METRICS
from evalkit.report.html import build_report, render_report
from evalkit.report.lookup import look_up
from evalkit.report.material import Material
from evalkit.report.style import build_style
from evalkit.report.trace import PROMPT_LIMIT, build_traces
from evalkit.report.verdicts import build_verdicts, verdict_parts
from tests.gate_samples import baseline, judge, release, with_values
from tests.page import Element, read_page
from tests.report_data import NO_EMBEDDER, make_run, prompt, published_run

NBSP = "\N{NO-BREAK SPACE}"


@pytest.fixture(scope="module")
def material() -> Material:
    run = published_run()
    return Material(run=run, lookup=look_up(run))


@pytest.fixture(scope="module")
def page(material: Material) -> Element:
    return read_page(render_report(build_report(material.run)))


def test_every_figure_of_the_table_leads_to_its_evidence(page: Element) -> None:
    (summary,) = page.all("section", id="summary")
    entries = {entry.attributes["id"]: entry for entry in page.all("div", class_="trace-entry")}
    links = [link for link in summary.all("a") if "data-evidence" in link.attributes]
    assert len(links) == 10 * len(SUMMARY_METRICS)
    for link in links:
        assert link.text in entries[link.attributes["href"].removeprefix("#")].text


def test_evidence_tells_interval_count_signature_file_and_the_values_by_prompt(page: Element) -> None:
    (entry,) = page.all("div", id="trace-9-delta_tint")
    text = " ".join(entry.text.split())
    assert "+3.5 to +18.5" in text
    assert "2 values" in text.replace(NBSP, " ")
    assert "scores.csv: M9, *, delta_tint" in text
    links = [link.attributes["href"] for link in entry.all("a")]
    assert links == ["#answer-1-9", "#answer-2-9", "#definition-delta_tint"]
    (trace,) = page.all("details", id="trace-9")
    (signature,) = trace.all("p", class_="signature")
    for part in ("variant", "suite", "temperature 0, repeat penalty 1.1", "llama-cpp-python 0.3.36", "evalkit 0.1.0"):
        assert part in signature.text


def test_evidence_of_a_divergence_names_the_values_by_token(material: Material) -> None:
    entries = {entry.anchor: entry for variant in build_traces(material).variants for entry in variant.entries}
    variant = material.run.manifest.config.family.variants[3]
    template = variant.header.chat_template_hash or ""
    assert entries["trace-4-kl_divergence"].facts[-1].value == f"positions/{variant.payload_hash[:16]}-{template[:8]}/"
    assert entries["trace-1-kl_divergence"].facts[-1].value == "noise/"
    assert entries["trace-4-damage"].facts[-1].name == "Raw"


def test_evidence_of_a_missing_figure_is_its_reason(material: Material) -> None:
    entries = {entry.anchor: entry for entry in build_traces(material).variants[1].entries}
    entry = entries["trace-2-embedding_distance"]
    assert entry.value == "\N{EN DASH}"
    assert entry.facts[0].value == NO_EMBEDDER


def test_many_prompts_are_left_to_the_file() -> None:
    prompts = tuple(prompt(f"p{number}", "P", "?") for number in range(PROMPT_LIMIT + 1))
    run = make_run({("M1", each.id): "One." for each in prompts}, prompts, labels=("M1",))
    traces = build_traces(Material(run=run, lookup=look_up(run)))
    assert all(entry.prompts == () for variant in traces.variants for entry in variant.entries)


def test_verdict_is_cut_at_semicolons_outside_of_brackets() -> None:
    verdict = (
        "damaged: 1 answer loops; darker than M1 (+4.0, +1.0 to +7.0; tint on 3 of 4 prompts); forks after 2 tokens"
    )
    assert verdict_parts(verdict) == ("damaged: 1 answer loops", "darker than M1", "forks after 2 tokens")
    assert verdict_parts("") == ()


def test_first_screen_has_a_line_for_every_variant_those_without_a_summary_included() -> None:
    run = published_run()
    short = dataclasses.replace(run, summary=dataclasses.replace(run.summary, variants=run.summary.variants[:9]))
    lines = build_verdicts(short, look_up(short))
    assert [line.label for line in lines] == [f"M{n}" for n in range(1, 11)]
    assert (lines[9].parts, lines[9].anchor) == (("\N{EN DASH}",), "summary")
    assert "signal 9" in lines[9].failure


def test_claim_tells_verdict_effect_with_interval_test_and_reason(material: Material) -> None:
    supported, unknown = build_claims(material).claims
    assert (supported.verdict, supported.look) == ("supported", "is-good")
    assert supported.effect == "+0.83 (+0.4 to +1) rank correlation"
    assert supported.test == f"Page's L, p = 0.0031, 2{NBSP}prompts"
    assert (unknown.verdict, unknown.effect, unknown.test) == ("cannot tell", "\N{EN DASH}", "not tested")


def test_family_without_claims_says_how_to_state_them(material: Material) -> None:
    run = dataclasses.replace(material.run, summary=dataclasses.replace(material.run.summary, claims=()))
    (section,) = read_page(render_report(build_report(run))).all("section", id="claims")
    assert "family.yaml" in section.text


def test_style_is_bold_where_the_interval_leaves_out_zero_and_grey_where_it_holds_it(material: Material) -> None:
    view = build_style(material)
    assert view is not None
    dialogue, length = view.rows
    assert (dialogue.title, dialogue.unit) == ("Dialogue", "% of words")
    # .03 per variant with +-.08 around it: from the third variant (.09) on the interval lies above 0.
    assert [cell.look for cell in dialogue.cells] == ["is-muted"] * 2 + ["is-found"] * 7
    assert dialogue.cells[2].text == f"+9{NBSP}%"
    assert {cell.text for cell in length.cells} == {"\N{MINUS SIGN}1.2"}


def test_run_scored_before_style_was_measured_has_no_such_section(material: Material) -> None:
    variants = tuple(dataclasses.replace(variant, differences={}) for variant in material.run.summary.variants)
    run = dataclasses.replace(material.run, summary=dataclasses.replace(material.run.summary, variants=variants))
    assert "style" not in [section.anchor for section in build_report(run).sections]


def test_fork_tells_the_margin_and_both_continuations_in_both_models(page: Element) -> None:
    (column,) = page.all("article", id="answer-1-4")
    text = " ".join(column.text.split()).replace(NBSP, " ")
    assert "after 3 tokens (change of mind, margin 0.2500 nats in M1, 0.0122 nats in this)" in text
    assert "“ the” (41 % in M1, 40 % in this)" in text
    assert "“ two⏎” (4.2 % in M1, 40 % in this)" in text
    (mark,) = column.all("span", class_="fork")
    assert "margin 0.2500" in mark.attributes["title"]
    assert "a change of mind" in mark.attributes["title"]


def test_answer_that_misses_what_its_prompt_asks_for_says_so(material: Material) -> None:
    findings = tuple(
        CheckFinding(
            label="M4", prompt_id="waystone", check=Check(kind=CheckKind.N_ITEMS, least=6, most=6), is_met=is_met,
            found="5 numbered items", needed="6 items",
        )
        for is_met in (False, True, None)
    )  # fmt: skip
    measurement = dataclasses.replace(material.run.measurement, checks=findings)
    page = read_page(render_report(build_report(dataclasses.replace(material.run, measurement=measurement))))
    (column,) = page.all("article", id="answer-1-4")
    assert column.text.count("Asked for: 6 items; found: 5 numbered items.") == 1


def test_fork_without_a_reading_still_tells_the_margin(material: Material) -> None:
    page = read_page(render_report(build_report(dataclasses.replace(material.run, divergence=None))))
    (column,) = page.all("article", id="answer-1-4")
    assert "margin 0.2500" in column.text
    assert "in this" not in column.text


def test_run_of_imported_texts_makes_a_page_and_a_card_without_engine_or_files(material: Material) -> None:
    run = material.run
    family = run.manifest.config.family
    variants = tuple(
        dataclasses.replace(variant, source=TextSource(n_texts=2, n_bytes=4_000)) for variant in family.variants
    )
    config = ImportConfig(
        family=dataclasses.replace(family, variants=variants),
        suite=run.manifest.config.suite,
        imported_from=Path("outputs"),
    )
    imported = dataclasses.replace(
        run, manifest=dataclasses.replace(run.manifest, config=config, build=None), divergence=None, comparisons=()
    )
    page = read_page(render_report(build_report(imported)))
    assert "Texts made elsewhere" in page.all("p", class_="lede")[0].text
    assert "Not measured" in page.all("figure", id="chart-survival")[0].text
    card = model_card(imported)
    assert "texts made elsewhere" in card
    assert "Reproduce it" not in card


def with_decision(looping: str) -> Element:
    """The page of a run after the gate judged it: M3 repeats itself where `looping` names a prompt."""
    judged = with_values(release(), "M3", Metric.LOOP, {looping: 1.0}) if looping else release()
    run = dataclasses.replace(published_run(), decision=judge(judged, baseline()))
    return read_page(render_report(build_report(run)))


def test_gate_section_names_what_keeps_it_closed_and_leads_to_the_evidence() -> None:
    (section,) = with_decision("sky").all("section", id="gate")
    assert "gate closed: 1 of" in section.text
    row = next(row for row in section.all("tr") if "hard.loops" in row.text)
    assert "M3, sky" in row.text
    assert "It repeats itself." in row.text
    assert [link.text for link in row.all("a")] == ["scores.csv: M3,sky,loop"]


def test_gate_section_of_a_sound_release_says_open_and_lists_every_rule() -> None:
    (section,) = with_decision("").all("section", id="gate")
    assert "gate open" in section.text
    assert "is-bad" not in {element.attributes.get("class", "") for element in section.walk()}
    (every,) = section.all("details")
    rules = {finding.rule for finding in judge(release(), baseline()).findings}
    assert {code.text for code in every.all("code")} == rules


def test_run_that_was_never_gated_has_no_gate_section(page: Element) -> None:
    assert not page.all("section", id="gate")
