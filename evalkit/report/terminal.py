"""The summary in the terminal: the page's figures, in as many tables as the width allows.

rich is imported only here and only when something is printed: `evalkit --help` must not pay for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from evalkit.analyse.claims import claim_words
from evalkit.records.run_data import RunData
from evalkit.report.columns import SUMMARY_GROUPS, SUMMARY_METRICS, ColumnGroup
from evalkit.report.fork_lines import fork_lines
from evalkit.report.format import DASH, MINUS, NBSP, TIMES
from evalkit.report.head import build_head
from evalkit.report.lookup import look_up
from evalkit.report.summary import build_summary
from evalkit.report.view import FigureCell, Head, SummaryRow, SummaryTable
from evalkit.report.visible import visible_label, visible_line

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

_NO_LIMIT = 10_000
_PLAIN_SIGNS = str.maketrans({MINUS: "-", DASH: "-", NBSP: " ", TIMES: "x", "…": "..."})


def print_summary(run: RunData, console: Console) -> None:
    """Print family, warnings, figures and verdicts; the same numbers as the page, plain when not a terminal."""
    lookup = look_up(run)
    head, table = build_head(run, lookup), build_summary(run, lookup)
    _print_head(head, console)
    _print_tables(table, console)
    _print_lines("Why not measured", [f"{mark}: {why}" for mark, why in table.footnotes], console)
    _print_lines("Verdicts", [_verdict(row) for row in table.rows], console)
    _print_lines("Claims", [claim_words(answer) for answer in run.summary.claims], console)
    _print_lines("Forks (probabilities: reference > variant)", fork_lines(run.divergence), console)
    _print_lines("Read with care", head.notes, console)


def _print_head(head: Head, console: Console) -> None:
    _print(plain_text(head.family, console, "bold"), console)
    _print(plain_text(head.lede, console), console)
    _print(plain_text(head.reproducibility, console), console)
    for warned in head.warnings:
        names = f" ({', '.join(map(visible_label, warned.labels))})" if warned.labels else ""
        _print(plain_text(f"{warned.title}{names}: {warned.message}", console, "yellow"), console)


def _print_tables(table: SummaryTable, console: Console) -> None:
    """All groups in one table where the width allows, else one table for each."""
    from rich.measure import Measurement

    whole = _figures(table, SUMMARY_GROUPS, console)
    wanted = Measurement.get(console, console.options.update(width=_NO_LIMIT), whole).maximum
    for grid in (
        [whole] if wanted <= console.width else [_figures(table, (group,), console) for group in SUMMARY_GROUPS]
    ):
        console.print()
        console.print(grid)


def _print_lines(title: str, lines: Sequence[str], console: Console) -> None:
    if lines:
        console.print()
        _print(plain_text(title, console, "bold"), console)
        for line in lines:
            _print(plain_text(f"  {line}", console), console)


def _print(text: Text, console: Console) -> None:
    # Wrapped for eyes only: in a pipe every message keeps its one line, so that grep finds it whole.
    console.print(text, soft_wrap=not console.is_terminal)


def _verdict(row: SummaryRow) -> str:
    failure = f" Failed: {row.failure}" if row.failure else ""
    return f"{visible_label(row.label)}: {row.verdict}{failure}"


def _figures(table: SummaryTable, groups: Sequence[ColumnGroup], console: Console) -> Table:
    from rich.table import Table

    grid = Table(box=None, pad_edge=False)
    grid.add_column("Variant", overflow="fold")
    shown = [index for index, metric in enumerate(SUMMARY_METRICS) if any(metric in group.metrics for group in groups)]
    for index in shown:
        # A word a line: the figures below are narrow, and five columns fit into 80 characters.
        words = table.columns[index].title.replace(" ", "\n")
        unit = table.columns[index].unit
        grid.add_column(plain_text(f"{words}\n{unit}", console), justify="right", no_wrap=True, overflow="fold")
    for row in table.rows:
        name = plain_text(visible_label(row.label), console, "bold" if row.is_reference else "")
        grid.add_row(name, *(_cell(row.cells[index], console) for index in shown))
    return grid


def _cell(cell: FigureCell, console: Console) -> Text:
    mark = f"{NBSP}[{cell.footnote}]" if cell.footnote else ""
    interval = f"\n{cell.interval}" if cell.interval else ""
    return plain_text(f"{cell.text}{mark}{interval}", console, "dim" if cell.is_muted else "")


def plain_text(text: str, console: Console, style: str = "") -> Text:
    """A piece of output that rich neither parses for markup nor highlights, in what the terminal can show."""
    from rich.text import Text

    shown = visible_line(text)
    if not console.encoding.lower().startswith("utf"):
        shown = shown.translate(_PLAIN_SIGNS).encode(console.encoding, "backslashreplace").decode(console.encoding)
    return Text(shown, style=style)
