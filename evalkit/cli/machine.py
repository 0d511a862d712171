"""What the command line tells of the machine and the moment."""

from __future__ import annotations

import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path

from evalkit.pipeline import Occasion
from evalkit.records.run import Machine


def occasion() -> Occasion:
    """Now, here, with the words that the user typed."""
    return Occasion(
        now_utc=datetime.now(UTC),
        command=("evalkit", *sys.argv[1:]),
        machine=Machine(
            os=f"{platform.system()} {platform.release()}",
            cpu=_cpu_name(),
            n_cores=n_usable_cores(),
            python=platform.python_version(),
        ),
    )


def n_usable_cores() -> int:
    """Cores that this process may use; containers and `taskset` often allow fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
