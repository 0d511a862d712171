"""The tint of texts in the terminal: a table, or one text sentence by sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from evalkit.records.errors import NotMeasuredError
from evalkit.records.tint_reader import TintMethod
from evalkit.report.format import DASH
from evalkit.report.tint_view import METHOD_NOTES, Named, facts_of, view_tint
from evalkit.report.visible import visible_line

if TYPE_CHECKING:
    from rich.console import Console

_NO_LIMIT = 10_000
_COLUMNS = ("tint", "probability", "peak", "dark share", "words")


def print_tints(texts: Sequence[Named], method: TintMethod, console: Console) -> None:
    """One line per text, reasons below."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    table.add_column("text", overflow="fold")
    for title in _COLUMNS:
        table.add_column(title, justify="right")
    reasons = []
    for name, _, reading in texts:
        if isinstance(reading, NotMeasuredError):
            reasons.append(f"{visible_line(name)}: not measured. {visible_line(str(reading))}")
            values = ["-"] * len(_COLUMNS)
        else:
            values = [value for _, value in facts_of(reading)]
        table.add_row(Text(visible_line(name)), *values)
    if not console.is_terminal:
        # Wrapped for eyes only: in a pipe every text keeps its one line.
        console.width = _NO_LIMIT
    console.print(table)
    for line in (*reasons, METHOD_NOTES[method]):
        console.print(Text(line), soft_wrap=True)


def print_explanation(named: Named, method: TintMethod, console: Console) -> None:
    """A text's figures, then every sentence with its tint, its share, its nearest category and its words."""
    from rich.text import Text

    view = view_tint(named)
    console.print(Text(visible_line(view.name), style="bold"), soft_wrap=True)
    if view.missing is not None:
        console.print(Text(f"  not measured. {visible_line(view.missing)}"), soft_wrap=True)
    else:
        console.print(Text("  " + ", ".join(f"{name} {value}" for name, value in view.facts)), soft_wrap=True)
        console.print(Text("  tint  points  nearest      sentence [words the lexicon knows]"), soft_wrap=True)
    for row in view.rows:
        words = "" if row.hits == DASH else f" [{row.hits}]"
        line = f"  {row.tint:>5} {row.points:>7}  {row.category:<12} {visible_line(row.text)}{words}"
        console.print(Text(line), soft_wrap=True)
    console.print(Text(f"  {METHOD_NOTES[method]}"), soft_wrap=True)
