"""Paths, folders and globs become an ordered family: GGUF headers, payload hashes, roles and lineage."""
