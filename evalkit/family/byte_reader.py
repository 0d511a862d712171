"""A cursor over an untrusted file: nothing is read, skipped or allocated before it is known to lie inside the file."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import BinaryIO

from evalkit.records.errors import GgufError

BLOCK_BYTES = 1 << 20
MAX_HEADER_BYTES = 128 << 20
"""A 262k-token vocabulary with merges takes about 20 MB; beyond this a header is nonsense or an attack."""

Sink = Callable[[bytes], object]
"""Takes bytes as they pass: a hash's `update`, or `ignore`."""

_U64 = struct.Struct("<Q")


def ignore(_passing: bytes) -> None:
    """The sink for bytes that only have to be passed over."""


class ByteReader:
    """Reads a header front to back; every message names the file and what was being read."""

    def __init__(self, handle: BinaryIO, *, name: str, size: int) -> None:
        self._handle = handle
        self._name = name
        self._size = size
        self.position = 0

    def error(self, problem: str) -> GgufError:
        """The exception to raise for `problem`, which is a clause about the file."""
        return GgufError(f"{self._name} is not a usable GGUF: {problem}")

    def need(self, n_bytes: int, what: str) -> None:
        """Raise unless `n_bytes` more lie inside the file and inside the largest header."""
        end = self.position + n_bytes
        if end > self._size:
            raise self.error(
                f"{what} needs {n_bytes:,} bytes at byte {self.position:,}, but the file ends at {self._size:,}. "
                "It is truncated or damaged: download or build it again."
            )
        if end > MAX_HEADER_BYTES:
            raise self.error(f"{what} would make its header larger than {MAX_HEADER_BYTES:,} bytes. It is damaged.")

    def take(self, n_bytes: int, what: str) -> bytes:
        """The next `n_bytes`, checked before they are allocated."""
        self.need(n_bytes, what)
        taken = self._handle.read(n_bytes)
        if len(taken) != n_bytes:
            raise self.error(f"it became shorter while {what} was read. Wait until it is written, then run again.")
        self.position += n_bytes
        return taken

    def unpack(self, layout: struct.Struct, what: str) -> int | float | bool:
        """One little-endian value."""
        value: int | float | bool = layout.unpack(self.take(layout.size, what))[0]
        return value

    def integer(self, layout: struct.Struct, what: str) -> int:
        """One little-endian integer."""
        return int(self.unpack(layout, what))

    def string_bytes(self, what: str, limit: int) -> bytes:
        """A length-prefixed string, at most `limit` bytes long."""
        length = self.integer(_U64, f"the length of {what}")
        if length > limit:
            raise self.error(
                f"{what} claims to be {length:,} bytes long, more than the {limit:,} allowed. It is damaged."
            )
        return self.take(length, what)

    def pass_bytes(self, n_bytes: int, what: str, sink: Sink = ignore) -> None:
        """Hand the next `n_bytes` to `sink` in blocks; without a sink, step over them."""
        self.need(n_bytes, what)
        if sink is ignore:
            self._jump(self.position + n_bytes)
            return
        while n_bytes:
            block = self.take(min(n_bytes, BLOCK_BYTES), what)
            sink(block)
            n_bytes -= len(block)

    def pass_strings(self, count: int, what: str, sink: Sink = ignore) -> None:
        """Hand `count` length-prefixed strings, lengths included, to `sink`."""
        while count:
            # Also keeps the loop going: eight bytes ahead are one string at least.
            self.need(count * _U64.size, what)
            start = self.position
            block = self.take(min(BLOCK_BYTES, self._size - start), what)
            self._jump(start)
            n_strings, n_bytes = _strings_from(block, count)
            self.pass_bytes(n_bytes, what, sink)
            count -= n_strings

    def _jump(self, position: int) -> None:
        self._handle.seek(position)
        self.position = position


def _strings_from(block: bytes, limit: int) -> tuple[int, int]:
    """How many strings, at most `limit`, begin in `block`, and how many bytes they take: the last may reach beyond."""
    # The one hot loop of the reader: a large vocabulary passes through it a string at a time.
    at = n_strings = 0
    unpack_from = _U64.unpack_from
    last = len(block) - _U64.size
    while n_strings < limit and at <= last:
        (length,) = unpack_from(block, at)
        at += 8 + length
        n_strings += 1
    return n_strings, at
