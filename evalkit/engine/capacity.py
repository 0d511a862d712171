"""How many streams, and how many layers on the GPU, this machine's free memory has room for."""

from __future__ import annotations

import os
from pathlib import Path

MIN_STREAMS = 8
"""As many as the row class asks for anyway: fewer would be padded."""

MAX_STREAMS = 32
"""A step of 32 rows costs less than twice one of 8 (docs/performance.md); beyond that little is gained."""

SHARE_OF_FREE = 0.5
"""KV memory may take so much of what is free; the weights, which are mapped from the file, want their place too."""

GPU_RESERVE_BYTES = 1 << 30
"""For compute buffers and the CUDA or Metal context; llama.cpp reserves as much when it fits a model by itself."""


def streams_that_fit(n_wanted: int, stream_bytes: int, free_bytes: int | None) -> int:
    """Streams to open, from what would be used down to what memory holds.

    Args:
        n_wanted: answers that are to be made side by side.
        stream_bytes: KV memory of one stream.
        free_bytes: memory that may be had without swapping; None where the system does not tell.

    Returns:
        Between 1 and `MAX_STREAMS`; never fewer than `MIN_STREAMS` for lack of memory, since those run everywhere.

    Example: 80 answers, 200 MB each, 8 GB free -> 20 streams.
    """
    affordable = 0 if free_bytes is None else int(free_bytes * SHARE_OF_FREE) // stream_bytes
    return max(1, min(n_wanted, max(affordable, MIN_STREAMS), MAX_STREAMS))


def layers_that_fit(n_layers: int, weight_bytes: int, kv_bytes: int, free_bytes: int) -> int:
    """Layers, the output layer counted as one, that go to a GPU with so much free memory.

    Weights and KV memory are taken to be spread evenly over the layers, which over-estimates all but the output layer.

    Returns:
        0 to `n_layers` + 1, llama.cpp's `-ngl`.

    Example: 34 layers, 2.3 GB of weights, 1.2 GB of KV memory, 24 GB free -> 35, all of them.
    """
    per_layer = (weight_bytes + kv_bytes) / (n_layers + 1)
    return max(0, min(n_layers + 1, int((free_bytes - GPU_RESERVE_BYTES) / per_layer)))


def free_memory_bytes() -> int | None:
    """Main memory that a process can have without swapping; None where the system does not tell."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return _half_of_all_memory()
    available = [int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")]
    return available[0] * 1024 if available else None


def _half_of_all_memory() -> int | None:
    # macOS tells how much there is, but not simply how much of it is free.
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (ValueError, OSError, AttributeError):
        return None
