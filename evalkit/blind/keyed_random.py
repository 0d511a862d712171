"""Chance that only the holder of the kit's secret can foresee, and independent for every purpose and judge."""

from __future__ import annotations

import hashlib
import hmac
import json
import random

SECRET_BYTES = 32
# No digits and no vowels: an id cannot happen to hold a label such as M7 or neo, or the start of a hash.
_ID_LETTERS = "bcdfghjklmnpqrst"


def secret_of_seed(seed: int) -> bytes:
    """The secret of a kit that must come out the same again; it is as easily guessed as the seed."""
    return hashlib.sha256(f"evalkit blind kit, seed {seed}".encode()).digest()


def derive(secret: bytes, *purpose: str | int) -> bytes:
    """32 bytes that look random to anyone without the secret, and unrelated to those of any other purpose."""
    return hmac.new(secret, json.dumps(purpose).encode(), hashlib.sha256).digest()


def derive_id(secret: bytes, *purpose: str | int) -> str:
    """An id of 16 letters (64 bits) that says nothing without the secret."""
    digest = derive(secret, *purpose)[:8]
    return "".join(_ID_LETTERS[byte >> 4] + _ID_LETTERS[byte & 15] for byte in digest)


class KeyedRandom(random.Random):
    """`random.Random` over a stream of HMACs: what one judge sees of it foretells neither its rest nor another's."""

    def __init__(self, secret: bytes, *purpose: str | int) -> None:
        self._key = derive(secret, *purpose)
        self._n_blocks = 0
        super().__init__(0)

    def seed(self, *args: object, **kwargs: object) -> None:
        """The key is the only seed."""

    def getrandbits(self, k: int, /) -> int:
        """The next `k` bits of the stream."""
        n_bytes = (k + 7) // 8
        content = b""
        while len(content) < n_bytes:
            content += derive(self._key, self._n_blocks)
            self._n_blocks += 1
        return int.from_bytes(content[:n_bytes], "big") >> (8 * n_bytes - k)

    def random(self) -> float:
        """A float in [0, 1) with 53 random bits."""
        return self.getrandbits(53) / (1 << 53)
