from __future__ import annotations

import io
import subprocess
import sys

import pytest
from rich.console import Console

from evalkit.report.lookup import look_up
from evalkit.report.summary import build_summary
from evalkit.report.terminal import print_summary
from tests.report_data import LABELS, NO_EMBEDDER, published_run


def printed(width: int, terminal: bool = False) -> str:
    stream = io.StringIO()
    print_summary(published_run(), Console(file=stream, width=width, force_terminal=terminal, no_color=True))
    return stream.getvalue()


@pytest.mark.parametrize("width", [80, 200])
def test_terminal_prints_the_pages_figures_whatever_its_width(width: int) -> None:
    text = printed(width)
    run = published_run()
    for row in build_summary(run, look_up(run)).rows:
        for cell in row.cells:
            assert cell.text in text
            assert cell.interval in text


def test_eighty_columns_hold_every_label_whole() -> None:
    lines = printed(80).splitlines()
    assert all(sum(line.startswith(f"{label} ") for line in lines) == 4 for label in LABELS)


def test_wide_terminal_gets_one_table() -> None:
    assert sum(line.startswith("M2 ") for line in printed(200).splitlines()) == 1


def test_pipe_gets_no_escape_sequences_and_keeps_each_message_on_one_line() -> None:
    text = printed(80)
    assert "\x1b" not in text
    assert f"b: {NO_EMBEDDER}" in text


def test_terminal_names_warnings_failures_verdicts_and_notes() -> None:
    text = printed(300)
    for part in (
        "Notice: Toy model",
        "Failed variant (M10): The child process ended by signal 9.",
        "M9: Darker than M1",
        "M10: Darker than M1: the interval of delta-tint is above 0. Failed: The child",
        "2 prompts are too few",
    ):
        assert part in text


def test_rich_is_not_imported_until_something_is_printed() -> None:
    code = "import sys, evalkit.report.terminal; sys.exit('rich' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
