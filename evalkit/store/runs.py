"""Finding runs in a results folder."""

from __future__ import annotations

from pathlib import Path

from evalkit.records.errors import NoSuchRunError, RunFolderError
from evalkit.store.run_folder import RunFolder


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
        NoSuchRunError: there is no such run, or several.
    """
    if run is not None and (Path(run) / "manifest.json").is_file():
        return RunFolder(Path(run))
    folders = [folder for folder in list_runs(root) if run is None or folder.path.name.startswith(run)]
    if not folders:
        wanted = f"no run {run!r}" if run else "no run"
        raise NoSuchRunError(f"{wanted} in {root}. `evalkit runs` lists them; `evalkit run --models ...` makes one.")
    if run is not None and len(folders) > 1:
        names = ", ".join(folder.path.name for folder in folders)
        raise NoSuchRunError(f"{run!r} is the start of {len(folders)} runs: {names}. Give more of the name.")
    return folders[-1]
