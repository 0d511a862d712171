"""Votes in the terminal: the page's words and numbers, one plain line per fact in a pipe."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from evalkit.records.preferences import Preferences
from evalkit.report.format import DASH
from evalkit.report.preference_view import AgreementRow, CheckRow, ModelView, QuestionView, view_preferences
from evalkit.report.terminal import plain_text
from evalkit.report.visible import visible_label
from evalkit.report.vote_words import FigureText

if TYPE_CHECKING:
    from rich.console import Console


def print_preferences(preferences: Preferences, console: Console) -> None:
    """Print people's verdicts, then each model judge's exam and verdicts."""
    view = view_preferences(preferences)
    for one in view.questions:
        _print_question(one, "People", console)
    if view.checks:
        _print_lines("The judges themselves", map(_check_line, view.checks), console)
    _print_lines("Read with care", view.notes if view.questions else (), console)
    for model in view.models:
        _print_model(model, console)


def _print_model(model: ModelView, console: Console) -> None:
    _print_lines(
        f"Model judge {visible_label(model.model)} ({model.judge}) {model.fitness}",
        (
            model.counts,
            *(f"unreadable: {line}" for line in model.unreadable[:5]),
            *(f"{mark.criterion}: {mark.found}, {mark.needed} needed: {mark.verdict}" for mark in model.marks),
            *map(_agreement_line, model.agreements),
            _check_line(model.check),
        ),
        console,
    )
    for one in model.questions:
        _print_question(one, model.judge, console)


def _print_question(one: QuestionView, whose: str, console: Console) -> None:
    from rich.table import Table

    console.print()
    console.print(plain_text(f"{whose}: {one.title} {one.lede}", console, "bold"), soft_wrap=True)
    grid = Table(box=None, pad_edge=False)
    for name in ("Variant", "Wins", "95 %", "Elo", "p", "Missing"):
        grid.add_column(name, no_wrap=True, justify="left" if name == "Variant" else "right")
    grid.add_column("Standing", overflow="fold")
    for row in one.ratings:
        figures = (row.win_share.text, row.win_share.interval, row.elo.text, row.p, row.missing)
        standing = f"{row.standing}: {row.reason}" if row.reason else row.standing
        cells = (visible_label(row.label), *figures, standing)
        grid.add_row(*(plain_text(cell, console) for cell in cells))
    console.print(grid)
    _print_lines("Agreement", map(_agreement_line, one.agreements), console)


def _agreement_line(row: AgreementRow) -> str:
    if row.alpha.text == DASH and row.agreement.text == DASH:
        return f"{row.who}: not measured. {row.alpha.reason}"
    return f"{row.who}: alpha {_with_reason(row.alpha)}, equal answers {_with_reason(row.agreement)}"


def _check_line(row: CheckRow) -> str:
    return (
        f"{row.judge}: {row.n_votes} votes, {row.n_ties} ties; left wins {_with_reason(row.left)}; "
        f"longer wins {_with_reason(row.longer)}; equal texts called a tie {_with_reason(row.identical)}"
    )


def _with_reason(figure: FigureText) -> str:
    detail = figure.interval or figure.reason
    return f"{figure.text} ({detail})" if detail else figure.text


def _print_lines(title: str, lines: Iterator[str] | Sequence[str] | map[str], console: Console) -> None:
    lines = tuple(lines)
    if not lines:
        return
    console.print()
    console.print(plain_text(title, console, "bold"), soft_wrap=not console.is_terminal)
    for line in lines:
        console.print(plain_text(f"  {line}", console), soft_wrap=not console.is_terminal)
