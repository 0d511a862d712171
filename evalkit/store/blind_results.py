"""What a run keeps of the blind kits that were made from it."""

from __future__ import annotations

from pathlib import Path

from evalkit.records.blind import Kit, Reveal
from evalkit.store.files import read_document, write_atomically, write_document


class BlindResults:
    """One `results/<run-id>/blind/`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write_kit(self, kit: Kit) -> None:
        """Keep what anybody may know of a blind kit, its commitment above all, before the first vote."""
        path = self._path / kit.kit_id / "kit.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_document(path, kit)

    def read_kits(self) -> tuple[Kit, ...]:
        """Every blind kit that was made from this run, oldest first."""
        kits = [read_document(path, Kit) for path in self._path.glob("*/kit.json")]
        return tuple(sorted(kits, key=lambda kit: (kit.created_utc, kit.kit_id)))

    def write_reveal(self, reveal: Reveal, key: bytes) -> None:
        """Keep a kit's votes with their sides named, and the key, whose sha256 is the commitment."""
        folder = self._path / reveal.kit_id
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / "key.json", key)
        write_document(folder / "reveal.json", reveal)

    def read_reveals(self) -> tuple[Reveal, ...]:
        """Every kit of this run that was revealed, oldest first."""
        reveals = [read_document(path, Reveal) for path in self._path.glob("*/reveal.json")]
        return tuple(sorted(reveals, key=lambda reveal: (reveal.revealed_utc, reveal.kit_id)))
