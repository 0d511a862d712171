"""What a run keeps of its model judges, and what all votes add up to."""

from __future__ import annotations

from pathlib import Path

from evalkit.records.judgement import Judgement, JudgeReply
from evalkit.records.preferences import Preferences
from evalkit.store.files import append_line, drop_torn_line, read_document, read_lines, write_document


class JudgingResults:
    """`results/<run-id>/judge/<payload hash>/` and `preferences.json`."""

    def __init__(self, run: Path) -> None:
        self._path = run / "judge"
        self._preferences = run / "preferences.json"

    def folder(self, payload_hash: str) -> Path:
        """Where one model's judgement lies."""
        return self._path / payload_hash[:16]

    def prepare(self, payload_hash: str) -> None:
        """Make room for a model's replies; repair what a kill may have torn."""
        self.folder(payload_hash).mkdir(parents=True, exist_ok=True)
        drop_torn_line(self._replies(payload_hash))

    def append_reply(self, payload_hash: str, reply: JudgeReply) -> None:
        """Keep one reply; on return it is on the disk."""
        append_line(self._replies(payload_hash), reply)

    def read_replies(self, payload_hash: str) -> dict[str, JudgeReply]:
        """A model's replies by question hash."""
        return {reply.question_hash: reply for reply in read_lines(self._replies(payload_hash), JudgeReply)}

    def write_judgement(self, judgement: Judgement) -> None:
        """Keep what a model's replies say, and its exam by itself."""
        folder = self.folder(judgement.payload_hash)
        write_document(folder / "exam.json", judgement.exam)
        write_document(folder / "judgement.json", judgement)

    def read_judgements(self) -> tuple[Judgement, ...]:
        """Every model's finished judgement, by judge's name."""
        found = [read_document(path, Judgement) for path in self._path.glob("*/judgement.json")]
        return tuple(sorted(found, key=lambda judgement: judgement.judge))

    def write_preferences(self, preferences: Preferences) -> None:
        """Keep what all votes add up to."""
        write_document(self._preferences, preferences)

    def read_preferences(self) -> Preferences | None:
        """What all votes add up to; None before a reveal or a judgement."""
        return read_document(self._preferences, Preferences) if self._preferences.is_file() else None

    def _replies(self, payload_hash: str) -> Path:
        return self.folder(payload_hash) / "replies.jsonl"
