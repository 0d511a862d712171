"""Suite and system-prompt files, read strictly: a prompt must never lose a word to a slip that YAML forgives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from evalkit.records.errors import SuiteError
from evalkit.records.strict_yaml import StrictLoader

Schema = TypeVar("Schema", bound=BaseModel)

MAX_FILE_BYTES = 16 << 20
MAX_SHOWN = 60
"""Characters of a wrong value that an error shows."""


def read_bytes(path: Path) -> bytes:
    """The file's content, if it is one and of a sensible size.

    Raises:
        SuiteError: it is missing, unreadable, no regular file, or too large.
    """
    try:
        if not path.is_file():
            raise SuiteError(f"there is no file {path}. Check the path; `evalkit suite list` shows what is built in.")
        with path.open("rb") as handle:
            content = handle.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise SuiteError(f"{path} cannot be read: {error.strerror or error}.") from error
    if len(content) > MAX_FILE_BYTES:
        raise SuiteError(f"{path} is larger than {MAX_FILE_BYTES:,} bytes: not a prompt file.")
    return content


def read_yaml(path: Path, schema: type[Schema], extra: Callable[[Any], Iterator[str]]) -> Schema:
    """The file's content as `schema`; all that is wrong with it comes in one error.

    Args:
        path: a YAML file.
        schema: what it must be.
        extra: further problems of the plain document, which need not be of the schema's shape.

    Raises:
        SuiteError: unreadable, not YAML, or not as the schema says, with the place of every problem.
    """
    document = _load(path)
    problems = list(extra(document))
    try:
        parsed = schema.model_validate(document)
    except ValidationError as error:
        problems = [*_problems(error), *problems]
    if problems:
        listed = "\n".join(f"  {problem}" for problem in problems)
        raise SuiteError(f"{path} cannot be used as it is:\n{listed}")
    return parsed


def _load(path: Path) -> Any:
    content = read_bytes(path)
    try:
        # The loader is a SafeLoader: it makes plain values only.
        return yaml.load(content, Loader=StrictLoader)  # noqa: S506
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, RecursionError) as error:
        # PyYAML lets the errors of its own constructors through: `2026-13-45`, `!!bool maybe`.
        raise SuiteError(f"{path} is not YAML: {error}") from error


def _problems(error: ValidationError) -> Iterator[str]:
    for problem in error.errors(include_url=False):
        place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in problem["loc"]).lstrip(".")
        found = problem["input"]
        if problem["type"] == "extra_forbidden":
            yield f"{place}: unknown key"
        elif problem["type"] == "missing":
            yield f"{place}: missing"
        elif problem["type"] == "model_type":
            yield f"{place or 'the file'}: must be a mapping of keys to values"
        elif isinstance(found, str | int | float | bool | None):
            yield f"{place or 'the file'}: {_message(problem['msg'])}, found {_shown(found)}"
        else:
            yield f"{place or 'the file'}: {_message(problem['msg'])}"


def _message(text: str) -> str:
    message = text.removeprefix("Value error, ")
    return message[0].lower() + message[1:]


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."
