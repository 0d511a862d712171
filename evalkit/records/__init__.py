"""Frozen records, enums and errors that travel between the stages; no I/O and no third-party import."""
