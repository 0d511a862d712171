from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from evalkit.records.errors import RunFolderError
from evalkit.records.run import RunStatus
from evalkit.report.html import build_report, render_report, write_report
from tests.page import Element, read_page
from tests.report_data import LABELS, NINE_RINGS, NO_EMBEDDER, published_run
from tests.report_sizes import large_run

MINUS = "\N{MINUS SIGN}"
TIMES = "\N{MULTIPLICATION SIGN}"


@pytest.fixture(scope="module")
def html() -> str:
    return render_report(build_report(published_run()))


@pytest.fixture(scope="module")
def page(html: str) -> Element:
    return read_page(html)


def words(text: str) -> str:
    return " ".join(text.split())


def row_of(page: Element, label: str) -> list[Element]:
    """The cells of one variant's line, the label's first."""
    (body,) = page.all("section", id="summary")[0].all("tbody")
    rows = {words(row.children[0].text): row.children for row in body.all("tr")}
    return rows[label]


def verdict_of(page: Element, label: str) -> str:
    """What the first screen says of one variant."""
    (lines,) = page.all("ol", class_="verdicts")
    return next(words(line.text) for line in lines.all("li") if line.all("bdi")[0].text == label)


def column_of(page: Element, prompt: int, label: str) -> Element:
    (section,) = page.all("section", id=f"prompt-{prompt}")
    columns = section.all("article")
    return next(column for column in columns if column.all("h4")[0].all("bdi")[0].text == label)


def test_every_published_text_stands_in_the_page_word_for_word(page: Element) -> None:
    for label in LABELS:
        published = (NINE_RINGS / "outputs" / f"{label}.txt").read_text("utf-8")
        (passage,) = column_of(page, 1, label).all("div", class_="passage")
        assert passage.text == published


def test_reference_is_the_first_column_of_every_prompt(page: Element) -> None:
    for prompt in page.all("section", class_="prompt"):
        first, *others = prompt.all("article")
        assert "is-reference" in first.attributes["class"]
        assert not any("is-reference" in other.attributes["class"] for other in others)


def test_summary_has_one_line_per_variant_in_the_familys_order(page: Element) -> None:
    (body,) = page.all("section", id="summary")[0].all("tbody")
    assert [words(row.children[0].text) for row in body.all("tr")] == list(LABELS)


def test_summary_line_tells_what_was_done_and_the_figures(page: Element) -> None:
    texts = [words(cell.text) for cell in row_of(page, "M9")]
    assert texts == [
        "M9",
        "3 steps: M4 + Neo imatrix large from M4",
        "+0.28+0.08 to +0.48",
        "+11.0+3.5 to +18.5",
        "79.360.0 to 82.0",
        "0.01800.0002 to 0.0300",
        "89.0 %80.0 % to 99.0 %",
        "11.50 to 11",
        "100 %",
        "0 %",
        "13.5",
        "56.240.1 to 88.0",
        "0.3910.210 to 0.440",
        "–b",
        f"+0.06{MINUS}0.11 to +0.23",
        "IQ4_XS",
        "2.26 GB",
        "neo-large.txt",
    ]


def test_missing_figure_has_its_reason_on_the_cell_and_in_a_footnote(page: Element) -> None:
    cell = row_of(page, "M2")[13]
    (footnote,) = page.all("li", id="footnote-b")
    assert cell.attributes["title"] == NO_EMBEDDER == footnote.text
    assert [link.attributes["href"] for link in cell.all("a")] == ["#trace-2-embedding_distance", "#footnote-b"]
    assert cell.attributes["data-value"] == ""


def test_only_intervals_that_hold_zero_are_greyed(page: Element) -> None:
    greyed = {label: "is-muted" in row_of(page, label)[3].attributes["class"] for label in LABELS[1:]}
    # M8's interval is the first above 0: +1.0 to +16.0.
    assert greyed == {label: label not in {"M8", "M9", "M10"} for label in LABELS[1:]}


def test_failed_variant_is_named_with_its_cause_above_on_its_line_and_in_its_column(page: Element) -> None:
    (care,) = page.all("section", class_="care")
    assert "Failed variant: M10" in words(care.text)
    assert "failed: The child process ended by signal 9." in verdict_of(page, "M10")
    assert "No answer. The child process ended by signal 9." in column_of(page, 2, "M10").text


def test_notice_of_the_family_is_the_first_warning(page: Element) -> None:
    first, *_ = page.all("div", class_="warned")
    assert words(first.text).startswith("Notice Toy model")


def test_interrupted_run_says_so_and_counts_its_answers() -> None:
    run = published_run()
    manifest = dataclasses.replace(run.manifest, status=RunStatus.INTERRUPTED)
    head = build_report(dataclasses.replace(run, manifest=manifest)).head
    assert "Interrupted run" in [warned.title for warned in head.warnings]
    assert "57 of 60\N{NO-BREAK SPACE}answers" in head.lede


@pytest.mark.parametrize(
    ("reproducible", "says"),
    [(True, "Reproducible: every"), (None, "was not measured"), (False, "M5 on near-twins after 41")],
)
def test_head_tells_whether_the_run_is_reproducible(reproducible: bool | None, says: str) -> None:
    run = published_run()
    summary = dataclasses.replace(run.summary, reproducible=reproducible)
    assert says in build_report(dataclasses.replace(run, summary=summary)).head.reproducibility


def test_forked_regeneration_is_shown_with_token_margin_and_its_own_text(page: Element) -> None:
    column = column_of(page, 2, "M5")
    assert "forked after 41 tokens, margin 0.0021 nats" in words(column.text)
    (other,) = column.all("details", class_="regeneration")
    assert "Regeneration 3 differs" in other.text
    assert [mark.text for mark in other.all("ins")] == ["something else entirely"]


def test_answer_equal_to_the_references_is_called_so_and_has_no_marks(page: Element) -> None:
    column = column_of(page, 2, "M2")
    assert "The same text as M1's." in column.text
    assert column.all("ins") == []
    assert column.all("span", class_="fork") == []


def test_near_twin_has_its_changed_words_marked_and_the_references_words_in_the_note(page: Element) -> None:
    marks = column_of(page, 2, "M4").all("ins")
    assert [mark.text for mark in marks] == ["shadows"] * 5
    # The 20th word of M1's answer, counted by hand: "... in the weak candlelight."
    assert marks[0].attributes["title"].startswith("There: candlelight.")


def test_unalike_answers_are_not_marked_and_say_so(page: Element) -> None:
    column = column_of(page, 1, "M4")
    assert column.all("ins") == []
    assert re.search(r"9\d\s% of words differ from M1's: too many to mark", column.text)
    assert len(column.all("span", class_="fork")) == 1


def test_sentences_carry_a_level_of_tint_and_a_note(page: Element) -> None:
    sentences = column_of(page, 1, "M1").all("span", class_="s")
    assert len(sentences) > 10
    assert all(re.search(r"\bt(\d|10)\b", each.attributes["class"]) for each in sentences)
    assert any("lexicon: silence" in each.attributes["title"] for each in sentences)


def test_answer_tells_damage_stop_and_a_borrowed_template(page: Element) -> None:
    assert [flag.text for flag in column_of(page, 1, "M8").all("span", class_="flag")] == ["Loop"]
    assert column_of(page, 1, "M1").all("span", class_="flag") == []
    assert re.search(r"tokens, cut\b", column_of(page, 1, "M7").text)
    assert "end of turn" in column_of(page, 1, "M1").text
    assert "This file has no chat template" in column_of(page, 1, "M6").text


def test_page_tells_how_regenerations_came_about(page: Element) -> None:
    assert "3, fast: parallel streams, then verification" in page.all("details", class_="settings")[0].text
    assert f"identical {TIMES} 3 (parallel, verification)" in words(column_of(page, 1, "M2").text)


def test_provenance_holds_hashes_command_and_imatrix_keys_but_no_folder(page: Element) -> None:
    (provenance,) = page.all("section", id="provenance")
    run = published_run()
    for variant in run.manifest.config.family.variants:
        assert variant.payload_hash in provenance.text
    assert run.manifest.fingerprint in provenance.text
    assert "evalkit run --models 'dist/M 1.gguf' dist/M2.gguf" in provenance.text
    assert "quantize.imatrix.dataset" in provenance.text
    assert "{{ messages }}" in provenance.text
    assert "Invented CPU 3000" in provenance.text
    assert "dist/M5.gguf" not in provenance.text


def test_equal_runs_make_equal_bytes(html: str) -> None:
    assert render_report(build_report(published_run())) == html


def test_writing_replaces_the_old_page_and_leaves_nothing_else(tmp_path: Path, html: str) -> None:
    path = tmp_path / "reports" / "run" / "index.html"
    write_report(large_run(), path)
    write_report(published_run(), path)
    assert path.read_bytes().decode("utf-8") == html
    assert list(path.parent.iterdir()) == [path]


def test_unwritable_place_is_named_with_the_next_step(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunFolderError, match=r"(?s)could not be written.*file.*--reports"):
        write_report(published_run(), tmp_path / "file" / "index.html")


def test_page_that_cannot_be_put_in_place_leaves_no_half_written_file(tmp_path: Path) -> None:
    (tmp_path / "index.html").mkdir()
    with pytest.raises(RunFolderError):
        write_report(published_run(), tmp_path / "index.html")
    assert list(tmp_path.iterdir()) == [tmp_path / "index.html"]


def test_ten_thousand_words_of_four_prompts_stay_below_two_megabytes() -> None:
    assert len(render_report(build_report(large_run())).encode()) < 2_000_000


def test_variant_without_a_summary_keeps_its_line_with_dashes() -> None:
    run = published_run()
    summary = dataclasses.replace(run.summary, variants=run.summary.variants[:9])
    page = read_page(render_report(build_report(dataclasses.replace(run, summary=summary))))
    assert "failed: The child process ended by signal 9." in verdict_of(page, "M10")
    cells = row_of(page, "M10")
    assert all(cell.text.startswith("\N{EN DASH}") and cell.attributes["title"] for cell in cells[2:15])


def test_run_without_any_answer_or_measurement_still_makes_a_page() -> None:
    run = published_run()
    empty = dataclasses.replace(run.measurement, certificates=(), scores=(), tints=())
    page = read_page(render_report(build_report(dataclasses.replace(run, generations=(), measurement=empty))))
    assert all("No answer." in column.text for column in page.all("article"))
