"""The folder in which a reference's distributions are published: `store.json`, and arrays beside it."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from evalkit.records.errors import ReferenceStoreError, RunFolderError
from evalkit.records.generation import Generation
from evalkit.records.reference_store import AnswerStore, StoredFile, StoreKind, TextStore
from evalkit.store.files import read_document, read_lines, write_document, write_lines

STORE_FILE = "store.json"
ANSWERS_FILE = "answers.jsonl"

Store = TypeVar("Store", TextStore, AnswerStore)


def is_store(path: Path) -> bool:
    """Whether the folder has a `store.json`."""
    return (path / STORE_FILE).is_file()


def create_folder(folder: Path) -> Path:
    """An empty folder for a store.

    Raises:
        ReferenceStoreError: there is something in it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise ReferenceStoreError(f"{folder} is not empty. Name a new folder for the store.")
    return folder


def write_store(folder: Path, store: TextStore | AnswerStore) -> None:
    """Write `store.json`, last of all: a folder without it is no store."""
    write_document(folder / STORE_FILE, store)


def write_answers(folder: Path, answers: Iterable[Generation]) -> None:
    """Write the reference's answers, every regeneration."""
    write_lines(folder / ANSWERS_FILE, answers)


def read_text_store(folder: Path) -> TextStore:
    """The store of a text.

    Raises:
        ReferenceStoreError: it is damaged, of another schema, or holds answers to a suite.
    """
    return _read(
        folder, TextStore, StoreKind.TEXT, "`evalkit run --reference-store` reads it, a text's store is needed"
    )


def read_answer_store(folder: Path) -> AnswerStore:
    """The store of a reference's answers to a suite, every file of it whole.

    Raises:
        ReferenceStoreError: it is damaged, incomplete, of another schema, or of a text.
    """
    advice = "`evalkit diverge --reference` reads it, one of answers is needed: `evalkit export reference-store`"
    store = _read(folder, AnswerStore, StoreKind.ANSWERS, advice)
    for file in store.files:
        path = _inside(folder, file)
        if not path.is_file() or sha256_of(path) != file.sha256:
            raise ReferenceStoreError(f"{path} in the store is missing or damaged. Download the store again.")
    return store


def read_answers(folder: Path) -> tuple[Generation, ...]:
    """The reference's answers.

    Raises:
        ReferenceStoreError: the file is damaged or missing.
    """
    try:
        return tuple(read_lines(folder / ANSWERS_FILE, Generation))
    except RunFolderError as error:
        raise ReferenceStoreError(str(error)) from error


def store_hash(folder: Path) -> str:
    """sha256 of `store.json`, hex; it names the hash of every other file, so it stands for all of them."""
    return sha256_of(folder / STORE_FILE)


def sha256_of(path: Path) -> str:
    """sha256 of a file's bytes, hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def copy_arrays(folder: Path, store: AnswerStore, target: Path) -> None:
    """Copy the store's arrays below `target`, under their own relative paths."""
    for file in store.files:
        if file.path == ANSWERS_FILE:
            continue
        path = target / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(_inside(folder, file), path)


def _inside(folder: Path, file: StoredFile) -> Path:
    """The file's path; a store is a stranger's, and may name files that are not its own."""
    path = folder / file.path
    if not path.resolve().is_relative_to(folder.resolve()):
        raise ReferenceStoreError(f"the store {folder} names a file outside of itself: {file.path}. Do not use it.")
    return path


def _read(folder: Path, kind: type[Store], wanted: StoreKind, advice: str) -> Store:
    try:
        found = json.loads((folder / STORE_FILE).read_bytes())["kind"]
    except FileNotFoundError:
        raise ReferenceStoreError(f"{folder} holds no {STORE_FILE}: it is no reference store.") from None
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise ReferenceStoreError(f"{folder / STORE_FILE} is damaged: {error!r}. Make the store again.") from error
    if found != wanted:
        raise ReferenceStoreError(f"the store {folder} is of {found!r}, not of {wanted.value!r}: {advice}.")
    try:
        return read_document(folder / STORE_FILE, kind)
    except RunFolderError as error:
        raise ReferenceStoreError(str(error)) from error
