"""Questions whose answers are forced into a grammar: the job that goes in, the events that come out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from evalkit.records.run import EngineSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeQuestion:
    """One question; texts of strangers stand in it, so no part of it is ever read as a chat marker."""

    question_hash: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeJob:
    """All that one child process has to do: answer each question greedily, within the grammar, from cold memory."""

    path: Path
    template: str | None
    """The model's own chat template; without one the question is the whole prompt."""
    n_ctx_train: int | None
    questions: tuple[JudgeQuestion, ...]
    grammar: str
    """GBNF, with the rule `root`."""
    max_tokens: int
    settings: EngineSettings
    log_path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeAnswered:
    """One question was answered, or could not be."""

    question_hash: str
    raw: str
    problem: str
    """Why the reply is not whole; empty where it is."""
