"""The prompt files that come with evalkit."""

from __future__ import annotations

import os
from difflib import get_close_matches
from pathlib import Path

import evalkit
from evalkit.records.errors import SuiteError

SUFFIXES = (".yaml", ".yml", ".txt")


def prompts_folder() -> Path:
    """Inside the package where a wheel put it; an editable install reads the checkout's."""
    package = Path(evalkit.__file__).parent
    installed = package / "prompts"
    return installed if installed.is_dir() else package.parent / "prompts"


def suite_names() -> tuple[str, ...]:
    """The suites that come with evalkit."""
    return _names(prompts_folder())


def system_names() -> tuple[str, ...]:
    """The system prompts that come with evalkit."""
    return _names(prompts_folder() / "systems")


def suite_path(name_or_path: str) -> Path:
    """The file of a suite: a path as it is, or a name among those that come with evalkit.

    Raises:
        SuiteError: no such name.
    """
    return _find(name_or_path, "suite", prompts_folder(), suite_names())


def system_path(name_or_path: str) -> Path:
    """The file of a system prompt: a path as it is, or a name among those that come with evalkit.

    Raises:
        SuiteError: no such name.
    """
    return _find(name_or_path, "system prompt", prompts_folder() / "systems", system_names())


def is_path(name_or_path: str) -> bool:
    """Whether the word is written as a path: by its suffix or a separator."""
    return name_or_path.endswith(SUFFIXES) or "/" in name_or_path or os.sep in name_or_path


def suggestion(word: str, known: tuple[str, ...]) -> str:
    """` Did you mean X?` where one of the known words is close; else nothing."""
    close = get_close_matches(word, known, n=1)
    return f" Did you mean {close[0]}?" if close else ""


def _find(name_or_path: str, what: str, folder: Path, names: tuple[str, ...]) -> Path:
    if is_path(name_or_path):
        return Path(name_or_path)
    if name_or_path in names:
        return folder / f"{name_or_path}.yaml"
    raise SuiteError(
        f"there is no {what} {name_or_path!r}.{suggestion(name_or_path, names)} Known: {', '.join(names)}. "
        "A file of your own is named with its suffix .yaml."
    )


def _names(folder: Path) -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in folder.glob("*.yaml")))
