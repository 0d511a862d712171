"""What a gate command reads: the policy, a baseline, a run as a release."""

from __future__ import annotations

from pathlib import Path

from evalkit.gate.policy import FILE_NAME, Policy, default_policy, parse_policy
from evalkit.gate.release import release_of
from evalkit.records.errors import UsageError
from evalkit.records.gate import Baseline, Release
from evalkit.store.gate_files import BASELINE_NAME, read_baseline
from evalkit.store.run_folder import RunFolder


def read_policy(option: Path | None) -> Policy:
    """The policy that the user names, else `gate.yaml` of the working folder, else the default.

    Raises:
        UsageError: the file cannot be read, or is no policy.
    """
    path = option or Path(FILE_NAME)
    if option is None and not path.is_file():
        return default_policy()
    try:
        return parse_policy(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the policy {path} cannot be read: {error}.") from error


def find_baseline(option: Path | None, results: Path) -> Baseline | None:
    """The baseline that the user names, else the one in the folder of runs; None where there is none."""
    path = option or results / BASELINE_NAME
    return None if option is None and not path.is_file() else read_baseline(path)


def read_release(folder: RunFolder) -> Release:
    """A scored run as the gate reads it.

    Raises:
        RunFolderError: it is unscored or damaged.
    """
    return release_of(folder.read_data(), folder.read_positions(), folder.reference_digest())
