"""Words of the command line become model files: files, folders and globs, in natural order, parts together."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from evalkit.records.errors import FamilyError, UsageError

SUFFIX = ".gguf"
HUB_SCHEME = "hf://"
_SPLIT_NAME = re.compile(r"(?P<stem>.+)-(?P<number>[0-9]{5})-of-(?P<count>[0-9]{5})\.gguf", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFiles:
    """The files of one model: one GGUF, or every part that its split name promises, there or not."""

    stem: str
    """The name without `.gguf` and part number."""
    parts: tuple[Path, ...]

    @property
    def path(self) -> Path:
        """What llama.cpp is given: the file, or the first part."""
        return self.parts[0]

    @property
    def identity(self) -> tuple[str, str]:
        """Equal for two spellings of one file under one name.

        A link of another name is another model: the Hub's cache stores equal files once, and that two variants are
        equal is a finding, not a reason to drop one.
        """
        return os.path.realpath(self.path), self.path.name


def find_model_files(words: Sequence[str]) -> tuple[ModelFiles, ...]:
    """The models that the words name, each once, in natural order of their names.

    A word is a file, a folder (every `*.gguf` directly in it) or a glob that the shell left alone.

    Raises:
        UsageError: a word names a repository of the Hub.
        FamilyError: there are no words, or a word leads to no file.
    """
    if not words:
        raise FamilyError("no models were given. Name files, a folder or a glob: --models dist/*.gguf")
    found: dict[tuple[str, str], ModelFiles] = {}
    for path in _paths(words):
        files = model_files_of(path)
        found.setdefault(files.identity, files)
    return tuple(sorted(found.values(), key=lambda files: natural_key(str(files.path))))


def model_files_of(path: Path) -> ModelFiles:
    """The model that `path` belongs to: itself, or all parts if its name is a part's."""
    split = _SPLIT_NAME.fullmatch(path.name)
    if split is None:
        stem = path.name[: -len(SUFFIX)] if path.name.lower().endswith(SUFFIX) else path.name
        return ModelFiles(stem=stem or path.name, parts=(path,))
    stem, count, suffix = split["stem"], int(split["count"]), path.name[-len(SUFFIX) :]
    if not 1 <= int(split["number"]) <= count:
        return ModelFiles(stem=path.name[: -len(SUFFIX)], parts=(path,))
    names = (f"{stem}-{number:05d}-of-{count:05d}{suffix}" for number in range(1, count + 1))
    return ModelFiles(stem=stem, parts=tuple(path.with_name(name) for name in names))


def common_folder(models: Iterable[ModelFiles]) -> Path:
    """The deepest folder that holds all of the models."""
    return Path(os.path.commonpath([files.path.absolute().parent for files in models]))


def refuse_hub(word: str) -> None:
    """Raise for a reference to the Hub: evalkit reads local files."""
    if word.startswith(HUB_SCHEME):
        raise UsageError(
            f"{word} is on the Hugging Face Hub, and evalkit reads local files. Download it first, for example with "
            f"`hf download {_hub_repository(word)} --local-dir dist`, then give --models dist."
        )


def natural_key(text: str) -> tuple[tuple[int, str] | tuple[int, int], ...]:
    """Sorts numbers by value: M2 before M10."""
    pieces = re.split(r"([0-9]+)", text.casefold())
    return tuple((1, int(piece)) if index % 2 else (0, piece) for index, piece in enumerate(pieces))


def is_present(path: Path) -> bool:
    """Whether something that we may look at lies there."""
    try:
        path.stat()
    except (OSError, ValueError):
        return False
    return True


def _hub_repository(word: str) -> str:
    return "/".join(word.removeprefix(HUB_SCHEME).split("/")[:2]).partition("@")[0] or "ORG/REPOSITORY"


def _paths(words: Sequence[str]) -> Iterator[Path]:
    for word in words:
        refuse_hub(word)
        # Not Path.expanduser: that one raises for a home that does not exist.
        literal = os.path.expanduser(word)  # noqa: PTH111
        if word and is_present(Path(literal)):
            yield from _files_at(Path(literal))
            continue
        # Not Path.glob: that one refuses absolute patterns.
        matches = sorted(glob.glob(literal, recursive=True))  # noqa: PTH207
        if not matches:
            raise FamilyError(f"{word!r} names no file, no folder, and no glob that matches one. Check the path.")
        for match in matches:
            yield from _files_at(Path(match))


def _files_at(path: Path) -> list[Path]:
    """The file itself, or the GGUFs directly in a folder."""
    if not path.is_dir():
        return [path]
    try:
        files = sorted(entry for entry in path.iterdir() if entry.name.lower().endswith(SUFFIX) and not entry.is_dir())
    except OSError as error:
        raise FamilyError(f"the folder {path} cannot be read: {error.strerror or error}.") from error
    if not files:
        raise FamilyError(f"the folder {path} holds no *.gguf file directly. Name the files or their folder.")
    return files
