"""Free memory of the GPUs that llama.cpp found; only ever imported in a child process."""

from __future__ import annotations

import ctypes

import llama_cpp
from llama_cpp import llama_cpp as bindings

_GPU_TYPES = (1, 2)
"""ggml's `GGML_BACKEND_DEVICE_TYPE_GPU` and `_IGPU`."""


def free_gpu_bytes() -> int:
    """Free memory of all GPUs together; 0 where there is none."""
    llama_cpp.llama_backend_init()
    library = bindings._lib
    # llama-cpp-python binds none of these, but libllama brings them along.
    library.ggml_backend_dev_count.restype = ctypes.c_size_t
    library.ggml_backend_dev_get.restype = ctypes.c_void_p
    library.ggml_backend_dev_get.argtypes = [ctypes.c_size_t]
    library.ggml_backend_dev_type.argtypes = [ctypes.c_void_p]
    size = ctypes.POINTER(ctypes.c_size_t)
    library.ggml_backend_dev_memory.argtypes = [ctypes.c_void_p, size, size]
    library.ggml_backend_dev_memory.restype = None
    devices = [library.ggml_backend_dev_get(index) for index in range(library.ggml_backend_dev_count())]
    return sum(_free_bytes(library, one) for one in devices if library.ggml_backend_dev_type(one) in _GPU_TYPES)


def _free_bytes(library: ctypes.CDLL, device: int) -> int:
    free, total = ctypes.c_size_t(), ctypes.c_size_t()
    library.ggml_backend_dev_memory(device, ctypes.byref(free), ctypes.byref(total))
    return free.value
