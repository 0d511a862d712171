from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable

import pytest
from markdown_it import MarkdownIt

from evalkit.records.run_data import RunData
from evalkit.records.tint_reader import TintMethod
from evalkit.report.card import escaped, fenced, model_card
from tests.report_data import LABELS, NINE_RINGS, published_run
from tests.report_hostile import hostile_run


@pytest.fixture(scope="module")
def card() -> str:
    return model_card(published_run())


def outside_fences(markdown: str) -> list[str]:
    """Lines that Markdown reads, by CommonMark's rule: a fence ends at the first line of as many backticks or more."""
    lines, fence = [], ""
    for line in markdown.splitlines():
        match = re.match(r"(`{3,})", line)
        if fence:
            if re.fullmatch(f"`{{{len(fence)},}}", line):
                fence = ""
            continue
        if match:
            fence = match.group(1)
            continue
        lines.append(line)
    assert not fence
    return lines


def test_table_has_llama_perplexitys_names_and_a_line_per_variant(card: str) -> None:
    lines = card.splitlines()
    (header,) = [line for line in lines if line.startswith("| Variant | What")]
    for name in ("Mean KLD", "Same top p", "Mean ln(PPL(Q)/PPL(base))"):
        assert name in header
    rows = [line for line in lines if line.startswith("| **")]
    assert [row.split("**")[1] for row in rows] == list(LABELS)
    assert {row.replace("\\|", "").count("|") for row in (header, *rows)} == {header.count("|")}


def test_examples_have_the_headings_that_publishers_paste_and_the_texts_to_the_byte(card: str) -> None:
    waystone = card.partition("#### The Waystone Inn")[2].partition("\n#### ")[0]
    assert re.findall(r"^##### (M\d+)$", waystone, flags=re.MULTILINE) == list(LABELS)
    for label in LABELS:
        assert (NINE_RINGS / "outputs" / f"{label}.txt").read_text("utf-8").strip() in card


def test_card_tells_settings_command_and_hashes_but_no_folder(card: str) -> None:
    run = published_run()
    assert "temperature 0, repeat penalty 1.1 over the last 64 tokens" in card
    assert "evalkit run --models 'M 1.gguf' M2.gguf" in card
    for variant in run.manifest.config.family.variants:
        assert f"`{variant.payload_hash}`" in card
    assert "dist/" not in card


def test_lite_tint_is_marked_in_the_head_the_table_and_the_signature(card: str) -> None:
    run = published_run()
    lite = model_card(dataclasses.replace(run, manifest=dataclasses.replace(run.manifest, tint_method=TintMethod.LITE)))
    assert "> **LITE tint.**" in lite
    assert "| Delta-tint of the texts (lite) |" in lite
    assert "tint lite" in lite
    assert "lite" not in card.lower()


def test_missing_answer_is_told(card: str) -> None:
    assert "_No answer._" in card.partition("#### Near twins")[2]


def test_equal_runs_make_equal_cards(card: str) -> None:
    assert model_card(published_run()) == card


def test_nothing_hostile_leaves_its_fence_or_becomes_markup() -> None:
    markdown = model_card(hostile_run())
    markdown.encode("utf-8")
    read = "\n".join(outside_fences(markdown))
    plain = re.sub(r"\\.|`[^`\n]*`", "", read)
    assert "<" not in plain
    assert "](" not in plain
    assert not re.search(r"https?://", plain)
    assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e\ud800-\udfff]", markdown)
    headings = [line for line in read.splitlines() if re.match("#+ ", line)]
    assert len([line for line in headings if line.startswith("##### ")]) == 20


def tokens_of(markdown: str) -> list[str]:
    """Kinds of everything that a CommonMark reader with tables (as GitHub's and Hugging Face's are) sees."""
    blocks = MarkdownIt("commonmark").enable("table").parse(markdown)
    return [kind for block in blocks for kind in (block.type, *(inner.type for inner in block.children or ()))]


@pytest.mark.parametrize("run", [published_run, hostile_run])
def test_markdown_reader_finds_two_tables_and_no_link_picture_or_html(run: Callable[[], RunData]) -> None:
    kinds = tokens_of(model_card(run()))
    assert kinds.count("table_open") == 2
    assert kinds.count("tr_open") == 2 * 11
    assert not {"html_block", "html_inline", "link_open", "image"} & set(kinds)
    # One heading for the card, three for its parts, one per prompt, and one per prompt and variant.
    assert kinds.count("heading_open") == 1 + 3 + 2 + 2 * 10


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("M4 + part #1", r"M4 + part \#1"),
        ("- item", r"\- item"),
        ("1. item", r"1\. item"),
        ("a | b", r"a \| b"),
        ("see https://evil.example", r"see https\://evil.example"),
        ("see www.evil.example", r"see www\.evil.example"),
        ("two\nlines", "two lines"),
    ],
)
def test_markup_in_a_name_is_shown_not_obeyed(text: str, shown: str) -> None:
    assert escaped(text) == shown


def test_fence_is_longer_than_any_run_of_backticks_in_the_text() -> None:
    first, *_, last = fenced("a\n`````\nb")
    assert first == "``````text"
    assert last == "``````"


def test_empty_text_is_an_empty_fence() -> None:
    assert list(fenced("")) == ["```text", "", "```"]


def test_signature_of_texts_made_elsewhere_says_so() -> None:
    run = published_run()
    manifest = dataclasses.replace(run.manifest, build=None)
    assert "texts made elsewhere" in model_card(dataclasses.replace(run, manifest=manifest))
