"""A run folder: create, lock, append answers, keep and read back everything that was measured."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from evalkit.records.axis import contexts_path
from evalkit.records.divergence import DivergenceAnalysis
from evalkit.records.errors import RunFolderError
from evalkit.records.family import FailedVariant, Role, Variant
from evalkit.records.generation import Certificate, Generation
from evalkit.records.positions import PositionScores
from evalkit.records.run import Manifest, RunStatus
from evalkit.records.run_data import CheckFinding, Measurement, RunData
from evalkit.records.scores import AnswerTint, RunSummary
from evalkit.records.tensors import TensorComparison
from evalkit.records.text_tree import TextTree
from evalkit.records.word_starts import WordStarts
from evalkit.store.blind_results import BlindResults
from evalkit.store.files import (
    append_line,
    drop_torn_line,
    files_digest,
    read_document,
    read_lines,
    write_document,
    write_lines,
)
from evalkit.store.judging_results import JudgingResults
from evalkit.store.positions import read_parts, read_position_scores
from evalkit.store.scores_table import read_scores, write_scores
from evalkit.store.word_starts import read_word_starts

if TYPE_CHECKING:
    import numpy as np


class RunFolder:
    """One `results/<run-id>/`. Nothing but this class knows its file names."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._manifest = path / "manifest.json"
        self._generations = path / "generations.jsonl"
        self._failures = path / "failures.jsonl"
        self._certificates = path / "certificates.jsonl"
        self._scores = path / "scores.csv"
        self._sentences = path / "sentences.jsonl"
        self._checks = path / "checks.jsonl"
        self._divergence = path / "divergence.json"
        self._text_tree = path / "text_tree.json"
        self._summary = path / "summary.json"
        self.blind = BlindResults(path / "blind")
        self.judging = JudgingResults(path)

    @classmethod
    def create(cls, root: Path, manifest: Manifest) -> RunFolder:
        """A new folder under `root` with its manifest."""
        folder = cls(root / manifest.run_id)
        try:
            folder.log_folder.mkdir(parents=True)
        except FileExistsError:
            raise RunFolderError(f"{folder.path} exists: two runs of one command in one second. Start again.") from None
        folder.write_manifest(manifest)
        return folder

    @property
    def log_folder(self) -> Path:
        """Where child processes leave what they write to stderr."""
        return self.path / "logs"

    @property
    def reference_folder(self) -> Path:
        """Where the reference's distributions lie, one file per prompt."""
        return self.path / "reference"

    @property
    def decision_path(self) -> Path:
        """Where the gate's last decision on the run lies."""
        return self.path / "gate.json"

    @property
    def unrounded_folder(self) -> Path:
        """Where the unrounded model's distributions along the reference's answers lie, one file per prompt."""
        return self.path / "unrounded"

    def unrounded_positions_folder(self, variant: Variant) -> Path:
        """Where a variant's distances from the unrounded model lie, the reference's among them."""
        return self.path / "unrounded-positions" / variant.file_key

    def positions_folder(self, variant: Variant) -> Path:
        """Where a variant's distances from the reference lie, position by position, one file per prompt.

        The reference's own, its noise, lie apart: a no-op variant has its payload, and would overwrite them.
        """
        if variant.role is Role.REFERENCE:
            return self.path / "noise"
        return self.path / "positions" / variant.file_key

    def tint_folder(self, variant: Variant) -> Path:
        """Where a variant's expectations of the next word lie, one file per prompt, and one for the contexts."""
        name = "reference" if variant.role is Role.REFERENCE else variant.file_key
        return self.path / "tint" / name

    @property
    def unrounded_tint_folder(self) -> Path:
        """Where the unrounded model's expectations of the next word lie."""
        return self.path / "tint" / "unrounded"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from writing to this run.

        Raises:
            RunFolderError: another process is at work in it.
        """
        lock = FileLock(self.path / ".lock", timeout=0)
        try:
            lock.acquire()
        except Timeout:
            raise RunFolderError(
                f"{self.path} is in use by another evalkit process. Wait for it, or start another run with --fresh."
            ) from None
        try:
            yield
        finally:
            lock.release()

    def read_manifest(self) -> Manifest:
        """What was asked, and how far the run got."""
        return read_document(self._manifest, Manifest)

    def write_manifest(self, manifest: Manifest) -> None:
        """Replace the manifest."""
        write_document(self._manifest, manifest)

    def set_status(self, status: RunStatus) -> None:
        """Note how far the run got."""
        self.write_manifest(replace(self.read_manifest(), status=status))

    def prepare_to_append(self, variants: Iterable[Variant]) -> None:
        """Repair what a kill may have torn; forget failures, since their variants are about to be tried again."""
        drop_torn_line(self._generations)
        self._failures.unlink(missing_ok=True)
        for folder in (self.log_folder, self.reference_folder, *map(self.positions_folder, variants)):
            folder.mkdir(parents=True, exist_ok=True)

    def append_generation(self, generation: Generation) -> None:
        """Keep one answer; on return it is on the disk."""
        append_line(self._generations, generation)

    def append_failure(self, failure: FailedVariant) -> None:
        """Keep the cause of a variant's missing answers."""
        append_line(self._failures, failure)

    def read_generations(self) -> tuple[Generation, ...]:
        """Every finished answer, in the order in which they were made."""
        return tuple(read_lines(self._generations, Generation))

    def read_positions(self) -> tuple[PositionScores, ...]:
        """Every variant's distance from the reference, position by position; the reference's own is the noise."""
        config = self.read_manifest().config
        return tuple(
            read_position_scores(path, variant.label, prompt.id)
            for variant in config.family.variants
            for prompt in config.suite.prompts
            if (path := self.positions_folder(variant) / f"{prompt.id}.npz").is_file()
        )

    def reference_digest(self) -> str | None:
        """sha256 over the reference's stored distributions, hex; None where there are none."""
        return files_digest(self.reference_folder.glob("*.npz"))

    def read_parts(self, prompt_id: str) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Per label that has read the reference's answer to one prompt: the reference's parts, and its own.

        Under the reference's label stands the noise: see `measure/partition.py`.
        """
        return {
            variant.label: read_parts(path)
            for variant in self.read_manifest().config.family.variants
            if (path := self.positions_folder(variant) / f"{prompt_id}.npz").is_file()
        }

    def write_divergence(self, analysis: DivergenceAnalysis) -> None:
        """Keep forks, profiles and distances."""
        write_document(self._divergence, analysis)

    def write_text_tree(self, tree: TextTree) -> None:
        """Keep which variants write alike."""
        write_document(self._text_tree, tree)

    def read_text_tree(self) -> TextTree | None:
        """Which variants write alike; None where no two could be compared."""
        return read_document(self._text_tree, TextTree) if self._text_tree.is_file() else None

    def read_divergence(self) -> DivergenceAnalysis | None:
        """Forks, profiles and distances; None where the run was not scored."""
        return read_document(self._divergence, DivergenceAnalysis) if self._divergence.is_file() else None

    def write_comparison(self, variant: Variant, comparison: TensorComparison) -> None:
        """Keep how a variant's tensors differ from the reference's."""
        path = self._comparison_path(variant)
        path.parent.mkdir(exist_ok=True)
        write_document(path, comparison)

    def read_comparison(self, variant: Variant) -> TensorComparison | None:
        """How a variant's tensors differ from the reference's; None where they were not compared."""
        path = self._comparison_path(variant)
        if not path.is_file():
            return None
        # Two labels may have one payload, and share the file.
        return replace(read_document(path, TensorComparison), second=variant.label)

    def _comparison_path(self, variant: Variant) -> Path:
        reference = self.read_manifest().config.family.reference
        return self.path / "tensors" / f"{reference.payload_hash[:16]}-{variant.payload_hash[:16]}.json"

    def read_word_starts(self, variant: Variant) -> WordStarts | None:
        """What a variant expects as the next word along the reference's answers and on the contexts.

        None where it was not recorded.
        """
        return self._read_word_starts(self.tint_folder(variant))

    def read_unrounded_word_starts(self) -> WordStarts | None:
        """The same of the unrounded model."""
        return self._read_word_starts(self.unrounded_tint_folder)

    def _read_word_starts(self, folder: Path) -> WordStarts | None:
        prompts = self.read_manifest().config.suite.prompts
        return read_word_starts([*(folder / f"{prompt.id}.npz" for prompt in prompts), contexts_path(folder)])

    def read_unrounded_positions(self) -> tuple[PositionScores, ...]:
        """Every variant's distance from the unrounded model along the reference's answers, the reference's too."""
        config = self.read_manifest().config
        return tuple(
            read_position_scores(path, variant.label, prompt.id)
            for variant in config.family.variants
            for prompt in config.suite.prompts
            if (path := self.unrounded_positions_folder(variant) / f"{prompt.id}.npz").is_file()
        )

    def write_measurement(self, measurement: Measurement, summary: RunSummary) -> None:
        """Keep what was measured; the summary comes last, so its presence means that the rest is whole.

        The manifest then says how the texts' tint was read.
        """
        write_lines(self._certificates, measurement.certificates)
        write_lines(self._sentences, measurement.tints)
        write_lines(self._checks, measurement.checks)
        write_scores(self._scores, measurement.scores, measurement.tint_method)
        self.write_manifest(replace(self.read_manifest(), tint_method=measurement.tint_method))
        write_document(self._summary, summary)

    def read_failures(self) -> tuple[FailedVariant, ...]:
        """Variants that could not be opened, then those whose answers are missing."""
        return (*self.read_manifest().config.family.failed, *read_lines(self._failures, FailedVariant))

    @property
    def is_scored(self) -> bool:
        """Its report can be written."""
        return self._summary.is_file()

    def read_data(self) -> RunData:
        """The whole run, for reports and whatever else needs no model.

        Raises:
            RunFolderError: the run is unscored, of another schema, or damaged.
        """
        manifest = self.read_manifest()
        measurement = Measurement(
            certificates=tuple(read_lines(self._certificates, Certificate)),
            scores=read_scores(self._scores),
            tints=tuple(read_lines(self._sentences, AnswerTint)),
            checks=tuple(read_lines(self._checks, CheckFinding)),
            tint_method=manifest.tint_method,
        )
        return RunData(
            manifest=manifest,
            generations=self.read_generations(),
            failed=self.read_failures(),
            measurement=measurement,
            divergence=self.read_divergence(),
            text_tree=self.read_text_tree(),
            comparisons=tuple(filter(None, map(self.read_comparison, manifest.config.family.others))),
            summary=read_document(self._summary, RunSummary),
            kits=self.blind.read_kits(),
            reveals=self.blind.read_reveals(),
            preferences=self.judging.read_preferences(),
        )
