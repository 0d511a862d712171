"""The texts of the prompts behind imported answers, where somebody still has them."""

from __future__ import annotations

from pathlib import Path

from evalkit.imports.decode import DEFAULT_ENCODING, read_text
from evalkit.imports.folder import SUFFIXES
from evalkit.imports.table import PROMPT_COLUMNS, TABLE_SUFFIXES, read_rows
from evalkit.imports.texts import prompt_slug
from evalkit.records.errors import UsageError


def read_prompt_texts(path: Path, encoding: str = DEFAULT_ENCODING) -> dict[str, str]:
    """Prompt texts by id: a folder of `<prompt>.txt`, or a CSV or JSONL table with prompt and text.

    Raises:
        UsageError: no such file or folder, nothing in it, or two texts for one prompt.
    """
    pairs = _pairs(path, encoding)
    texts: dict[str, str] = {}
    for name, text in pairs:
        prompt_id = prompt_slug(name)
        if prompt_id in texts:
            raise UsageError(f"{path} has two texts for the prompt {prompt_id}. Keep one.")
        texts[prompt_id] = text
    return texts


def _pairs(path: Path, encoding: str) -> list[tuple[str, str]]:
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if file.suffix.lower() in SUFFIXES and file.is_file())
        if not files:
            raise UsageError(f"{path} has no prompt files. Name them by prompt, such as waystone.txt.")
        return [(file.stem, read_text(file, encoding).removesuffix("\n")) for file in files]
    if path.suffix.lower() in TABLE_SUFFIXES:
        return [(row["prompt"], row["text"]) for _, row in read_rows(path, PROMPT_COLUMNS, encoding)]
    raise UsageError(
        f"{path} is neither a folder of prompt texts nor a .csv, .tsv or .jsonl table with prompt and text."
    )
