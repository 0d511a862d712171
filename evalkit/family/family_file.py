"""`family.yaml`: what a publisher says about a family. Found by option, beside the models, or among those we ship."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from evalkit.family.labels import canonical_label
from evalkit.records.errors import FamilyError

FILE_NAME = "family.yaml"
SHIPPED_FOLDER = Path(__file__).parent / "data"
MAX_FILE_BYTES = 1 << 20


def _label(text: str) -> str:
    if text != text.strip() or not text.isprintable():
        raise ValueError("a label has neither outer spaces nor control characters")
    return canonical_label(text)


def _sound(text: str) -> str:
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("has half a character (\\ud800 to \\udfff): write the character itself, in UTF-8")
    return text


Label = Annotated[str, Field(min_length=1, max_length=80), AfterValidator(_label)]
Text = Annotated[str, Field(min_length=1), AfterValidator(_sound)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class VariantEntry(_Model):
    """What the publisher says about one variant."""

    label: Label
    file: Text | None = None
    """Name or glob of its file; without it the label is read from the file's name."""
    lineage: list[Label] = []
    """Labels it was made from."""
    description: Annotated[str, AfterValidator(_sound)] = ""


class FamilyFile(_Model):
    """One `family.yaml`."""

    name: Text
    notice: Text | None = None
    """What every reader of a report must know."""
    reference: Label | None = None
    match: list[Text] = []
    """Globs on file names and `general.name` by which a shipped family is recognised; case does not matter."""
    variants: list[VariantEntry] = []

    @model_validator(mode="after")
    def _check_labels(self) -> FamilyFile:
        problems = list(self._label_problems())
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _label_problems(self) -> Iterator[str]:
        """Labels that contradict each other."""
        labels = [entry.label for entry in self.variants]
        for label, count in Counter(labels).items():
            if count > 1:
                yield f"two variants have the label {label}"
        for entry in self.variants:
            for parent in entry.lineage:
                if parent == entry.label or parent not in labels:
                    yield f"the lineage of {entry.label} names {parent}, which is no other variant here"
        if self.reference is not None and labels and self.reference not in labels:
            yield f"the reference {self.reference} is not among the variants"

    def entry(self, label: str) -> VariantEntry | None:
        """What is said of `label`; None where nothing is."""
        return next((entry for entry in self.variants if entry.label == label), None)

    def label_of_file(self, file_name: str) -> str | None:
        """The label whose `file` matches; None where none does.

        Raises:
            FamilyError: two variants claim the file.
        """
        labels = [entry.label for entry in self.variants if entry.file and fnmatchcase(file_name, entry.file)]
        if len(labels) > 1:
            raise FamilyError(
                f"{FILE_NAME} gives {file_name} to both {labels[0]} and {labels[1]}. Narrow the `file` of one of them."
            )
        return labels[0] if labels else None


def choose_family_file(option: Path | None, folder: Path, names: Sequence[Sequence[str]]) -> FamilyFile | None:
    """The family file that applies: the option's, else the one in the models' folder, else a shipped one.

    Args:
        option: what the user named.
        folder: the deepest folder that holds all models.
        names: per model, its file name and, where it has one, its `general.name`.

    Raises:
        FamilyError: the file that applies cannot be read or is wrong.
    """
    if option is not None:
        return load_family_file(option)
    if (folder / FILE_NAME).is_file():
        return load_family_file(folder / FILE_NAME)
    return next((shipped for shipped in _shipped() if _looks_like(shipped, names)), None)


def load_family_file(path: Path) -> FamilyFile:
    """One checked family file; all that is wrong with it comes in one error.

    Raises:
        FamilyError: unreadable, not YAML, unknown keys, wrong types, labels that contradict each other.
    """
    try:
        with path.open("rb") as handle:
            content = handle.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise FamilyError(f"the family file {path} cannot be read: {error.strerror or error}.") from error
    if len(content) > MAX_FILE_BYTES:
        raise FamilyError(f"the family file {path} is larger than {MAX_FILE_BYTES:,} bytes. Shorten it.")
    try:
        return FamilyFile.model_validate(yaml.safe_load(content))
    except ValidationError as error:
        problems = "\n".join(f"  {problem}" for problem in _problems(error))
        raise FamilyError(f"the family file {path} is wrong:\n{problems}") from error
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, RecursionError) as error:
        # PyYAML lets the errors of its own constructors through: `2026-13-45`, `!!bool maybe`.
        raise FamilyError(f"the family file {path} is not YAML: {error}") from error


_PLAIN_WORDS = {
    "extra_forbidden": "unknown key",
    "missing": "missing",
    "model_type": "must be a mapping of keys to values",
}


def _problems(error: ValidationError) -> Iterable[str]:
    for problem in error.errors(include_url=False, include_input=False):
        place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in problem["loc"]).lstrip(".")
        text = _PLAIN_WORDS.get(problem["type"]) or problem["msg"].removeprefix("Value error, ")
        yield f"{place}: {text}" if place else text


def _shipped() -> Iterable[FamilyFile]:
    return (load_family_file(path) for path in sorted(SHIPPED_FOLDER.glob("*.yaml")))


def _looks_like(family: FamilyFile, names: Sequence[Sequence[str]]) -> bool:
    """Whether most models match: a reference from elsewhere may be among them, a stray file makes no family."""
    patterns = [pattern.casefold() for pattern in family.match]
    n_matching = sum(
        any(fnmatchcase(name.casefold(), pattern) for name in of_model for pattern in patterns) for of_model in names
    )
    return 2 * n_matching > len(names)
