"""The seal: canonical bytes of the key, their sha256, and the hashes by which an altered text is named."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from pydantic import TypeAdapter

from evalkit.records.blind import BallotItem, SealedKey, Vote

_KEY: TypeAdapter[SealedKey] = TypeAdapter(SealedKey)


def key_bytes(key: SealedKey) -> bytes:
    """The one way to write this key: `sha256sum key.json` is the commitment."""
    return canonical(_KEY.dump_python(key, mode="json"))


def commitment_of(content: bytes) -> str:
    """What is printed before the first vote: sha256 of the key file, hex."""
    return hashlib.sha256(content).hexdigest()


def text_hash(text: str) -> str:
    """sha256 of a text's UTF-8 bytes, hex; half characters count as what UTF-8 would make of them."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def item_hash(item: BallotItem) -> str:
    """sha256 over everything that a judge reads of an item, hex."""
    return hashlib.sha256(canonical([item.prompt, item.opening, item.left, item.right])).hexdigest()


def receipt_of(kit_id: str, judge: str, votes: tuple[Vote, ...]) -> str:
    """sha256 over one judge's votes, hex; the ballot computes the same, so that a judge can check what was counted."""
    rows = [
        [vote.item_id, vote.outcome, vote.darker, vote.milliseconds, vote.voted_at, vote.note]
        for vote in sorted(votes, key=lambda vote: vote.item_id)
    ]
    return hashlib.sha256(canonical([kit_id, judge, rows])).hexdigest()


def canonical(plain: Any) -> bytes:
    """JSON without spaces, in the order given, as `JSON.stringify` writes it."""
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")
