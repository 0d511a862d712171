"""A folder of texts: `M1.txt`, `M1-<prompt>.txt` or `M1/<prompt>.txt`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from evalkit.family.labels import canonical_label, labels_of
from evalkit.family.model_files import natural_key
from evalkit.imports.decode import read_text
from evalkit.imports.texts import ONE_PROMPT, FoundTexts, ImportedText, prompt_slug
from evalkit.records.errors import UsageError

SUFFIXES = frozenset({".txt", ".md", ".text", ".markdown"})
NO_ANSWERS = frozenset({"readme", "license", "licence", "notice", "changelog", "prompt", "prompts"})
"""Names of files that lie beside answers and are none."""

_BOUNDARY = r"[-_. ]+"
_LABELLED = re.compile(rf"([mM][0-9]{{1,6}})(?:{_BOUNDARY}(.+))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What is known before the files are read."""

    labels: Collection[str] = ()
    """From a family file or --reference."""
    prompt_ids: Collection[str] = ()
    """From a suite or --prompts."""
    one_prompt: str | None = None
    """The prompt of files that are named by label only."""


def read_folder(folder: Path, names: Names, encoding: str) -> FoundTexts:
    """Every text of the folder, subfolders one level deep.

    Raises:
        UsageError: no texts, a file that cannot be read as text, or names of which the parts cannot be told.
    """
    files = sorted(_files(folder), key=lambda path: natural_key(str(path.relative_to(folder))))
    answers = [path for path in files if _is_answer(path)]
    if not answers:
        raise UsageError(
            f"{folder} has no text files ({', '.join(sorted(SUFFIXES))}). Name them by label, such as M1.txt, "
            "M1-<prompt>.txt or M1/<prompt>.txt, or import a CSV or JSONL table."
        )
    flat = [path for path in answers if path.parent == folder]
    titles = names.one_prompt or ONE_PROMPT
    parts = dict(zip(flat, _split_stems([path.stem for path in flat], names), strict=True))
    texts = []
    for path in answers:
        label, title = parts.get(path) or (canonical_label(path.parent.name), path.stem)
        title = title or titles
        texts.append(
            ImportedText(
                label=label, prompt_id=prompt_slug(title), prompt_title=title, text=read_text(path, encoding),
                place=str(path.relative_to(folder)),
            )
        )  # fmt: skip
    skipped = tuple(str(path.relative_to(folder)) for path in files if path not in set(answers))
    return FoundTexts(texts=tuple(texts), skipped=skipped)


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name.startswith("."):
            continue
        if path.is_file():
            yield path
        elif path.is_dir():
            yield from (inner for inner in path.iterdir() if inner.is_file() and not inner.name.startswith("."))


def _is_answer(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and path.stem.casefold() not in NO_ANSWERS


def _split_stems(stems: Sequence[str], names: Names) -> list[tuple[str, str]]:
    """Label and prompt of each file name; the prompt is empty where the name is a label only.

    A label that is known, or looks like `M7`, ends where the prompt begins; else a prompt that is known begins where
    the label ends; else the whole name is the label.
    """
    split = [_split(stem, names) for stem in stems]
    whole = [stem for stem, parts in zip(stems, split, strict=True) if parts is None]
    labels = iter(labels_of(whole))
    return [parts if parts is not None else (next(labels), "") for parts in split]


def _split(stem: str, names: Names) -> tuple[str, str] | None:
    for label in sorted(names.labels, key=len, reverse=True):
        match = re.fullmatch(rf"{re.escape(label)}(?:{_BOUNDARY}(.+))?", stem, re.IGNORECASE)
        if match:
            return label, match[1] or ""
    if match := _LABELLED.fullmatch(stem):
        return canonical_label(match[1]), match[2] or ""
    for prompt_id in sorted(names.prompt_ids, key=len, reverse=True):
        match = re.fullmatch(rf"(.+?){_BOUNDARY}{re.escape(prompt_id)}", stem, re.IGNORECASE)
        if match:
            return canonical_label(match[1]), prompt_id
    return None
