"""A table of texts: CSV or JSONL with the columns variant, prompt and text."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from evalkit.family.labels import canonical_label
from evalkit.imports.decode import MAX_FILE_BYTES, read_text
from evalkit.imports.texts import FoundTexts, ImportedText, prompt_slug
from evalkit.records.errors import UsageError

ANSWER_COLUMNS = ("variant", "prompt", "text")
PROMPT_COLUMNS = ("prompt", "text")
TABLE_SUFFIXES = frozenset({".csv", ".tsv", ".jsonl", ".ndjson"})

Row = tuple[str, dict[str, str]]
"""Where it stands, and its cells."""


def read_table(path: Path, encoding: str) -> FoundTexts:
    """Every text of the table.

    Raises:
        UsageError: unreadable, a column missing, a cell that is no text, or no rows.
    """
    texts = tuple(
        ImportedText(
            label=canonical_label(row["variant"].strip()),
            prompt_id=prompt_slug(row["prompt"]),
            prompt_title=row["prompt"].strip(),
            text=row["text"],
            place=place,
        )
        for place, row in read_rows(path, ANSWER_COLUMNS, encoding)
    )
    unnamed = next((text.place for text in texts if not text.label), None)
    if unnamed:
        raise UsageError(f"{path}, {unnamed}: the variant is blank. Every text needs the label of its variant.")
    return FoundTexts(texts=texts)


def read_rows(path: Path, columns: Sequence[str], encoding: str) -> list[Row]:
    """The rows of a CSV, TSV or JSONL table with at least these columns; others are ignored.

    Raises:
        UsageError: unreadable, a column missing, a cell that is no text, or no rows.
    """
    text = read_text(path, encoding)
    is_json = path.suffix.lower() in {".jsonl", ".ndjson"}
    rows = list(_json_rows(path, text, columns) if is_json else _csv_rows(path, text, columns))
    if not rows:
        raise UsageError(f"{path} has no rows; needed: {', '.join(columns)} on each.")
    return rows


def _csv_rows(path: Path, text: str, columns: Sequence[str]) -> Iterator[Row]:
    csv.field_size_limit(MAX_FILE_BYTES)
    head = text.partition("\n")[0]
    # Where the comma is the decimal sign, spreadsheets part columns with semicolons.
    delimiter = "\t" if path.suffix.lower() == ".tsv" else ";" if ";" in head and "," not in head else ","
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        found = [name.strip().casefold() for name in reader.fieldnames or ()]
        missing = [column for column in columns if column not in found]
        if missing:
            raise UsageError(
                f"{path} lacks the column{'' if len(missing) == 1 else 's'} {', '.join(missing)}; found: "
                f"{', '.join(found) or 'nothing'}. The first line must name {', '.join(columns)}."
            )
        reader.fieldnames = found
        for row in reader:
            line = f"line {reader.line_num}"
            if any(row[column] is None for column in columns):
                raise UsageError(f"{path}, {line}: the row is shorter than the first line. Quote texts with commas.")
            yield line, {column: row[column] for column in columns}
    except csv.Error as error:
        raise UsageError(f"{path}, line {reader.line_num}: not CSV: {error}.") from error


def _json_rows(path: Path, text: str, columns: Sequence[str]) -> Iterator[Row]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        place = f"line {number}"
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise UsageError(f"{path}, {place}: not JSON: {error}.") from error
        cells = {name: _cell(name, row.get(name)) for name in columns} if isinstance(row, dict) else {}
        wrong = [name for name in columns if not isinstance(cells.get(name), str)]
        if wrong:
            raise UsageError(
                f"{path}, {place}: needed is an object whose {', '.join(columns)} are strings; "
                f"{', '.join(wrong)} {'is' if len(wrong) == 1 else 'are'} not."
            )
        yield place, {name: str(cell) for name, cell in cells.items()}


def _cell(name: str, value: object) -> object:
    """A variant or a prompt may be called 7."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if is_number and name != "text" else value
