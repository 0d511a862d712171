"""From a computation that may have no value to a figure that says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from evalkit.records.errors import NotMeasuredError
from evalkit.records.scores import Figure


def measured(compute: Callable[[], float]) -> Figure:
    """The figure of one answer: the value, or the reason why there is none."""
    try:
        return Figure(value=compute())
    except NotMeasuredError as reason:
        return Figure.not_measured(str(reason))


@contextmanager
def blaming(label: str) -> Iterator[None]:
    """Name whose answer is the reason, where two are compared."""
    try:
        yield
    except NotMeasuredError as reason:
        raise NotMeasuredError(f"{label}: {reason}") from reason
