"""Durable writing and careful reading of the files that a run folder is made of.

Appending is one `os.write` of a whole line on an `O_APPEND` descriptor, then fsync: a kill can tear the last line
only, and readers drop a line without its end. Whole files go through a temporary neighbour and `os.replace`.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from evalkit.records.errors import RunFolderError
from evalkit.records.run import SCHEMA_VERSION

Record = TypeVar("Record")

_ADAPTERS: dict[type[Any], TypeAdapter[Any]] = {}


def append_line(path: Path, record: object) -> None:
    """Add one record as a JSON line; on return it is on the disk."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(descriptor, _encode_line(record))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_lines(path: Path, records: Iterable[object]) -> None:
    """Replace a JSON-lines file as a whole."""
    write_atomically(path, b"".join(_encode_line(record) for record in records))


def read_lines(path: Path, kind: type[Record]) -> Iterator[Record]:
    """The records of a JSON-lines file; nothing where there is no file. A torn last line is left out.

    Raises:
        RunFolderError: a line of another schema version, or one that does not hold such a record.
    """
    if not path.exists():
        return
    adapter: TypeAdapter[Record] = _adapter(kind)
    for number, line in enumerate(path.read_bytes().split(b"\n")[:-1], start=1):
        yield _decode(line, adapter, f"{path}, line {number}")


def drop_torn_line(path: Path) -> None:
    """Cut a last line without its end, so that the next one does not continue it."""
    if path.exists():
        content = path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        if len(whole) < len(content):
            os.truncate(path, len(whole))


def write_document(path: Path, record: object) -> None:
    """Replace a file that holds one record as indented JSON."""
    content = json.dumps(_plain(record), indent=2, ensure_ascii=False)
    write_atomically(path, _utf8(content + "\n"))


def read_document(path: Path, kind: type[Record]) -> Record:
    """The record in a JSON file.

    Raises:
        RunFolderError: no file, another schema version, or not such a record.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise RunFolderError(f"{path} is missing. A finished run has one: run or score it again.") from None
    adapter: TypeAdapter[Record] = _adapter(kind)
    return _decode(content, adapter, str(path))


def files_digest(paths: Iterable[Path]) -> str | None:
    """sha256 over names and contents, in the order of names, hex; None where there is no file."""
    digest, n_files = hashlib.sha256(), 0
    for path in sorted(paths, key=lambda path: path.name):
        digest.update(f"{path.name} {path.stat().st_size}\n".encode())
        digest.update(path.read_bytes())
        n_files += 1
    return digest.hexdigest() if n_files else None


def write_atomically(path: Path, content: bytes) -> None:
    """Replace a file in one step: readers see the old content or the new, never a part."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    # Building one takes longer than reading a hundred lines with it.
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]


def _encode_line(record: object) -> bytes:
    return _utf8(json.dumps(_plain(record), ensure_ascii=False) + "\n")


def _plain(record: object) -> dict[str, Any]:
    plain: dict[str, Any] = _adapter(type(record)).dump_python(record, mode="json")
    return {"schema_version": SCHEMA_VERSION} | plain


def _utf8(text: str) -> bytes:
    # JSON may carry a lone surrogate as an escape only.
    return text.encode("utf-8", errors="backslashreplace")


def _decode(content: bytes, adapter: TypeAdapter[Record], place: str) -> Record:
    try:
        plain = json.loads(content)
        found = plain["schema_version"]
    except (ValueError, KeyError, TypeError) as error:
        raise RunFolderError(f"{place} is damaged: {error!r}. Restore it, or start anew with --fresh.") from error
    if found != SCHEMA_VERSION:
        raise RunFolderError(
            f"{place} has schema version {found}; this evalkit reads {SCHEMA_VERSION}. "
            "Use the evalkit that wrote it, or run again."
        )
    try:
        return adapter.validate_python(plain)
    except ValidationError as error:
        raise RunFolderError(f"{place} does not hold what it should: {error}") from error
