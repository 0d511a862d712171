"""A run folder: create, find, lock, append answers, keep and read back everything that was measured."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from filelock import FileLock, Timeout

from evalkit.records.errors import RunFolderError
from evalkit.records.family import FailedVariant, Role, Variant
from evalkit.records.generation import Certificate, Generation
from evalkit.records.run import Manifest, RunStatus
from evalkit.records.run_data import Measurement, RunData
from evalkit.records.scores import AnswerTint, PositionScores, RunSummary
from evalkit.store.files import append_line, drop_torn_line, read_document, read_lines, write_document, write_lines
from evalkit.store.positions import read_position_scores
from evalkit.store.scores_table import read_scores, write_scores


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
        self._summary = path / "summary.json"

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

    def positions_folder(self, variant: Variant) -> Path:
        """Where a variant's distances from the reference lie, position by position, one file per prompt.

        The reference's own, its noise, lie apart: a no-op variant has its payload, and would overwrite them.
        """
        if variant.role is Role.REFERENCE:
            return self.path / "noise"
        return self.path / "positions" / variant.payload_hash[:16]

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

    def write_measurement(self, measurement: Measurement, summary: RunSummary) -> None:
        """Keep what was measured; the summary comes last, so its presence means that the rest is whole."""
        write_lines(self._certificates, measurement.certificates)
        write_lines(self._sentences, measurement.tints)
        write_scores(self._scores, measurement.scores)
        write_document(self._summary, summary)

    def read_failures(self) -> tuple[FailedVariant, ...]:
        """Variants that could not be opened, then those whose answers are missing."""
        return (*self.read_manifest().config.family.failed, *read_lines(self._failures, FailedVariant))

    def read_data(self) -> RunData:
        """The whole run, for reports and whatever else needs no model.

        Raises:
            RunFolderError: the run is unscored, of another schema, or damaged.
        """
        measurement = Measurement(
            certificates=tuple(read_lines(self._certificates, Certificate)),
            scores=read_scores(self._scores),
            tints=tuple(read_lines(self._sentences, AnswerTint)),
        )
        return RunData(
            manifest=self.read_manifest(),
            generations=self.read_generations(),
            failed=self.read_failures(),
            measurement=measurement,
            summary=read_document(self._summary, RunSummary),
        )


def list_runs(root: Path) -> tuple[RunFolder, ...]:
    """Every run folder under `root`, oldest first; run ids begin with their time, so names sort by it."""
    if not root.is_dir():
        return ()
    return tuple(RunFolder(path) for path in sorted(root.iterdir()) if (path / "manifest.json").is_file())


def find_run(root: Path, fingerprint: str) -> RunFolder | None:
    """The newest run with this fingerprint: the one that the same command goes on with."""
    for folder in reversed(list_runs(root)):
        try:
            if folder.read_manifest().fingerprint == fingerprint:
                return folder
        except RunFolderError:
            continue  # A damaged stranger among the runs is no reason to refuse this one.
    return None


def open_run(root: Path, run: str | None) -> RunFolder:
    """The run that a user means: a path, a run id, the start of one, or nothing for the newest.

    Raises:
        RunFolderError: there is no such run, or several.
    """
    if run is not None and (Path(run) / "manifest.json").is_file():
        return RunFolder(Path(run))
    folders = [folder for folder in list_runs(root) if run is None or folder.path.name.startswith(run)]
    if not folders:
        wanted = f"no run {run!r}" if run else "no run"
        raise RunFolderError(f"{wanted} in {root}. `evalkit runs` lists them; `evalkit run --models ...` makes one.")
    if run is not None and len(folders) > 1:
        names = ", ".join(folder.path.name for folder in folders)
        raise RunFolderError(f"{run!r} is the start of {len(folders)} runs: {names}. Give more of the name.")
    return folders[-1]
