"""evalkit: blind comparative evaluation of families of GGUF models."""

__version__ = "0.1.0"
