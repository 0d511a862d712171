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
from evalkit.records.claims import Claim, ClaimKind, Direction
from evalkit.records.errors import FamilyError
from evalkit.records.metrics import Metric
from evalkit.records.strict_yaml import StrictLoader, plain_problems

FILE_NAME = "family.yaml"
SHIPPED_FOLDER = Path(__file__).parent / "data"
MAX_FILE_BYTES = 1 << 20
LEAST_TREND_LABELS = 3


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


class ClaimEntry(_Model):
    """One claim that figures can test; see `records/claims.py` for what the kinds mean."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]
    text: Text
    kind: Annotated[ClaimKind, Field(strict=False)]
    metric: Annotated[Metric, Field(strict=False)]
    labels: Annotated[list[Label], Field(min_length=1)]
    against: list[Label] = []
    direction: Annotated[Direction, Field(strict=False)] = Direction.UP
    least: Annotated[float, Field(ge=0, allow_inf_nan=False, strict=False)] = 0.0

    @model_validator(mode="after")
    def _check_groups(self) -> ClaimEntry:
        problems = list(self._group_problems())
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _group_problems(self) -> Iterator[str]:
        """Groups that the kind of claim cannot use."""
        if self.kind is ClaimKind.TREND and (len(self.labels) < LEAST_TREND_LABELS or self.against):
            yield f"a trend needs at least {LEAST_TREND_LABELS} labels in order, and no `against`"
        if self.kind is ClaimKind.CONTRAST and not self.against:
            yield "a contrast needs `against`: the labels that the group is set against"
        if self.kind is ClaimKind.EXTREME and len(self.labels) != 1:
            yield "an extreme is said of one label"
        twice = [label for label, n in Counter((*self.labels, *self.against)).items() if n > 1]
        if twice:
            yield f"{', '.join(twice)} stands twice in it"

    def record(self) -> Claim:
        """The claim as it travels with the family."""
        return Claim(
            id=self.id, text=self.text, kind=self.kind, metric=self.metric, labels=tuple(self.labels),
            against=tuple(self.against), direction=self.direction, least=self.least,
        )  # fmt: skip


class FamilyFile(_Model):
    """One `family.yaml`."""

    name: Text
    notice: Text | None = None
    """What every reader of a report must know."""
    reference: Label | None = None
    match: list[Text] = []
    """Globs on file names and `general.name` by which a shipped family is recognised; case does not matter."""
    variants: list[VariantEntry] = []
    claims: list[ClaimEntry] = []
    """What the publisher says of the family, to be answered by every run."""

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
        for claim_id, count in Counter(claim.id for claim in self.claims).items():
            if count > 1:
                yield f"two claims have the id {claim_id}"
        for claim in self.claims:
            unknown = [label for label in (*claim.labels, *claim.against) if labels and label not in labels]
            if unknown:
                yield f"the claim {claim.id} names {', '.join(unknown)}, which is no variant here"

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
        # The loader is a SafeLoader: it makes plain values only.
        return FamilyFile.model_validate(yaml.load(content, Loader=StrictLoader))  # noqa: S506
    except ValidationError as error:
        problems = "\n".join(f"  {problem}" for problem in plain_problems(error))
        raise FamilyError(f"the family file {path} is wrong:\n{problems}") from error
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, RecursionError) as error:
        # PyYAML lets the errors of its own constructors through: `2026-13-45`, `!!bool maybe`.
        raise FamilyError(f"the family file {path} is not YAML: {error}") from error


def _shipped() -> Iterable[FamilyFile]:
    return (load_family_file(path) for path in sorted(SHIPPED_FOLDER.glob("*.yaml")))


def _looks_like(family: FamilyFile, names: Sequence[Sequence[str]]) -> bool:
    """Whether most models match: a reference from elsewhere may be among them, a stray file makes no family."""
    patterns = [pattern.casefold() for pattern in family.match]
    n_matching = sum(
        any(fnmatchcase(name.casefold(), pattern) for name in of_model for pattern in patterns) for of_model in names
    )
    return 2 * n_matching > len(names)
