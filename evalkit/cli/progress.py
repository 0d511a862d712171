"""Progress on stderr: a live bar with the time left on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from evalkit.engine.protocol import Advanced, Event, FellBack, Loading, ReadContexts, Ready
from evalkit.generate.run import Listener, Planned, VariantFailed
from evalkit.records.generation import Generation
from evalkit.records.suite import Suite
from evalkit.report.visible import visible


@contextmanager
def reading_progress(*, is_terminal: bool) -> Iterator[Callable[[str], object]]:
    """Tells on a terminal what is being read: hashing a large family takes a minute. Silent elsewhere."""
    if not is_terminal:
        yield len
        return
    from rich.console import Console
    from rich.text import Text

    with Console(stderr=True).status("reading headers") as status:
        yield lambda step: status.update(Text(step))


@contextmanager
def progress(suite: Suite, *, is_terminal: bool) -> Iterator[Listener]:
    """A listener for `generate_run`, fitting where stderr leads."""
    if not is_terminal:
        yield PlainProgress()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("answers,"),
        TimeRemainingColumn(),
        TextColumn("left"),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        yield LiveProgress(bar, suite)


class PlainProgress:
    """One line per model and per answer, with the time left as the answers so far predict it."""

    def __init__(self) -> None:
        self._n_done = 0
        self._n_before = 0
        self._n_cells = 0
        self._started = time.monotonic()

    def __call__(self, event: Event | Planned | VariantFailed) -> None:
        """Print what a reader of a log wants to know."""
        match event:
            case Planned():
                self._n_done = self._n_before = event.n_done
                self._n_cells = event.n_cells
                _say(describe_plan(event))
            case Ready():
                _say(f"{event.label}: loaded in {event.load_seconds:.1f} s")
            case FellBack():
                _say(f"{event.label}: answered in the plain way, since {event.reason}")
            case Generation():
                self._n_done += 1
                _say(f"{describe_answer(event)}; {self._n_done}/{self._n_cells} answers{self._time_left()}")
            case VariantFailed():
                _say(f"{event.failure.label} failed: {event.failure.cause}")

    def _time_left(self) -> str:
        n_made = self._n_done - self._n_before
        seconds = (time.monotonic() - self._started) / n_made * (self._n_cells - self._n_done)
        return f", about {describe_seconds(seconds)} left" if seconds else ""


class LiveProgress:
    """A bar that counts answers, and moves within one as its tokens arrive."""

    def __init__(self, bar: object, suite: Suite) -> None:
        from rich.progress import Progress

        if not isinstance(bar, Progress):
            raise TypeError(bar)
        self._bar = bar
        self._max_tokens = {prompt.id: prompt.max_tokens for prompt in suite.prompts}
        self._task = bar.add_task("starting", total=None)
        self._n_done = 0

    def __call__(self, event: Event | Planned | VariantFailed) -> None:
        """Move the bar."""
        match event:
            case Planned():
                self._n_done = event.n_done
                self._bar.update(self._task, total=event.n_cells, completed=event.n_done)
                self._bar.console.print(describe_plan(event), markup=False)
            case Loading():
                self._bar.update(self._task, description=f"{visible(event.label)} loading {event.fraction:.0%}")
            case ReadContexts():
                name = f"{visible(event.label)} contexts {event.n_read}/{event.n_contexts}"
                self._bar.update(self._task, description=name)
            case Advanced():
                part = event.n_tokens / self._max_tokens[event.cell.prompt_id]
                name = f"{visible(event.cell.label)} {event.cell.prompt_id} #{event.cell.regeneration_index + 1}"
                self._bar.update(self._task, description=name, completed=self._n_done + min(part, 0.99))
            case FellBack():
                message = f"{event.label}: answered in the plain way, since {event.reason}"
                self._bar.console.print(visible(message), markup=False)
            case Generation():
                self._n_done += 1
                self._bar.update(self._task, completed=self._n_done)
            case VariantFailed():
                message = f"{event.failure.label} failed: {event.failure.cause}"
                self._bar.console.print(visible(message), markup=False, style="red")


def describe_plan(plan: Planned) -> str:
    """How much there is to do."""
    if plan.n_done == plan.n_cells:
        return f"all {plan.n_cells} answers are there already; --fresh would make them again"
    if plan.n_done:
        return f"going on with {plan.n_done} of {plan.n_cells} answers done"
    return f"{plan.n_cells} answers to make"


def describe_answer(generation: Generation) -> str:
    """One finished answer in a line."""
    name = f"{generation.label} {generation.prompt_id} #{generation.regeneration_index + 1}"
    line = f"{name}: {generation.n_tokens} tokens, {generation.stop_reason}, {generation.method}"
    n_decoded = generation.n_tokens - generation.n_drafted
    return f"{line}, {n_decoded / generation.decode_seconds:.1f} tokens/s" if n_decoded else line


def describe_seconds(seconds: float) -> str:
    """`45 s`, `12 min`, `3 h 5 min`."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def _say(line: str) -> None:
    click.echo(visible(line), err=True)
