"""Streams and GPU layers by free memory; expected values are counted by hand."""

import pytest

from evalkit.engine.capacity import free_memory_bytes, layers_that_fit, streams_that_fit

GB = 10**9


@pytest.mark.parametrize(
    ("n_wanted", "stream_bytes", "free_bytes", "n_streams"),
    [
        (80, 200 * 10**6, 8 * GB, 20),  # half of 8 GB over 0.2 GB
        (80, 200 * 10**6, 64 * GB, 32),  # never more than 32
        (8, 200 * 10**6, 64 * GB, 8),  # never more than there are answers
        (80, GB, 2 * GB, 8),  # never fewer than the class asks for
        (3, GB, 2 * GB, 3),
        (0, GB, 2 * GB, 1),  # verification alone needs one
        (80, GB, None, 8),  # a system that does not tell
    ],
)
def test_streams_fill_half_of_the_free_memory(
    n_wanted: int, stream_bytes: int, free_bytes: int | None, n_streams: int
) -> None:
    assert streams_that_fit(n_wanted, stream_bytes, free_bytes) == n_streams


@pytest.mark.parametrize(
    ("free_gb", "n_gpu_layers"),
    [
        (24.0, 35),  # all 34 and the output layer
        (0.0, 0),  # no GPU, or a full one
        (1.0, 0),  # the reserve of 1 GiB leaves nothing
        (1.0737 + 1.01, 10),  # 3.5 GB over 35 layers: 0.1 GB each
    ],
)
def test_gpu_layers_are_as_many_as_fit_beside_a_reserve(free_gb: float, n_gpu_layers: int) -> None:
    assert layers_that_fit(34, int(2.3 * GB), int(1.2 * GB), int(free_gb * GB)) == n_gpu_layers


def test_this_machine_tells_its_free_memory() -> None:
    free = free_memory_bytes()
    assert free is None or 10**7 < free < 10**14
