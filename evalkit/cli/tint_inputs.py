"""The texts that a user gives `evalkit tint` for two models: contexts in a folder, an axis as two folders."""

from __future__ import annotations

from pathlib import Path

from evalkit.records.axis import AxisText, AxisTexts, TintContext
from evalkit.records.errors import UsageError

MIN_CONTEXTS = 8
"""With fewer the interval says next to nothing."""


def read_contexts(folder: Path) -> tuple[TintContext, ...]:
    """Every `.txt` file below the folder, in order of paths; its own folder's name is its group.

    Raises:
        UsageError: no such folder, too few files, or one that is not UTF-8 text.
    """
    contexts = tuple(
        TintContext(id=str(path.relative_to(folder)), group=path.parent.name, text=text)
        for path, text in _texts_below(folder, "--contexts")
    )
    if len(contexts) < MIN_CONTEXTS:
        raise UsageError(
            f"--contexts {folder} has {len(contexts)} texts that are not empty (*.txt); at least {MIN_CONTEXTS} are "
            "needed to see how contexts differ. Cut long texts into several, 50 to 150 words each."
        )
    return contexts


def read_axis(word: str) -> AxisTexts:
    """An axis from `NAME=DIR_A,DIR_B`: texts that have more of it, and texts that have less.

    Raises:
        UsageError: another form, no such folder, or one that is not UTF-8 text. Too few texts are told when the axis
            is learned.
    """
    name, _, folders = word.partition("=")
    parts = [part.strip() for part in folders.split(",")]
    if not name.strip() or len(parts) != 2 or not all(parts):
        raise UsageError(f"--axis {word} must be NAME=DIR_A,DIR_B: a name, and two folders of .txt files.")
    marked, other = (Path(part) for part in parts)
    if marked.resolve() == other.resolve():
        raise UsageError(f"--axis {word} names one folder twice: there is nothing to tell apart.")
    name = name.strip()
    texts = [
        AxisText(text=text, is_marked=folder is marked, source=str(path))
        for folder in (marked, other)
        for path, text in _texts_below(folder, "--axis")
    ]
    return AxisTexts(name=name, more=f"more {name}", less=f"less {name}", texts=tuple(texts))


def _texts_below(folder: Path, option: str) -> list[tuple[Path, str]]:
    if not folder.is_dir():
        raise UsageError(f"{option} {folder} is not a folder. Check the path.")
    read = [(path, _text(path, option)) for path in sorted(folder.rglob("*.txt")) if path.is_file()]
    if not read:
        raise UsageError(f"{option} {folder} has no .txt file. Put one text into each file.")
    return [(path, text) for path, text in read if text.strip()]


def _text(path: Path, option: str) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{option}: {path} is not UTF-8 text ({error.reason}). Save it as UTF-8.") from error
